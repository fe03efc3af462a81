//! Which contract steps the releases of a ledger let in.

use std::collections::BTreeMap;

use ci::Failure;
use contract::Digest;
use ledger::{Draft, Event, Move, Pinned, ReleaseId};

use super::*;

fn draft(event: Event, version: &str) -> Draft {
    let digest = Digest::of(version.as_bytes());
    let pinned = Pinned { image: "registry.example.com/app".parse().unwrap(), digest, tags: Vec::new() };
    Draft {
        time: "2026-11-21T10:00:00Z".parse().unwrap(),
        actor: "me".into(),
        run_url: None,
        event,
        release: ReleaseId { version: version.parse().ok(), commit: None },
        components: BTreeMap::from([("app".parse().unwrap(), pinned)]),
        schema: None,
        gates: Vec::new(),
        overrides: Vec::new(),
        reason: None,
    }
}

fn history(events: Vec<(Event, &str)>) -> Known {
    let drafts = events.into_iter().map(|(event, version)| draft(event, version));
    Known::History("production".parse().unwrap(), History::of(drafts).unwrap())
}

fn judged(directives: Directives, known: &Known) -> &'static str {
    let place = Place { file: "9_drop.sql".into(), line: None };
    let step = Contract { place, version: "9".into(), said: directives };
    judge(&[step], known).map_or_else(|error| error.code().as_str(), |()| "runs")
}

fn since(version: &str) -> Directives {
    Directives { unused_since: version.parse().ok(), ..Directives::default() }
}

#[test]
fn a_step_runs_once_every_release_that_can_run_does_without_what_goes() {
    use Event::{Adopted, Deployed, Failed, Intent};
    let back = Move { from: 2, to: 1 };
    for (events, expected) in [
        (vec![(Deployed, "1.4.0"), (Deployed, "1.5.0")], "runs"),
        (vec![(Deployed, "1.3.0"), (Deployed, "1.4.0"), (Deployed, "1.5.0")], "runs"),
        (vec![(Deployed, "1.4.0")], "runs"),
        // A rollback would restore it.
        (vec![(Deployed, "1.3.9"), (Deployed, "1.4.0")], "contract-too-early"),
        (vec![(Deployed, "1.3.0")], "contract-too-early"),
        (vec![(Deployed, "1.4.0-rc.1")], "contract-too-early"),
        // The intent's release may not have come to run.
        (vec![(Deployed, "1.3.0"), (Intent { rollback: None }, "1.4.0")], "contract-too-early"),
        (vec![(Deployed, "1.3.0"), (Failed { rollback: None }, "1.4.0")], "contract-too-early"),
        (vec![(Deployed, "1.4.0"), (Deployed, "1.5.0"), (Event::RolledBack(back), "1.4.0")], "runs"),
        (vec![(Adopted, "no version")], "contract-too-early"),
        (Vec::new(), "contract-too-early"),
    ] {
        assert_eq!(judged(since("1.4.0"), &history(events.clone())), expected, "{events:?}");
    }
}

#[test]
fn an_approval_lets_it_in_and_silence_only_where_nobody_can_look() {
    let old = history(vec![(Event::Deployed, "1.0.0")]);
    let approved = || Directives { approval: Some("OPS-1".into()), ..since("2.0.0") };
    assert_eq!((judged(approved(), &old), judged(approved(), &Known::Nothing)), ("runs", "runs"));
    assert_eq!(judged(Directives::default(), &old), "contract-unsaid");
    assert_eq!(judged(Directives::default(), &Known::Nothing), "runs");
    assert_eq!(judged(since("1.0.0"), &Known::Nothing), "contract-unjudged");
}
