//! Each gate with its way to say no, on real evidence.

use contract::TestResult;
use trust::SigningKey;

use crate::world::{NOW, World};

/// Runs into production; what the gate said, and the exit status.
fn asked(world: &World, gate: &str) -> (String, i32) {
    let run = world.promote("production").args(["--format", "json"]).run();
    let json = run.json();
    let gates = json["result"]["gates"].as_array().unwrap();
    let answer = gates.iter().find(|answer| answer["id"] == gate).unwrap();
    let said = format!("{}: {}", answer["verdict"].as_str().unwrap(), answer["reason"].as_str().unwrap());
    (said, run.status)
}

#[test]
fn an_unsigned_digest_and_one_that_another_key_has_signed_are_told_apart() {
    let world = World::new();
    let digest = world.build("2");
    insta::assert_snapshot!(asked(&world, "signature").0, @"fail: app has no signature by the required key");
    world.sign_by(digest, &SigningKey::generate().unwrap());
    let (said, status) = asked(&world, "signature");
    assert!(
        said.starts_with(
            "fail: app has no signature by the required key (there is a statement signed with another key"
        ),
        "{said}"
    );
    assert_eq!(status, 1);
}

#[test]
fn a_digest_whose_content_was_changed_is_refused_by_that_name() {
    let (world, digest) = World::ready("2");
    let image = world.layout("registry/app").manifest(digest).unwrap();
    let layer = image.image().unwrap().layers[0].digest;
    world.scratch.file(&format!("registry/app/blobs/sha256/{}", layer.hex()), "content Z");
    let (said, status) = asked(&world, "signature");
    assert!(said.starts_with("fail: app is damaged or was tampered with: digest-mismatch: "), "{said}");
    assert_eq!(status, 1);
    assert!(world.events("production").is_empty());
    assert!(!world.scratch.has("registry-production"));
}

#[test]
fn a_release_that_runs_already_is_refused_all_the_same_once_it_was_tampered_with() {
    let (world, digest) = World::ready("2");
    world.promote("production").run().succeeds();
    world.scratch.file(&format!("registry/app/blobs/sha256/{}", digest.hex()), "{}");
    let (said, status) = asked(&world, "signature");
    assert!(said.contains("-mismatch"), "{said}");
    assert_eq!(status, 1);
}

#[test]
fn a_digest_that_is_not_there_is_a_no_and_a_layout_that_cannot_be_read_is_an_error() {
    let (world, _) = World::ready("2");
    let good = world.scratch.read("registry/app/index.json");
    world.scratch.file("registry/app/index.json", "{");
    let (said, status) = asked(&world, "signature");
    assert!(said.starts_with("error: could not look at app: layout-invalid"), "{said}");
    assert_eq!(status, 3);
    world.scratch.file("registry/app/index.json", good);
    world.record("9", contract::Digest::of(b"nowhere"));
    let (said, status) = asked(&world, "signature");
    assert!(said.starts_with("fail: app is not there: there is no image"), "{said}");
    assert_eq!(status, 1);
}

#[test]
fn a_missing_sbom_a_missing_smoke_test_and_a_missing_migration_are_a_no() {
    let world = World::new();
    let digest = world.build("2");
    world.sign(digest);
    insta::assert_snapshot!(asked(&world, "sbom").0, @"fail: app has no SBOM by the required key");
    insta::assert_snapshot!(asked(&world, "migration").0, @"fail: no image has a signed migration of production");
    insta::assert_snapshot!(asked(&world, "smoke-test@staging").0, @"fail: the ledger of staging does not know this release");
    world.promote("staging").run().succeeds();
    insta::assert_snapshot!(asked(&world, "smoke-test@staging").0, @"fail: app has no signed test result of staging of suite notes");
    insta::assert_snapshot!(asked(&world, "after").0, @"fail: app is deployed in staging and not verified: no signed test result of staging");
}

#[test]
fn a_smoke_test_counts_only_if_it_passed_after_the_deployment_and_not_too_long_ago() {
    for (result, second, ahead, said) in [
        (TestResult::Passed, -3000, 0, "pass"),
        (
            TestResult::Warned,
            -3000,
            0,
            "fail: the newest test of app in staging, of suite notes, says WARNED",
        ),
        (
            TestResult::Failed,
            -3000,
            0,
            "fail: the newest test of app in staging, of suite notes, says FAILED",
        ),
        (TestResult::Passed, -3601, 0, "fail: the test of app ended"),
        (TestResult::Passed, 600, 0, "fail: the test of app says it ended"),
        (TestResult::Passed, -3000, 8 * 86_400, "fail: the test of app ended"),
    ] {
        let world = World::new();
        let digest = world.build("2");
        world.sign(digest);
        world.promote("staging").env("SEAWORTHY_CLOCK", (NOW - 3600).to_string()).run().succeeds();
        world.test(digest, "staging", result, second);
        let late = world.promote("production").env("SEAWORTHY_CLOCK", (NOW + ahead).to_string());
        let json = late.args(["--format", "json"]).run().json();
        let answers = json["result"]["gates"].as_array().unwrap();
        let answer = answers.iter().find(|answer| answer["id"] == "smoke-test@staging").unwrap();
        let got = format!("{}: {}", answer["verdict"].as_str().unwrap(), answer["reason"].as_str().unwrap());
        assert!(got.starts_with(said), "{got}\nexpected {said}");
    }
}

#[test]
fn a_release_enters_only_with_a_recent_scan_that_found_nothing_too_bad() {
    let (world, digest) = World::ready("2");
    let config = world
        .scratch
        .read("release.toml")
        .replace("migration = {}", "migration = {}\nvulns = { max-age = \"1d\" }");
    world.scratch.file("release.toml", config);
    let refused = |said: &str| assert_eq!(asked(&world, "vulns"), (said.to_owned(), 1));
    refused("fail: app has no scan for vulnerabilities by the required key");
    world.scan(digest, -90_000, &["low"]);
    refused("fail: the newest scan of app ended 2027-01-14T07:00:00Z, longer ago than max-age (1d) allows");
    world.scan(digest, -200, &["critical", "low", "unknown"]);
    refused("fail: app has CVE-2027-0 (critical), CVE-2027-2 (unknown)");
    assert_eq!(world.events("production"), Vec::<&str>::new());
    world.scan(digest, -100, &["medium"]);
    let (said, status) = asked(&world, "vulns");
    assert_eq!(
        (said.as_str(), status),
        ("pass: the scan of app at 2027-01-15T07:58:20Z found nothing from high on", 0)
    );
    assert_eq!(world.events("production"), ["intent", "deployed"]);
}

#[test]
fn a_soak_that_is_not_over_is_not_yet_and_one_that_was_cut_short_is_a_no() {
    let (world, _) = World::ready("2");
    let early = world.promote("production").env("SEAWORTHY_CLOCK", (NOW - 2700).to_string());
    let run = early.run().fails(4, "promotion-pending");
    assert!(run.stdout.contains("soaks in staging for 30m, until 2027-01-15T07:30:00Z"), "{}", run.stdout);
    world.build("3");
    let three = world.scratch.read("release.json");
    let digest = three.split("sha256:").nth(1).unwrap()[..64].to_owned();
    world.sign(format!("sha256:{digest}").parse().unwrap());
    world.promote("staging").env("SEAWORTHY_CLOCK", (NOW - 2600).to_string()).run().succeeds();
    let run = world.promote("production").args(["--release", "1.2.0"]).run().fails(1, "promotion-refused");
    assert!(run.stdout.contains("left staging at"), "{}", run.stdout);
}

#[test]
fn what_was_taken_back_is_not_let_in_again_by_mistake() {
    let (world, digest) = World::ready("2");
    world.promote("production").run().succeeds();
    let ledger = ledger::Directory::new(world.scratch.join(".seaworthy"));
    let name = "production".parse().unwrap();
    let holder = ledger::Holder { pid: 1, actor: "ada".into(), run_url: None, since: crate::world::at(0) };
    let lock = ledger.lock_as(&name, &holder).unwrap();
    let mut draft = ledger.read(&name).unwrap().last().unwrap().what.clone();
    draft.event = ledger::Event::RolledBack(ledger::Move { from: 2, to: 1 });
    draft.reason = Some("logins fail".into());
    draft.components.values_mut().for_each(|pinned| pinned.digest = contract::Digest::of(b"v1"));
    lock.append(draft).unwrap();
    drop(lock);
    let (said, status) = asked(&world, "known-bad");
    assert_eq!((said.as_str(), status), ("fail: taken back from production in entry 3: logins fail", 1));
    let again = world.promote("production").args(["--override", "known-bad", "--override", "migration"]);
    again.args(["--reason", "the cause was the network"]).run().succeeds();
    assert_eq!(world.events("production"), ["intent", "deployed", "rolled-back", "intent", "deployed"]);
    assert_eq!(asked(&world, "known-bad").0, "pass: never taken back from production");
    assert!(world.scratch.read("running-production").contains(&digest.hex()));
}

#[test]
fn mode_observe_lets_everything_in_and_says_so() {
    let world = World::new();
    world.build("2");
    let config =
        world.scratch.read("release.toml").replace("soak = \"30m\"", "soak = \"30m\"\nmode = \"observe\"");
    world.scratch.file("release.toml", config);
    let run = world.promote("production").run().succeeds();
    assert!(run.stdout.contains("MODE IS OBSERVE"), "{}", run.stdout);
    assert_eq!(world.events("production"), ["intent", "deployed"]);
}

#[test]
fn a_release_is_found_by_its_version_and_by_its_digest() {
    let (world, digest) = World::ready("2");
    std::fs::remove_file(world.scratch.join("release.json")).unwrap();
    let by = |name: &str| world.promote("production").args(["--release", name]);
    let run = by("9.9.9").run().fails(2, "release-unknown");
    assert!(run.stderr.contains("name one of 1.2.0"), "{}", run.stderr);
    by("1.2.0").run().succeeds();
    assert!(by(&digest.to_string()).run().succeeds().stdout.contains("already running"));
    assert!(!world.scratch.has("release.json"));
}

#[test]
fn a_workflow_that_fixes_the_date_of_its_builds_once_ended_every_soak() {
    let (world, _) = World::ready("2");
    let run = world.promote("production").env("SEAWORTHY_CLOCK", (NOW - 2000).to_string());
    let json = run.env("SOURCE_DATE_EPOCH", NOW.to_string()).args(["--format", "json"]).run().exits(4).json();
    let gates = json["result"]["gates"].as_array().unwrap();
    assert_eq!(gates.iter().find(|answer| answer["id"] == "soak").unwrap()["verdict"], "pending");
}
