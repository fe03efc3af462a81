//! The ledger in a directory: every change shows, no entry is lost, a dead writer leaves nothing behind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that fails here has failed, and it plays the vandal"
)]

use std::{fs, path::Path, thread};

use ci::Failure;
use contract::{Digest, EnvironmentName};
use jiff::Timestamp;
use ledger::{Directory, Draft, Event, Held, Holder, LedgerError, Move, Pinned, ReleaseId};
use proptest::prelude::*;

fn production() -> EnvironmentName {
    "production".parse().unwrap()
}

fn holder(actor: &str) -> Holder {
    Holder { pid: std::process::id(), actor: actor.into(), run_url: None, since: Timestamp::UNIX_EPOCH }
}

fn draft(event: Event, content: &str) -> Draft {
    let image = "oci:registry/app".parse().unwrap();
    let pinned = Pinned { image, digest: Digest::of(content.as_bytes()), tags: Vec::new() };
    Draft {
        time: Timestamp::UNIX_EPOCH,
        actor: "ada".into(),
        run_url: None,
        event,
        release: ReleaseId { version: Some("1.2.3".parse().unwrap()), commit: None },
        components: [("app".parse().unwrap(), pinned)].into(),
        schema: None,
        gates: Vec::new(),
        overrides: Vec::new(),
        reason: None,
    }
}

/// Waits for the lock as a patient run would.
fn patiently(ledger: &Directory, actor: &str) -> Held {
    loop {
        match ledger.lock_as(&production(), &holder(actor)) {
            Ok(held) => return held,
            Err(LedgerError::Busy { .. }) => thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// A ledger of four entries.
fn written(directory: &Path) -> Directory {
    let ledger = Directory::new(directory);
    let held = patiently(&ledger, "ada");
    for (event, content) in [
        (Event::Adopted, "v1"),
        (Event::Intent { rollback: None }, "v2"),
        (Event::Deployed, "v2"),
        (Event::RolledBack(Move { from: 3, to: 1 }), "v1"),
    ] {
        held.append(draft(event, content)).unwrap();
    }
    ledger
}

fn code(ledger: &Directory) -> &'static str {
    ledger.read(&production()).map_or_else(|error| error.code().as_str(), |_| "whole")
}

fn why(ledger: &Directory) -> String {
    std::error::Error::source(&ledger.read(&production()).unwrap_err()).unwrap().to_string()
}

#[test]
fn a_line_is_one_json_object_that_anyone_can_read() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = written(directory.path());
    let text = fs::read_to_string(ledger.file(&production())).unwrap();
    insta::assert_snapshot!(text.lines().next_back().unwrap(), @r#"{"schemaVersion":1,"sequence":4,"previous":"sha256:ff7e4187d01296b5cb3a6c4376c30d3ea37356daab80c7814331105bc084e14a","time":"1970-01-01T00:00:00Z","actor":"ada","event":"rolled-back","from":3,"to":1,"release":{"version":"1.2.3"},"components":{"app":{"image":"oci:registry/app","digest":"sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe"}}}"#);
    let head = ledger.read(&production()).unwrap().head();
    assert_eq!(head.sequence, 4);
    assert_eq!(head.digest, Digest::of(text.lines().next_back().unwrap().as_bytes()));
}

#[test]
fn lines_that_are_moved_removed_repeated_or_cut_are_noticed_by_number() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = written(directory.path());
    let file = ledger.file(&production());
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let vandalise = |order: &[usize]| {
        let changed: String = order.iter().map(|line| format!("{}\n", lines[*line])).collect();
        fs::write(&file, changed).unwrap();
        assert_eq!(code(&ledger), "ledger-broken", "{order:?}");
        why(&ledger)
    };
    insta::assert_snapshot!(vandalise(&[0, 2, 1, 3]), @"entry 3 stands where entry 2 should");
    insta::assert_snapshot!(vandalise(&[0, 2, 3]), @"entry 3 stands where entry 2 should");
    insta::assert_snapshot!(vandalise(&[1, 2, 3]), @"entry 2 stands where entry 1 should");
    insta::assert_snapshot!(vandalise(&[0, 1, 2]), @"entry 4 is not the one that was remembered as the head");
    insta::assert_snapshot!(vandalise(&[0, 1, 2, 3, 3]), @"entry 4 stands where entry 5 should");
    insta::assert_snapshot!(vandalise(&[]), @"entry 4 is not the one that was remembered as the head");
    fs::write(&file, &text[..text.len() - 9]).unwrap();
    insta::assert_snapshot!(why(&ledger), @"entry 4 is cut off");
    fs::remove_file(&file).unwrap();
    assert_eq!(code(&ledger), "ledger-broken");
}

#[test]
fn two_environments_whose_files_change_places_are_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = written(directory.path());
    let staging = "staging".parse().unwrap();
    for kind in ["jsonl", "head"] {
        let file = |environment| ledger.file(environment).with_extension(kind);
        fs::rename(file(&production()), file(&staging)).unwrap();
    }
    let error = ledger.read(&staging).unwrap_err();
    assert_eq!(error.code().as_str(), "ledger-broken");
    let source = std::error::Error::source(&error).unwrap().to_string();
    insta::assert_snapshot!(source, @"it does not begin as the history of staging does");
}

#[test]
fn a_link_in_place_of_the_lock_once_had_its_target_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = written(directory.path());
    let lock = ledger.file(&production()).with_extension("lock");
    let victim = directory.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink(&victim, &lock).unwrap();
    assert_eq!(ledger.lock_as(&production(), &holder("ada")).unwrap_err().code().as_str(), "ledger-lock");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn a_chain_that_was_forged_whole_does_not_end_at_the_remembered_head() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ledger = written(ours.path());
    let other = Directory::new(theirs.path());
    let held = patiently(&other, "mallory");
    for content in ["v1", "evil", "evil", "v1"] {
        held.append(draft(Event::Deployed, content)).unwrap();
    }
    fs::copy(other.file(&production()), ledger.file(&production())).unwrap();
    assert_eq!(why(&ledger), "entry 4 is not the one that was remembered as the head");
}

#[test]
fn a_writer_that_died_before_it_remembered_the_head_is_caught_up_with() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = written(directory.path());
    let head = ledger.file(&production()).with_extension("head");
    let before = fs::read(&head).unwrap();
    patiently(&ledger, "ada").append(draft(Event::Deployed, "v3")).unwrap();
    fs::write(&head, before).unwrap();
    assert_eq!(ledger.read(&production()).unwrap().head().sequence, 5);
    patiently(&ledger, "ada").append(draft(Event::Deployed, "v4")).unwrap();
    assert_eq!(ledger.read(&production()).unwrap().head().sequence, 6);
}

#[test]
fn two_runs_in_one_environment_are_refused_and_the_first_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Directory::new(directory.path());
    let held = ledger.lock_as(&production(), &holder("ada")).unwrap();
    let error = ledger.lock_as(&production(), &holder("bob")).unwrap_err();
    assert_eq!((error.code().as_str(), error.kind().exit_status()), ("environment-busy", 4));
    assert!(error.to_string().starts_with("production is busy: ada (process "), "{error}");
    ledger.lock_as(&"staging".parse().unwrap(), &holder("bob")).unwrap();
    drop(held);
    ledger.lock_as(&production(), &holder("bob")).unwrap();
}

#[test]
fn no_entry_is_lost_between_many_writers() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Directory::new(directory.path());
    thread::scope(|scope| {
        for writer in 0..8 {
            let ledger = &ledger;
            scope.spawn(move || {
                for entry in 0..5 {
                    let content = format!("{writer}.{entry}");
                    patiently(ledger, "ada").append(draft(Event::Deployed, &content)).unwrap();
                }
            });
        }
    });
    let history = ledger.read(&production()).unwrap();
    let digests: std::collections::BTreeSet<_> =
        history.entries().iter().map(|entry| entry.what.digests()).collect();
    assert_eq!((history.entries().len(), digests.len()), (40, 40));
}

#[test]
fn what_was_taken_back_stays_bad_until_someone_lets_it_in_again() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = written(directory.path());
    let digests = |content: &str| draft(Event::Deployed, content).digests();
    let history = ledger.read(&production()).unwrap();
    assert_eq!(history.taken_back(&digests("v2")).map(|entry| entry.sequence), Some(4));
    assert_eq!(history.taken_back(&digests("v1")), None);
    assert_eq!(history.running().unwrap().what.digests(), digests("v1"));
    patiently(&ledger, "ada").append(draft(Event::Deployed, "v2")).unwrap();
    assert_eq!(ledger.read(&production()).unwrap().taken_back(&digests("v2")), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_byte_can_be_changed_unnoticed(at in any::<prop::sample::Index>(), byte in b' '..b'~') {
        let directory = tempfile::tempdir().unwrap();
        let ledger = written(directory.path());
        let file = ledger.file(&production());
        let mut bytes = fs::read(&file).unwrap();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        fs::write(&file, bytes).unwrap();
        prop_assert_eq!(code(&ledger), "ledger-broken");
    }

    #[test]
    fn no_text_makes_it_panic(text in "(.|\n){0,300}") {
        let directory = tempfile::tempdir().unwrap();
        let ledger = Directory::new(directory.path());
        fs::create_dir_all(ledger.file(&production()).parent().unwrap()).unwrap();
        fs::write(ledger.file(&production()), &text).unwrap();
        prop_assert_eq!(ledger.read(&production()).is_ok(), text.is_empty());
    }
}

#[test]
fn a_head_behind_the_last_number_of_all_was_counted_on() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = written(directory.path());
    let head = ledger.file(&production()).with_extension("head");
    let text =
        fs::read_to_string(&head).unwrap().replace(r#""sequence":4"#, r#""sequence":18446744073709551615"#);
    fs::write(&head, text).unwrap();
    insta::assert_snapshot!(why(&ledger), @"entry 18446744073709551615 is not the one that was remembered as the head");
}
