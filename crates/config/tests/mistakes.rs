//! What is said to whoever writes a wrong `release.toml`: the line, the cause, the way out.

#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

use std::{error::Error, fmt::Write as _, path::Path};

use ci::Failure;
use config::{Config, Gate, Signer, Unrated};
use contract::Severity;

const GOOD: &str = r#"
[release]
verify-key = "cosign.pub"

[components.app]
image = "oci:registry/app"

[environments.staging]
target = { kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"] }

[environments.production]
after = ["staging"]
soak = "30m"
overridable = ["soak", "known-bad", "smoke-test@staging"]
images = { app = "oci:registry-production/app" }
target = { kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"], env-files = { app = "env/production.env" } }
database = { down = ["migrate-db", "down"] }

[environments.production.require]
signature = { key = "build.pub" }
sbom = {}
vulns = { max-age = "7d", fail-on = "medium" }
"smoke-test@staging" = { max-age = "7d", suite = "notes", accept = ["WARNED"] }
migration = {}
"#;

fn parse(text: &str) -> Result<Config, config::ConfigError> {
    Config::parse(Path::new("release.toml"), text)
}

/// What a person reads about the file in which `from` was replaced.
fn said(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let error = parse(&GOOD.replacen(from, to, 1)).unwrap_err();
    let mut text = format!("{}: {error}", error.code().as_str());
    let mut source = error.source();
    while let Some(why) = source {
        _ = write!(text, " | {why}");
        source = why.source();
    }
    text + " | " + &error.fix()
}

#[test]
fn the_good_one_says_what_it_means() {
    let config = parse(GOOD).unwrap();
    let production = config.environment(&"production".parse().unwrap()).unwrap();
    let gates: Vec<String> = production.gates().iter().map(ToString::to_string).collect();
    assert_eq!(
        gates,
        ["signature", "sbom", "vulns", "smoke-test@staging", "after", "soak", "migration", "known-bad"]
    );
    assert_eq!(config.signer(production, &Gate::Signature), Some(Signer::Key("build.pub".into())));
    assert_eq!(config.signer(production, &Gate::Sbom), Some(Signer::Key("cosign.pub".into())));
    let vulns = production.require.vulns.as_ref().unwrap();
    assert_eq!((vulns.fail_on, vulns.unrated), (Severity::Medium, Unrated::Refused));
    let image = config.image(production, &"app".parse().unwrap()).unwrap();
    assert_eq!(image.to_string(), "oci:registry-production/app");
}

#[test]
fn an_unknown_key_names_its_neighbour() {
    insta::assert_snapshot!(said("soak =", "soka ="), @"config-unknown-key: release.toml:13: `soka` is no key of this table | did you mean `soak`? Others here: mode, url, after, images, target, database, require, overridable");
    insta::assert_snapshot!(said("observe =", "watch ="), @"config-unknown-key: release.toml:9: `watch` is no key of this table | did you mean `command`? Others here: observe, inherit, timeout, env-files");
    insta::assert_snapshot!(said("sbom = {}", "sbom = { keys = 1 }"), @"config-unknown-key: release.toml:21: `keys` is no key of this table | did you mean `key`? Others here: ref, issuer, identity, repository, repository-id, deployment-environment");
}

#[test]
fn a_later_features_key_is_refused_too() {
    for (from, to) in [
        ("soak =", "freeze = []\nsoak ="),
        ("soak =", "branches = ['main']\nsoak ="),
        ("soak =", "strategy = { kind = 'canary' }\nsoak ="),
        ("sbom = {}", "provenance = {}"),
        ("sbom = {}", "checks = ['pytest']"),
        ("image =", "per-environment-build = true\nimage ="),
    ] {
        assert!(said(from, to).starts_with("config-unknown-key"), "{to}");
    }
    insta::assert_snapshot!(said("kind = \"exec\"", "kind = \"kubernetes\""), @"config-invalid: release.toml:9: unknown variant `kubernetes`, expected `exec` | correct the value; docs/release-toml.schema.json describes every key");
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_its_line() {
    insta::assert_snapshot!(said("\"30m\"", "30"), @"config-invalid: release.toml:13: invalid type: integer `30`, expected a string | correct the value; docs/release-toml.schema.json describes every key");
    insta::assert_snapshot!(said("\"30m\"", "\"30\""), @"config-invalid: release.toml:13: `30` is no length of time: expected whole numbers with units, such as 500ms, 30s, 5m, 1h30m or 7d | correct the value; docs/release-toml.schema.json describes every key");
    insta::assert_snapshot!(said("[\"migrate-db\", \"down\"]", "\"migrate-db down\""), @r#"config-invalid: release.toml:17: invalid type: string "migrate-db down", expected a sequence | correct the value; docs/release-toml.schema.json describes every key"#);
    insta::assert_snapshot!(said("[\"migrate-db\", \"down\"]", "[]"), @"config-invalid: release.toml:17: a command is an array of a program and its arguments, and this one is empty | correct the value; docs/release-toml.schema.json describes every key");
    insta::assert_snapshot!(said("verify-key", "ledger = \"git:x\"\nverify-key"), @"config-invalid: release.toml:3: `git:x` is no ledger: expected dir:DIRECTORY | correct the value; docs/release-toml.schema.json describes every key");
    insta::assert_snapshot!(said("[release]", "[release"), @"config-invalid: release.toml:2: unclosed table, expected `]` | correct the value; docs/release-toml.schema.json describes every key");
}

#[test]
fn a_scan_has_an_age_and_a_threshold_whatever_the_file_says() {
    let scan = |value: &str| {
        let text = GOOD.replacen(
            "vulns = { max-age = \"7d\", fail-on = \"medium\" }",
            &format!("vulns = {value}"),
            1,
        );
        let config = parse(&text).map_err(|error| error.to_string())?;
        let production = config.environment(&"production".parse().unwrap()).unwrap();
        Ok::<_, String>(production.require.vulns.clone().unwrap())
    };
    let plain = scan("{}").unwrap();
    assert_eq!((plain.max_age.to_string(), plain.fail_on), ("7d".to_owned(), Severity::High));
    assert_eq!(scan("{ allow-unknown-severity = true }").unwrap().unrated, Unrated::Allowed);
    assert_eq!(scan("{ key = \"scan.pub\" }").unwrap().signer, Some(Signer::Key("scan.pub".into())));
    for (value, said) in [
        ("{ fail-on = \"none\" }", "does no harm"),
        ("{ fail-on = \"High\" }", "is no severity"),
        ("{ max-age = 7 }", "invalid type"),
    ] {
        let refusal = scan(value).unwrap_err();
        assert!(refusal.contains(said), "{value}: {refusal}");
    }
}

#[test]
fn two_places_that_cannot_both_be_meant_are_refused() {
    insta::assert_snapshot!(said("[\"staging\"]", "[\"stagin\"]"), @"config-contradiction: release.toml contradicts itself | after of production names the environment stagin, which is not among [environments] | correct the name, or add the environment");
    insta::assert_snapshot!(said("[\"staging\"]", "[\"production\"]"), @"config-contradiction: release.toml contradicts itself | production comes after itself | take one environment out of the circle of `after`");
    insta::assert_snapshot!(said("[environments.staging]", "[environments.staging]\nafter = [\"production\"]"), @"config-contradiction: release.toml contradicts itself | production comes after itself | take one environment out of the circle of `after`");
    insta::assert_snapshot!(said("after = [\"staging\"]", ""), @r#"config-contradiction: release.toml contradicts itself | production has a soak but no environment that it comes after | say after = ["…"], or take soak out"#);
    insta::assert_snapshot!(said("smoke-test@staging\" = {", "smoke-test@qa\" = {"), @"config-contradiction: release.toml contradicts itself | smoke-test@qa of production names the environment qa, which is not among [environments] | correct the name, or add the environment");
    insta::assert_snapshot!(said("smoke-test@staging\" = {", "smoke-test@production\" = {"), @"config-contradiction: release.toml contradicts itself | production requires a smoke test of itself, which can only run once the release is in | require the smoke test of an environment that comes before");
    insta::assert_snapshot!(said("[\"soak\"", "[\"signature\""), @r#"config-contradiction: release.toml contradicts itself | overridable of production names signature, which is never overridden | take it out; in an emergency sign the image, or use mode = "observe" in the open"#);
    insta::assert_snapshot!(said("env-files = { app", "env-files = { api"), @"config-contradiction: release.toml contradicts itself | env-files of production names the component api, which is not among [components] | correct the name, or add the component");
    insta::assert_snapshot!(said("oci:registry-production/app", "oci:registry-production/app:1"), @"config-contradiction: release.toml contradicts itself | the image of app has a tag or a digest: name the repository only | a release says which digest; the configuration says only where images lie");
    insta::assert_snapshot!(said("verify-key = \"cosign.pub\"", ""), @"config-contradiction: release.toml contradicts itself | sbom of production has no signer to verify with | set verify-key or verify-identity in [release], or a key or an identity in the requirement");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", at in 0..GOOD.len()) {
        _ = parse(&text);
        _ = parse(&format!("{}{text}{}", &GOOD[..at], &GOOD[at..]));
    }
}
