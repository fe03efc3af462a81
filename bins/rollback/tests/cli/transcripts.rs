//! What a person reads.

use contract::TestResult;
use ledger::Event;

use crate::world::{World, schema};

const INCIDENT: &str = ".seaworthy/incidents/2027-01-15-production-4.md";

#[test]
fn a_broken_release_is_taken_back_to_the_last_verified_one() {
    let world = World::broken("ee", "eee");
    let run = world.rollback().run().succeeds();
    insta::assert_snapshot!(without_head(&run.stdout), @"
    production is rolled back to 1.2.0
      what        which
      taken back  1.3.0, entry 4
      known good  1.2.0, entry 2
      database    keep: everything in between only added, so the earlier code works with it
      incident    .seaworthy/incidents/2027-01-15-production-4.md
      ledger      entry 6
    ");
    assert!(world.runs("2"));
    assert_eq!(&world.events()[4..], ["intent", "rolled-back"]);
    assert!(!world.scratch.has("down"));
}

#[test]
fn the_incident_tells_the_whole_story() {
    let world = World::broken("ee", "eee");
    world.rollback().run().succeeds();
    insta::assert_snapshot!(world.scratch.read(INCIDENT), @r"
    # Incident in production, ledger entry 4

    | | |
    | --- | --- |
    | State | mitigated: the earlier release runs again |
    | Environment | production |
    | Address | https://notes.example.com |
    | Reason | logins fail |
    | Opened | 2027-01-15T08:00:00Z |
    | By | ada |
    | Run | not on a runner |
    | What ran | 1.3.0, entry 4: oci:registry/app@sha256:7739e2acf30f7f048f3acab518174862c17d3988d79fa9cdfe202f7dc79388f1 |
    | Since | 2027-01-15T07:30:00Z |
    | What was restored | 1.2.0, entry 2: oci:registry/app@sha256:c856217757b629fb7512b3e913e0210e5601fbef94df77b32385eb7837a94940 |
    | Running again since | 2027-01-15T08:00:00Z |
    | Postmortem due | 2027-01-22 |

    ## Database

    keep: everything in between only added, so the earlier code works with it

    Backup from before: backups/1.db (sha256:7bdc25d1694ef984782a16f6f1710c1c6bc83ba7a131b515baf532bea021d011, read back)

    ## How it came in

    1 gates were asked, 1 did not pass.

    - smoke-test@staging: fail, suite notes
    - smoke-test@staging was OVERRIDDEN by grace: the fair \| opens

    ## Timeline, from the ledger

    | when | entry | event | release | by | why |
    | --- | --- | --- | --- | --- | --- |
    | 2027-01-15T07:00:00Z | 2 | deployed | 1.2.0 | grace |  |
    | 2027-01-15T07:30:00Z | 3 | intent | 1.3.0 | grace |  |
    | 2027-01-15T07:30:00Z | 4 | deployed | 1.3.0 | grace |  |
    | 2027-01-15T08:00:00Z | 5 | intent | 1.2.0 | ada | logins fail |
    | 2027-01-15T08:00:00Z | 6 | rolled-back | 1.2.0 | ada | logins fail |

    ## Where the evidence lies

    - app of 1.3.0: beside oci:registry/app@sha256:7739e2acf30f7f048f3acab518174862c17d3988d79fa9cdfe202f7dc79388f1 (`sbom-sign verify`)
    - app of 1.2.0: beside oci:registry/app@sha256:c856217757b629fb7512b3e913e0210e5601fbef94df77b32385eb7837a94940 (`sbom-sign verify`)

    ## Postmortem

    Due 2027-01-22. What stands from here on is yours: running rollback again keeps it.

    - Impact:
    - Cause:
    - Why the gates let it in:
    - What will be different:
    ");
}

#[test]
fn a_dry_run_shows_everything_and_changes_nothing() {
    let world = World::broken("e", "ec");
    let before = world.scratch.tree(&[]);
    insta::assert_snapshot!(world.command("plan").run().succeeds().stdout, @"
    production: from 1.3.0, entry 4, back to 1.2.0, entry 2
    database: down: to 1, undoing 2, before the code is switched
    would record the intent
    would open the incident
    would take the database down to 1
    would switch app to oci:registry/app@sha256:c856217757b629fb7512b3e913e0210e5601fbef94df77b32385eb7837a94940
    would record the outcome and complete the incident
    ");
    world.rollback().arg("--dry-run").run().succeeds();
    world.command("incident").arg("--dry-run").run().succeeds();
    assert_eq!(before.difference(&world.scratch.tree(&[])), "");
}

#[test]
fn on_a_runner_outputs_name_what_was_restored() {
    let world = World::broken("ee", "eee");
    let config = world.scratch.read("release.toml").replace("[release]", "[release]\npersistent = true");
    world.scratch.file("release.toml", config);
    let run = world.rollback().on_runner().run().succeeds();
    let outputs = &run.observed().outputs;
    let names = ["restored-version", "database-decision", "incident", "postmortem", "ledger-sequence"];
    let said: Vec<&str> = names.iter().map(|name| outputs[*name].as_str()).collect();
    assert_eq!(said, ["1.2.0", "keep", INCIDENT, "2027-01-22", "6"]);
    assert_eq!(outputs["restored-digests"], format!("app={}", world.image("2")));
    assert_eq!(outputs["restored-images"], format!("oci:registry/app@{}", world.image("2")));
}

#[test]
fn without_an_earlier_release_nothing_is_touched() {
    let world = World::new();
    world.rollback().run().fails(2, "nothing-to-roll-back");
    world.ran("3", -1800, schema("e"));
    let run = world.rollback().run().fails(1, "no-earlier-release");
    insta::assert_snapshot!(run.stderr, @"
    error[no-earlier-release]: production has no earlier release that is known to be good
      why: no other release ran there and was not taken back
      fix: name a signed release that you know to be good with --to SEQUENCE; `promote status` and the ledger list them
      see: docs/failures.md#no-earlier-release
    ");
    assert!(world.runs("3"));
    assert!(!world.scratch.has(".seaworthy/incidents"));
}

#[test]
fn a_release_that_was_never_verified_is_passed_over_and_can_be_named() {
    let world = World::new();
    world.ran("1", -7200, schema("e"));
    world.ran("2", -3600, schema("e"));
    world.ran("3", -1800, schema("e"));
    let run = world.rollback().run().fails(1, "no-earlier-release");
    insta::assert_snapshot!(run.stderr, @"
    error[no-earlier-release]: production has no earlier release that is known to be good
      why: 1.2.0, entry 4: app: no signed test result of production; 1.1.0, entry 2: app: no signed test result of production
      fix: name a signed release that you know to be good with --to SEQUENCE; `promote status` and the ledger list them
      see: docs/failures.md#no-earlier-release
    ");
    world.test("1", TestResult::Passed, -7000);
    let plan = world.command("plan").run().succeeds();
    assert!(plan.stdout.contains("back to 1.1.0, entry 2"), "{}", plan.stdout);
    let named = world.rollback().args(["--to", "1.2.0"]).run().succeeds();
    assert!(named.stdout.contains("it was named and is not known to be good"), "{}", named.stdout);
    assert!(world.runs("2"));
}

#[test]
fn a_release_that_was_adopted_counts_as_good_without_evidence() {
    let world = World::new();
    world.tell("1", -7200, None, Event::Adopted);
    world.ran("3", -1800, None);
    let run = world.rollback().run().succeeds();
    assert!(run.stdout.contains("keep: the ledger knows no database here"), "{}", run.stdout);
    assert!(world.runs("1"));
}

#[test]
fn an_incident_can_be_opened_without_going_back() {
    let world = World::broken("ee", "eee");
    let run = world.command("incident").run().succeeds();
    insta::assert_snapshot!(run.stdout, @"the incident with 1.3.0 is in .seaworthy/incidents/2027-01-15-production-4.md");
    assert!(world.scratch.read(INCIDENT).contains("open: the code stays"));
    assert!(world.runs("3"));
    assert_eq!(world.events().len(), 4);
}

/// Keys are made anew for each run of the tests, so what is signed has another digest each time.
fn without_head(page: &str) -> String {
    let lines = page.lines().map(|line| line.split(", head ").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}
