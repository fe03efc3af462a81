//! Headers that are whole, and others.

use super::*;
use crate::catalog::rpm::tests::{NUMBER, TEXT, TEXTS, header};

fn all(header: &Header<'_>, tag: Tag) -> Result<Vec<String>, Malformed> {
    let texts = header.texts(tag)?.collect::<Result<Vec<_>, _>>()?;
    Ok(texts.into_iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect())
}

#[test]
fn values_are_found_by_their_tags() {
    let blob = header(&[
        (1000, TEXT, 1, b"name\0"),
        (1003, NUMBER, 1, &[0, 0, 1, 2]),
        (1047, TEXTS, 3, b"a\0\0c\0"),
        (1000, TEXT, 1, b"replaced\0"),
    ]);
    let header = Header::of(&blob).unwrap();
    assert_eq!(
        header.text(Tag::Name).unwrap(),
        Some(&b"replaced"[..]),
        "what stands behind the region counts"
    );
    assert_eq!(header.numbers(Tag::Epoch).unwrap().collect::<Vec<_>>(), [258]);
    assert_eq!(all(&header, Tag::Provides).unwrap(), ["a", "", "c"]);
    assert_eq!(header.text(Tag::Version), Ok(None));
}

#[test]
fn values_that_lie_elsewhere_than_in_the_header_are_errors() {
    let blob = header(&[(1000, TEXT, 1, b"name"), (1003, NUMBER, 2, &[0; 4]), (1047, TEXTS, 9, b"a\0b\0")]);
    let header = Header::of(&blob).unwrap();
    // A text ends at the next NUL, whosever that is.
    assert_eq!(header.text(Tag::Name), Ok(Some(&b"name"[..])));
    assert!(header.numbers(Tag::Epoch).unwrap().eq([0, u32::from_be_bytes(*b"a\0b\0")]));
    assert_eq!(all(&header, Tag::Provides).unwrap_err().why, "the value 1047 of a package has no end");
    for (tag, kind, count, at) in
        [(1000, TEXT, 1, 99), (1000, NUMBER, 1, 0), (1003, NUMBER, u32::MAX, 0), (1003, TEXT, 1, 0)]
    {
        let mut blob = super::super::tests::header(&[(tag, kind, count, b"abcd")]);
        blob[16..20].copy_from_slice(&u32::to_be_bytes(at));
        let header = Header::of(&blob).unwrap();
        let read = header.text(Tag::Name).map(drop).and_then(|()| header.numbers(Tag::Epoch).map(drop));
        assert!(read.is_err(), "{tag} {kind} {count} {at}");
    }
}

#[test]
fn a_header_is_as_long_as_it_says() {
    let blob = header(&[(1000, TEXT, 1, b"name\0")]);
    assert!(Header::of(&blob).is_ok());
    for length in 0..blob.len() {
        assert!(Header::of(&blob[..length]).is_err(), "{length}");
    }
    assert!(Header::of(&[&blob[..], b"x"].concat()).is_err());
    assert!(Header::of(&header(&[])).is_err());
    assert!(Header::of(&[0xff; 64]).is_err());
}
