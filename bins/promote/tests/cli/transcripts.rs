//! What a person reads.

use contract::TestResult;

use crate::world::{NOW, World};

/// Keys are made anew for each run of the tests, so what is signed has another digest each time.
fn without_head(page: &str) -> String {
    let lines = page.lines().map(|line| line.split(", head ").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_release_that_has_everything_goes_in() {
    let (world, digest) = World::ready("2");
    let run = world.promote("production").run().succeeds();
    insta::assert_snapshot!(without_head(&run.stdout), @"
    1.2.0 runs in production
      gate                verdict  why
      signature           pass     the signature of app is by the required key
      sbom                pass     the SBOM of app is by the required key
      smoke-test@staging  pass     suite notes PASSED in staging at 2027-01-15T07:10:00Z
      after               pass     deployed in staging, entry 2, and verified
      soak                pass     ran in staging since 2027-01-15T07:00:00Z, for 30m or longer
      migration           pass     the database of production is at 1 since 2027-01-15T08:00:01Z
      known-bad           pass     never taken back from production
    ledger entry 2

    Closing checklist
      point                          state          by
      configuration is current       not looked at  validate-env did not run before
      tests of the commit are green  not looked at  see the workflow run
      health answers 200             next           smoke-test runs after the switch
      no alarm                       not looked at  see the monitoring
      there is a way back            no             the ledger knows no earlier good release
      the database is backed up      yes            backups/1.db, read back
    ");
    assert_eq!(world.events("production"), ["intent", "deployed"]);
    assert_eq!(
        world.scratch.read("running-production"),
        format!("app=oci:registry-production/app@{digest}\n")
    );
    let tag = "1.2.0-860c190".parse().unwrap();
    let found = world.layout("registry-production/app").resolve(&contract::Selector::Tag(tag)).unwrap();
    assert_eq!(found.map(|found| found.digest), Some(digest));
    let record: serde_json::Value = serde_json::from_str(&world.scratch.read("release.json")).unwrap();
    assert_eq!(record["environments"]["production"]["promotion"]["sequence"], 2);
}

#[test]
fn a_dry_run_shows_everything_and_changes_nothing() {
    let (world, _) = World::ready("2");
    let before = world.scratch.tree(&[]);
    let run = world.command().args(["plan", "--environment", "production"]).run().succeeds();
    insta::assert_snapshot!(run.stdout, @"
    1.2.0 into production
    gate signature says pass: the signature of app is by the required key
    gate sbom says pass: the SBOM of app is by the required key
    gate smoke-test@staging says pass: suite notes PASSED in staging at 2027-01-15T07:10:00Z
    gate after says pass: deployed in staging, entry 2, and verified
    gate soak says pass: ran in staging since 2027-01-15T07:00:00Z, for 30m or longer
    gate migration says pass: the database of production is at 1 since 2027-01-15T08:00:01Z
    gate known-bad says pass: never taken back from production
    would copy sha256:c856217757b629fb7512b3e913e0210e5601fbef94df77b32385eb7837a94940 with its evidence to oci:registry-production/app, tagged 1.2.0-860c190
    would record the intent
    would switch app to oci:registry-production/app@sha256:c856217757b629fb7512b3e913e0210e5601fbef94df77b32385eb7837a94940
    would record the outcome
    ");
    world.promote("production").arg("--dry-run").run().succeeds();
    assert_eq!(before.difference(&world.scratch.tree(&[])), "");
}

#[test]
fn a_refusal_names_every_gate_that_said_no() {
    let world = World::new();
    let digest = world.build("2");
    world.sign(digest);
    let run = world.promote("production").run().fails(1, "promotion-refused");
    insta::assert_snapshot!(run.transcript(), @"
    $ promote run --environment production
    status: 1
    ── stdout
    1.2.0 does not enter production
      gate                verdict  why
      signature           pass     the signature of app is by the required key
      sbom                fail     app has no SBOM by the required key
      smoke-test@staging  fail     the ledger of staging does not know this release
      after               fail     this release was never deployed in staging
      soak                fail     this release was never deployed in staging
      migration           fail     no image has a signed migration of production
      known-bad           pass     never taken back from production
    nothing was changed
    ── stderr
    error[promotion-refused]: 1.2.0 may not enter production: sbom says fail, smoke-test@staging says fail, after says fail, soak says fail, migration says fail
      fix: mend what the gates found and run again; nothing was changed. In an emergency: --override GATE --reason TEXT, where release.toml allows it
      see: docs/failures.md#promotion-refused
    ");
    assert!(world.events("production").is_empty());
    assert!(!world.scratch.has("registry-production"));
}

#[test]
fn on_a_runner_outputs_and_summary_say_the_same() {
    let (world, _) = World::ready("2");
    world.scratch.file(
        "release.toml",
        world.scratch.read("release.toml").replace("[release]", "[release]\npersistent = true"),
    );
    let run = world.promote("production").without_env("GITHUB_SHA").on_runner().run().succeeds();
    let outputs = &run.observed().outputs;
    let output = |name: &str| outputs.iter().find(|(key, _)| key == &name).map(|(_, value)| value.clone());
    assert_eq!(output("verdict").as_deref(), Some("passed"));
    assert_eq!(output("ledger-sequence").as_deref(), Some("2"));
    assert_eq!(output("version").as_deref(), Some("1.2.0"));
    assert_eq!(output("previous-version").as_deref(), Some(""));
    assert!(run.observed().summary.contains("Closing checklist"));
}

#[test]
fn the_history_of_every_environment_at_a_glance() {
    let (world, _) = World::ready("2");
    let run = world.command().arg("status").run().succeeds();
    insta::assert_snapshot!(run.stdout, @"
    environment  release  since                 entry  last event  the target says
    production   none     none                  none   none        nothing runs
    staging      1.2.0    2027-01-15T07:00:00Z  2      deployed    the same
    ");
    world.scratch.file("running-staging", "nonsense");
    let run = world.command().args(["status", "--format", "json"]).run().succeeds();
    insta::assert_snapshot!(run.json()["result"][1]["target"], @r#""could not be asked: the observe command does not say what runs""#);
}

#[test]
fn what_runs_on_the_first_day_is_adopted_once() {
    let world = World::new();
    let digest = world.build("1");
    world.scratch.file("running-production", format!("app=oci:registry/app@{digest}\n"));
    let adopt = world.command().args(["adopt", "--environment", "production", "--release", "release.json"]);
    let adopt = adopt.args(["--reason", "it has served us since spring"]);
    insta::assert_snapshot!(without_head(&adopt.run().succeeds().stdout), @"
    1.1.0 in production is recorded as known good
      component  image
      app        oci:registry/app@sha256:0e15b3b3bfa0e510cb55f3ddc3c05bc9a0c64bddd14f9fd3afcd30ea7216703c
    ledger entry 1
    ");
    insta::assert_snapshot!(adopt.run().succeeds().stdout.lines().next().unwrap(), @"1.1.0 in production is known already, entry 1");
    assert_eq!(world.events("production"), ["adopted"]);
    world.scratch.file("running-production", "");
    adopt.run().fails(2, "nothing-to-adopt");
    let other = world.build("2");
    world.scratch.file("running-production", format!("app=oci:registry/app@{digest}\n"));
    assert_ne!(digest, other);
    adopt.run().fails(1, "adopts-another");
}

#[test]
fn init_writes_a_configuration_once() {
    let world = World::new();
    let init = world.command().args(["init", "--config", "new.toml"]);
    init.run().succeeds();
    let written = world.scratch.read("new.toml");
    world.scratch.file("new.toml", "mine");
    init.run().succeeds();
    assert!(written.contains("[environments.production.require]"));
    assert_eq!(world.scratch.read("new.toml"), "mine");
}

#[test]
fn an_override_is_told_and_recorded_with_its_reason() {
    let world = World::new();
    let digest = world.build("3");
    world.sign(digest);
    world.sbom(digest);
    world.promote("staging").run().succeeds();
    world.test(digest, "staging", TestResult::Failed, 1);
    world.migrate(digest, "production", 1, &[]);
    let run = world
        .promote("production")
        .args(["--override", "smoke-test@staging", "--override", "after", "--override", "soak"])
        .args(["--reason", "the fair opens at nine"])
        .run()
        .succeeds();
    insta::assert_snapshot!(run.stdout.lines().take(12).collect::<Vec<_>>().join("\n"), @"
    1.3.0 runs in production
      gate                verdict              why
      signature           pass                 the signature of app is by the required key
      sbom                pass                 the SBOM of app is by the required key
      smoke-test@staging  fail, overridden     the newest test of app in staging, of suite notes, says FAILED
      after               fail, overridden     app is deployed in staging and not verified: its newest test in staging, of notes, says FAILED
      soak                pending, overridden  soaks in staging for 30m, until 2027-01-15T08:30:00Z
      migration           pass                 the database of production is at 0 since 2027-01-15T08:00:01Z
      known-bad           pass                 never taken back from production
    smoke-test@staging was overridden: the fair opens at nine
    after was overridden: the fair opens at nine
    soak was overridden: the fair opens at nine
    ");
    let ledger = world.scratch.read(".seaworthy/ledger/production.jsonl");
    assert_eq!(ledger.matches("the fair opens at nine").count(), 2 * 4, "{ledger}");
}

#[test]
fn a_plan_ends_as_the_promotion_would() {
    let world = World::new();
    world.build("2");
    for ask in
        [&["plan", "--environment", "production"][..], &["run", "--dry-run", "--environment", "production"]]
    {
        let run = world.command().args(ask).run().fails(1, "promotion-refused");
        assert!(run.stdout.contains("would be refused: signature says fail"), "{}", run.stdout);
    }
}

#[test]
fn before_the_database_is_touched_its_gate_can_be_left_out_of_the_plan_and_only_of_the_plan() {
    let world = World::new();
    let digest = world.build("2");
    world.sign(digest);
    world.sbom(digest);
    world.promote("staging").env("SEAWORTHY_CLOCK", (NOW - 3600).to_string()).run().succeeds();
    world.test(digest, "staging", TestResult::Passed, -3000);
    let plan = || world.command().args(["plan", "--environment", "production"]);
    plan().run().fails(1, "promotion-refused");
    let run = plan().args(["--skip", "migration"]).run().succeeds();
    assert!(run.stdout.contains("gate migration is not asked yet"), "{}", run.stdout);
    world.promote("production").args(["--skip", "migration"]).run().fails(2, "unknown-flag");
}
