//! Headers of packages made by hand, and databases of any bytes.

use proptest::prelude::*;

use super::*;

/// The types of values.
pub(super) const NUMBER: u32 = 4;
pub(super) const TEXT: u32 = 6;
pub(super) const TEXTS: u32 = 8;

/// A header of these values: tag, type, how many, bytes.
pub(super) fn header(values: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
    let (mut index, mut data) = (Vec::new(), Vec::new());
    for (tag, kind, count, bytes) in values {
        let at = u32::try_from(data.len()).unwrap();
        index.extend([*tag, *kind, at, *count].map(u32::to_be_bytes).concat());
        data.extend_from_slice(bytes);
    }
    let length = [values.len(), data.len()].map(|length| u32::try_from(length).unwrap().to_be_bytes());
    [length.concat(), index, data].concat()
}

/// The header of a package that is called so.
pub(super) fn package(name: &str) -> Vec<u8> {
    let name = format!("{name}\0");
    header(&[(1000, TEXT, 1, name.as_bytes()), (1001, TEXT, 1, b"1\0"), (1002, TEXT, 1, b"2\0")])
}

/// The names of packages that a reader finds.
pub(super) fn names(
    read: fn(&[u8], &mut Read<'_>) -> Result<(), Malformed>,
    bytes: &[u8],
) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let read = read(bytes, &mut |blob| {
        let name = Header::of(blob)?.text(Tag::Name)?.unwrap_or_default();
        names.push(String::from_utf8_lossy(name).into_owned());
        Ok(())
    });
    read.map(|()| names).map_err(|wrong| wrong.why)
}

/// Reads a database without checksums that is cut off anywhere, which is an error, and with each of its bits changed, which only has to end.
pub(super) fn damaged(read: fn(&[u8], &mut Read<'_>) -> Result<(), Malformed>, database: &[u8]) {
    for length in 0..database.len() {
        assert!(names(read, &database[..length]).is_err(), "{length}");
    }
    for bit in 0..8 * database.len() {
        let mut changed = database.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        let _ = names(read, &changed);
    }
}

#[test]
fn what_no_package_is_is_no_package() {
    let of = |values: &[(u32, u32, u32, &[u8])]| Record::of(&Header::of(&header(values)).unwrap());
    let (version, release) = ((1001, TEXT, 1, &b"1\0"[..]), (1002, TEXT, 1, &b"2\0"[..]));
    for (values, why) in [
        (vec![version, release], "a package has no name"),
        (vec![(1000, TEXT, 1, b"a\0"), release], "a package has no version"),
        (vec![(1000, TEXT, 1, b"a\0"), version], "a package has no release"),
        (vec![(1000, TEXT, 1, b"a/b\0"), version, release], "a package has a name that none has"),
        (vec![(1000, TEXT, 1, b"a b\0"), version, release], "a package has a name that none has"),
        (
            vec![(1000, TEXT, 1, b"a\0"), (1001, TEXT, 1, b"1\x1b[31m\0"), release],
            "a package has a name that none has",
        ),
        (vec![(1000, TEXT, 1, b"\xff\0"), version, release], "the value 1000 of a package is not UTF-8"),
    ] {
        assert_eq!(of(&values).unwrap_err().why, why);
    }
    assert_eq!(of(&[(1000, TEXT, 1, b"gpg-pubkey\0"), version, release]), Ok(None));
}

#[test]
fn vendors_are_called_as_others_call_them() {
    let purl = |id: &str, version: Option<&str>| {
        let system = Release { id: id.into(), version: version.map(str::to_owned), name: None };
        let blob = package("a");
        let record = Record::of(&Header::of(&blob).unwrap()).unwrap().unwrap();
        record.package(Some(&system)).purl.unwrap().to_string()
    };
    for (id, version, wanted) in [
        ("rhel", Some("9.4"), "pkg:rpm/redhat/a@1-2?distro=rhel-9.4"),
        ("opensuse-leap", Some("15.6"), "pkg:rpm/opensuse/a@1-2?distro=opensuse-leap-15.6"),
        (
            "opensuse-tumbleweed",
            Some("20260101"),
            "pkg:rpm/opensuse/a@1-2?distro=opensuse-tumbleweed-20260101",
        ),
        ("sles", Some("15.6"), "pkg:rpm/sles/a@1-2?distro=sles-15.6"),
        ("almalinux", Some("9.4"), "pkg:rpm/almalinux/a@1-2?distro=almalinux-9.4"),
        ("amzn", Some("2023"), "pkg:rpm/amzn/a@1-2?distro=amzn-2023"),
        ("fedora", None, "pkg:rpm/fedora/a@1-2?distro=fedora"),
    ] {
        assert_eq!(purl(id, version), wanted);
    }
    let blob = package("a");
    let record = Record::of(&Header::of(&blob).unwrap()).unwrap().unwrap();
    assert_eq!(record.package(None).reference, "pkg:rpm/a@1-2");
}

#[test]
fn what_is_no_database_is_none() {
    for bytes in [&b""[..], b"x", b"SQLite format 3", b"RpmP", b"SQLite format 3\0"] {
        assert!(read(bytes).is_err(), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(start in 0..4_usize, mut bytes: Vec<u8>) {
        let berkeley = [&[0; 12][..], &[0x61, 0x15, 6, 0]].concat();
        let start = [&[][..], sqlite::MAGIC, ndb::MAGIC, &berkeley][start];
        bytes.splice(..0, start.iter().copied());
        let _ = read(&bytes);
        let _ = read_log(&bytes);
        let _ = read_manifest(&String::from_utf8_lossy(&bytes));
        let _ = Header::of(&bytes).map(|header| Record::of(&header));
    }
}
