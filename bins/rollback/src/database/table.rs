//! The decision about the database, case by case; docs/rollback.md shows the same table.

use contract::{ComponentName, Digest};
use jiff::Timestamp;
use ledger::{Backup, Draft, Event, History, Phase, Pinned, ReleaseId, Schema, Step};

use super::{Decision, WayDown, decide};

/// Every step a letter: `e` only adds, `c` breaks and can be undone, `x` breaks and can't be undone, `i` only adds and can't be undone.
fn steps(letters: &str) -> Vec<Step> {
    let step = |(number, letter): (usize, char)| Step {
        version: number.to_string(),
        phase: if matches!(letter, 'e' | 'i') { Phase::Expand } else { Phase::Contract },
        reversible: matches!(letter, 'e' | 'c'),
    };
    (1..).zip(letters.chars()).map(step).collect()
}

/// The schema of a release that knows all steps up to its own.
fn schema(letters: &str, backup: Option<Backup>) -> Schema {
    Schema { before: None, version: letters.len().to_string(), steps: steps(letters), backup }
}

fn backup() -> Backup {
    Backup { uri: "backups/1.db".into(), digest: Digest::of(b"db"), verified: true }
}

fn draft(name: &str, schema: Option<Schema>) -> Draft {
    let component: ComponentName = "app".parse().unwrap();
    let image = "oci:registry/app".parse().unwrap();
    let pinned = Pinned { image, digest: Digest::of(name.as_bytes()), tags: Vec::new() };
    Draft {
        time: Timestamp::UNIX_EPOCH,
        actor: "ada".into(),
        run_url: None,
        event: Event::Deployed,
        release: ReleaseId::default(),
        components: [(component, pinned)].into(),
        schema,
        gates: Vec::new(),
        overrides: Vec::new(),
        reason: None,
    }
}

/// From the last of these releases back to the first.
fn decided(schemas: &[Option<Schema>], way_down: WayDown) -> Decision {
    let drafts = schemas.iter().enumerate().map(|(at, schema)| draft(&at.to_string(), schema.clone()));
    let history = History::of(drafts).unwrap();
    let entries = history.entries();
    decide(&history, entries.last().unwrap(), entries.first().unwrap(), way_down)
}

/// What was saved before the steps.
#[derive(Clone, Copy, Debug)]
enum Saved {
    Verified,
    Unverified,
    Nothing,
}

type Case = (&'static str, &'static str, Saved, WayDown, &'static str);

/// Asserts of each case: the earlier schema, the present one, what was saved, the way down, what is decided.
fn decides(cases: &[Case]) {
    for (earlier, present, saved, way, expected) in cases {
        let saved = match saved {
            Saved::Verified => Some(backup()),
            Saved::Unverified => Some(Backup { verified: false, ..backup() }),
            Saved::Nothing => None,
        };
        let schemas = [Some(schema(earlier, None)), Some(schema(present, saved))];
        assert_eq!(decided(&schemas, *way).to_string(), *expected, "from {present} to {earlier}");
    }
}

const ONLY_ADDED: &str = "keep: everything in between only added, so the earlier code works with it";

#[test]
fn where_nothing_breaks_the_earlier_code_the_database_stays() {
    use WayDown::Missing;
    decides(&[
        ("e", "e", Saved::Nothing, Missing, "keep: both releases have the same schema"),
        ("e", "ee", Saved::Nothing, Missing, ONLY_ADDED),
        ("e", "eei", Saved::Nothing, Missing, ONLY_ADDED),
        ("ec", "ece", Saved::Nothing, Missing, ONLY_ADDED),
    ]);
}

#[test]
fn a_breaking_step_is_undone_and_nothing_below_it() {
    use WayDown::Configured;
    decides(&[
        ("e", "ec", Saved::Verified, Configured, "down: to 1, undoing 2, before the code is switched"),
        ("e", "eec", Saved::Verified, Configured, "down: to 2, undoing 3, before the code is switched"),
        (
            "e",
            "ecee",
            Saved::Verified,
            Configured,
            "down: to 1, undoing 4, 3, 2, before the code is switched",
        ),
        (
            "e",
            "eecec",
            Saved::Verified,
            Configured,
            "down: to 2, undoing 5, 4, 3, before the code is switched",
        ),
    ]);
}

#[test]
fn what_is_missing_for_a_way_down_is_named() {
    use WayDown::{Configured, Missing};
    let stay = |why: &str| -> &'static str { format!("stay and hotfix: {why}").leak() };
    let breaks = |what: &str| stay(&format!("the earlier code breaks on the schema, and {what}"));
    decides(&[
        ("e", "ex", Saved::Verified, Configured, breaks("2 has no way down")),
        ("e", "eci", Saved::Verified, Configured, breaks("3 has no way down")),
        ("e", "eicx", Saved::Verified, Configured, breaks("4 has no way down")),
        ("e", "ec", Saved::Nothing, Configured, breaks("no verified backup is recorded")),
        ("e", "ec", Saved::Unverified, Configured, breaks("no verified backup is recorded")),
        ("e", "ec", Saved::Verified, Missing, breaks("release.toml has no database.down")),
        // A present schema below the earlier one was changed by other hands.
        (
            "eee",
            "ee",
            Saved::Verified,
            Configured,
            stay("the ledger does not prove what lies between the two schemas"),
        ),
    ]);
}

#[test]
fn what_the_ledger_does_not_know_is_never_taken_for_harmless() {
    use WayDown::Configured;
    let one = || Some(schema("e", None));
    let found = |before: &str| Some(Schema { before: Some(before.into()), ..schema("ee", None) });
    let odd = |before: &str, version: &str, applied: &str| {
        let steps = steps("eeeeeeeee").into_iter().filter(|step| applied.contains(&step.version)).collect();
        Some(Schema { before: Some(before.into()), version: version.into(), steps, backup: None })
    };
    for (schemas, word, why) in [
        (vec![None, None], "keep", "no release has a record"),
        (vec![one(), None], "stay-and-hotfix", "the present one has none"),
        (vec![None, found("1")], "keep", "the next release found the earlier one's schema"),
        (vec![None, None, found("1")], "keep", "also across a release without a record"),
        (vec![odd("0", "3", "3"), odd("3", "4", "4"), odd("4", "5", "5")], "keep", "records laid end to end"),
        (vec![odd("0", "3", "3"), odd("4", "5", "5")], "stay-and-hotfix", "records with a gap"),
        (
            vec![odd("0", "3", "3"), odd("3", "5", "4")],
            "stay-and-hotfix",
            "a record that lacks its last step",
        ),
    ] {
        assert_eq!(decided(&schemas, Configured).word(), word, "{why}");
    }
}

/// All histories of up to three steps behind one, each of four kinds, with and without backup and command.
#[test]
fn no_combination_breaks_the_earlier_code_or_loses_what_cannot_be_had_again() {
    let kinds = ["e", "i", "c", "x", ""];
    let mut seen = [0; 3];
    for letters in kinds
        .iter()
        .flat_map(|a| kinds.iter().map(move |b| (a, b)))
        .flat_map(|(a, b)| kinds.iter().map(move |c| format!("e{a}{b}{c}")))
    {
        for (saved, way) in [
            (true, WayDown::Configured),
            (true, WayDown::Missing),
            (false, WayDown::Configured),
            (false, WayDown::Missing),
        ] {
            let present = schema(&letters, saved.then(backup));
            let decision = decided(&[Some(schema("e", None)), Some(present.clone())], way);
            let left = decision.leaves(Some(&present)).unwrap();
            match &decision {
                Decision::StayAndHotfix(_) => seen[0] += 1,
                Decision::Keep(_) => {
                    seen[1] += 1;
                    assert!(!letters[1..].contains(['c', 'x']), "{letters}: the earlier code breaks");
                }
                Decision::Down { undone, .. } => {
                    seen[2] += 1;
                    let remaining = &letters[..left.version.parse::<usize>().unwrap()];
                    assert!(!remaining[1..].contains(['c', 'x']), "{letters}: breaks after down");
                    let lost = &letters[remaining.len()..];
                    assert!(!lost.contains(['x', 'i']), "{letters}: undoes what can't be undone");
                    assert_eq!(undone.len(), lost.len());
                    assert!(saved && way == WayDown::Configured);
                }
            }
        }
    }
    assert_eq!(seen.iter().sum::<i32>(), 500);
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}
