//! Real databases that were cut off or changed, read in this process: there are many of them.

use sbom_sign::catalog::rpm::{Record, read};
use testkit::Scratch;

use super::{BACKENDS, Backend, install, remove, said};

/// Each database with what it lists, after one package was removed.
fn databases() -> Vec<(Backend, Vec<u8>, Vec<Record>)> {
    let desk = Scratch::new();
    install(&desk, 3);
    let before = super::headers(&desk);
    remove(&desk, &["many1"]);
    let left = super::headers(&desk);
    let gone = before.into_iter().filter(|one| !left.contains(one)).collect();
    let database = |backend: Backend| {
        let bytes = backend.of(&desk, &gone);
        let whole = read(&bytes).unwrap();
        assert_eq!(whole.len(), 5);
        (backend, bytes, whole)
    };
    BACKENDS.map(database).into()
}

#[test]
fn no_database_that_is_cut_off_is_a_shorter_list() {
    for (backend, bytes, whole) in databases() {
        // Every place where a page, a block or a word may end, and some others.
        for length in (0..bytes.len()).filter(|length| length % 256 == 0 || length % 241 == 0) {
            let read = read(&bytes[..length]);
            assert!(read.is_err() || read == Ok(whole.clone()), "{backend:?} {length}: {read:?}");
        }
    }
}

#[test]
fn no_changed_byte_makes_it_panic_and_none_passes_where_there_are_checksums() {
    for (backend, mut bytes, whole) in databases() {
        // With a step that is no power of two all parts of all pages have their turn.
        for at in (0..bytes.len()).step_by(109) {
            for change in [0x01, 0x80, 0xff] {
                bytes[at] ^= change;
                let read = read(&bytes);
                let same = read.is_err() || read.as_ref() == Ok(&whole);
                assert!(same || backend != Backend::Ndb, "{at}: {read:?}");
                bytes[at] ^= change;
            }
        }
    }
}

/// A page with packages that nothing leads to any more leaves their names behind.
#[test]
fn a_database_that_had_lost_packages_passed_for_a_whole_one() {
    let desk = Scratch::new();
    install(&desk, 3);
    let database = desk.join("rpm/rpmdb.sqlite");
    let database = database.to_str().unwrap();
    said(
        "sqlite3",
        &[database, "PRAGMA journal_mode=DELETE", "DELETE FROM Packages WHERE hnum = 2"],
        desk.path(),
    );
    let why = read(&desk.bytes("rpm/rpmdb.sqlite").unwrap()).unwrap_err().to_string();
    assert!(why.contains("it has 5 packages, and by rpm's index of names 6"), "{why}");
    said("rpmdb", &["--dbpath", desk.join("rpm").to_str().unwrap(), "--rebuilddb"], desk.path());
    assert_eq!(read(&desk.bytes("rpm/rpmdb.sqlite").unwrap()).unwrap().len(), 5);
}
