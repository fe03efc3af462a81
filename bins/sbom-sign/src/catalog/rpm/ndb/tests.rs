//! Slots and blobs that lie where they should, and elsewhere.

use super::*;
use crate::catalog::rpm::tests::{names, package};

fn number(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

fn blob(index: usize, header: &[u8]) -> Vec<u8> {
    let mut blob = [BLOB_START, &number(index), &number(0), &number(header.len()), header].concat();
    blob.resize((blob.len() + BLOB_END_BYTES).next_multiple_of(BLOCK_BYTES) - BLOB_END_BYTES, 0);
    let sum = adler(&blob).to_le_bytes();
    [&blob, &sum[..], &number(header.len()), BLOB_END].concat()
}

/// A database of one page of slots with these blobs behind it.
fn database(headers: &[Vec<u8>]) -> Vec<u8> {
    let mut slots = [MAGIC, &number(0), &number(1), &number(1), &number(9), &[0; 12]].concat();
    let mut blobs = Vec::new();
    for (index, header) in (1..).zip(headers) {
        let blob = blob(index, header);
        let start = (PAGE_BYTES + blobs.len()) / BLOCK_BYTES;
        slots.extend([SLOT, &number(index), &number(start), &number(blob.len() / BLOCK_BYTES)].concat());
        blobs.extend(blob);
    }
    while slots.len() < PAGE_BYTES {
        slots.extend([SLOT, &[0; 12]].concat());
    }
    [slots, blobs].concat()
}

#[test]
fn every_bit_counts() {
    let whole = database(&[package("one"), package("two")]);
    let wanted = Ok(vec!["one".to_owned(), "two".to_owned()]);
    assert_eq!(names(read, &whole), wanted);
    assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    for length in 0..whole.len() {
        assert!(names(read, &whole[..length]).is_err(), "{length}");
    }
    for bit in 0..8 * whole.len() {
        let mut changed = whole.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let read = names(read, &changed);
        // Of the header only the version and the number of pages count.
        let is_free = [0..4, 8..12, 16..32].iter().any(|free| free.contains(&(bit / 8)));
        assert!(read.is_err() || is_free && read == wanted, "{bit}: {read:?}");
    }
}

#[test]
fn blobs_that_share_or_lose_their_place_are_errors() {
    let whole = database(&[package("one"), package("two")]);
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        names(read, &changed).unwrap_err()
    };
    let second = HEADER_BYTES + BLOCK_BYTES;
    let first_slot = whole[HEADER_BYTES + 4..second].to_vec();
    assert_eq!(with(second + 4, &first_slot), "two of its blobs overlap");
    assert_eq!(with(second + 4, &[0; 12]), "something lies in it that none of its slots is for");
    assert_eq!(with(second + 4, &[0; 4]), "one of its slots is half used");
    assert_eq!(with(second, b"slot"), "its table of slots has something else in it");
    assert_eq!(with(12, &number(0)), "it has no page of slots");
    assert_eq!(with(4, &number(1)), "its version 1 is not known");
    assert!(with(12, &[0xff; 4]).starts_with("it ends before"));
    assert!(with(second + 8, &[0xff; 8]).starts_with("it ends before"));
    // A page of slots that the header does not count.
    let more = [&whole[..PAGE_BYTES], &[SLOT, &[0; 12]].concat().repeat(256)].concat();
    assert!(names(read, &more).is_err());
}
