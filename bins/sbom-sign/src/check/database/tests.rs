//! Directories of records: any tree, archives, and everything that is no database.

use std::io::Write as _;

use ci::{Common, Env, Format};
use proptest::prelude::*;
use testkit::Scratch;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

fn record(id: &str, ecosystem: &str, name: &str, modified: &str, more: &str) -> String {
    format!(
        r#"{{"id": "{id}", "modified": "{modified}", {more} "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}},
            "versions": ["1.0.0"]}}]}}"#
    )
}

fn npm(id: &str, name: &str) -> String {
    record(id, "npm", name, "2026-01-01T00:00:00Z", "")
}

fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in entries {
        archive.start_file(*name, deflated).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn questions() -> BTreeSet<Question> {
    let purls = ["pkg:npm/a@1.0.0", "pkg:pypi/Foo_Bar@1.0", "pkg:deb/debian/curl@1-1?distro=debian-12"];
    purls.iter().map(|purl| Question::of(&purl.parse().unwrap(), None, None).unwrap()).collect()
}

fn found(desk: &Scratch) -> Result<Found, CheckError> {
    let common = Common { dry_run: false, format: Format::Human, release_file: "release.json".into() };
    read(&desk.join("db"), &questions(), &Session::new(Env::default(), common))
}

fn ids(found: &Found) -> Vec<&str> {
    found.records.iter().map(|record| record.id.as_str()).collect()
}

#[test]
fn records_are_found_in_any_tree_and_in_archives() {
    let desk = Scratch::new();
    desk.file("db/npm/GHSA-1.json", npm("GHSA-1", "a"));
    desk.file("db/npm/GHSA-2.json", npm("GHSA-2", "other"));
    desk.file("db/deep/er/GHSA-3.json", record("GHSA-3", "PyPI", "foo-bar", "2026-01-02T00:00:00Z", ""));
    desk.file(
        "db/Debian/all.zip",
        archive(&[
            ("D-1.json", &record("D-1", "Debian:12", "curl", "2026-01-01T00:00:00Z", "")),
            ("sub/D-2.json", &record("D-2", "Debian:11", "curl", "2026-01-03T00:00:00Z", "")),
            ("readme.txt", "no record"),
        ]),
    );
    desk.file("db/modified_id.csv", "no record either");
    desk.file("db/.git/index.json", "nor this");
    let found = found(&desk).unwrap();
    assert_eq!(ids(&found), ["D-1", "D-2", "GHSA-1", "GHSA-3"]);
    assert_eq!(found.total, 5);
    let counted: Vec<(&str, u64)> =
        found.coverage.iter().map(|(name, one)| (name.as_str(), one.records)).collect();
    assert_eq!(counted, [("Debian:11", 1), ("Debian:12", 1), ("PyPI", 1), ("npm", 2)]);
}

#[test]
fn a_record_that_was_taken_back_is_no_record() {
    let desk = Scratch::new();
    let taken_back =
        record("GHSA-1", "npm", "a", "2026-01-01T00:00:00Z", r#""withdrawn": "2026-01-02T00:00:00Z","#);
    desk.file("db/GHSA-1.json", taken_back);
    let found = found(&desk).unwrap();
    assert!(found.records.is_empty());
    assert_eq!(found.coverage["npm"].records, 0);
}

#[test]
fn of_two_copies_the_newer_counts() {
    let desk = Scratch::new();
    desk.file("db/npm/all.zip", archive(&[("GHSA-1.json", &npm("GHSA-1", "a"))]));
    desk.file(
        "db/npm/GHSA-1.json",
        record("GHSA-1", "npm", "a", "2026-05-01T00:00:00Z", r#""aliases": ["CVE-1"],"#),
    );
    let found = found(&desk).unwrap();
    assert_eq!(found.records.len(), 1);
    assert_eq!(found.records[0].aliases, ["CVE-1"]);
}

#[test]
fn what_can_hide_a_record_is_an_error() {
    let code = |prepare: &dyn Fn(&Scratch)| {
        let desk = Scratch::new();
        desk.file("db/npm/GHSA-1.json", npm("GHSA-1", "a"));
        prepare(&desk);
        ci::Failure::code(&found(&desk).unwrap_err()).as_str()
    };
    let cut = npm("GHSA-2", "a");
    assert_eq!(
        code(&|desk| drop(desk.file("db/npm/GHSA-2.json", &cut[..cut.len() / 2]))),
        "database-malformed"
    );
    assert_eq!(code(&|desk| drop(desk.file("db/package.json", "{}"))), "database-malformed");
    assert_eq!(code(&|desk| drop(desk.file("db/all.zip", "no zip"))), "database-malformed");
    let good = archive(&[("GHSA-2.json", &npm("GHSA-2", "a"))]);
    for place in [0, good.len() / 3, good.len() / 2, good.len() - 10] {
        let mut bad = good.clone();
        bad.truncate(place);
        assert_eq!(code(&|desk| drop(desk.file("db/all.zip", &bad))), "database-malformed", "cut at {place}");
    }
    let mut changed = good.clone();
    changed[45] ^= 0x55;
    assert_eq!(code(&|desk| drop(desk.file("db/all.zip", &changed))), "database-malformed");
}

#[test]
fn an_entry_that_unpacks_to_more_than_any_record_is_refused_while_it_is_read() {
    let desk = Scratch::new();
    let bomb = " ".repeat(usize::try_from(RECORD_BYTES_MAX).unwrap() + 1);
    let packed = archive(&[("bomb.json", &bomb)]);
    assert!(packed.len() < 100_000);
    desk.file("db/all.zip", packed);
    assert_eq!(ci::Failure::code(&found(&desk).unwrap_err()).as_str(), "database-too-large");
}

#[test]
fn nothing_is_no_database() {
    let desk = Scratch::new();
    assert_eq!(ci::Failure::code(&found(&desk).unwrap_err()).as_str(), "file-unreadable");
    desk.file("db/readme.txt", "nothing");
    assert_eq!(ci::Failure::code(&found(&desk).unwrap_err()).as_str(), "database-without-records");
    std::os::unix::fs::symlink(desk.join("db"), desk.join("db/again")).unwrap();
    assert_eq!(ci::Failure::code(&found(&desk).unwrap_err()).as_str(), "file-unreadable");
}

#[test]
fn more_files_than_wait_for_a_reader_are_read_and_an_error_ends_it() {
    let desk = Scratch::new();
    let many: Vec<(String, String)> = (0..WAITING_MAX + 500)
        .map(|number| (format!("db/GHSA-{number}.json"), npm(&format!("GHSA-{number}"), "a")))
        .collect();
    for (name, content) in &many {
        desk.file(name, content);
    }
    assert_eq!(found(&desk).unwrap().records.len(), many.len());
    desk.file("db/GHSA-0.json", "{");
    desk.file("db/a/GHSA-1.json", "{");
    assert!(found(&desk).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_archive_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), place in 0usize..120, bit in 0u8..8) {
        let desk = Scratch::new();
        desk.file("db/bytes.zip", &bytes);
        _ = found(&desk);
        let mut good = archive(&[("GHSA-2.json", &npm("GHSA-2", "a"))]);
        let place = place % good.len();
        good[place] ^= 1 << bit;
        desk.file("db/bytes.zip", &good);
        // Either the record is seen, or it is an error; but never a database that is read and has lost it.
        if let Ok(found) = found(&desk) {
            prop_assert!(found.records.len() == 1 || found.total == 1);
        }
    }
}
