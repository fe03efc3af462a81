//! The plan from typed lines: what may never be given, and in which order the rest stands.

use ci::{Arguments, Env, Session};
use clap::Parser as _;
use contract::Tag;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{
    args::{Args, Command},
    metadata::facts::{Repository, Run},
};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

/// What rules, event and flavor give; what clap and the context refuse gives nothing.
fn names(rules: &[String], more: &[String], reference: &str) -> Option<Vec<String>> {
    let rules = rules.iter().map(|rule| format!("--tags={rule}"));
    let words = ["tag-image", "compute"].map(str::to_owned).into_iter().chain(rules);
    let typed = Args::try_parse_from(words.chain(more.iter().cloned())).ok()?;
    let session = Session::new(Env::of([("GITHUB_REF", reference)]), typed.common().clone());
    let Command::Compute { metadata, .. } = typed.command else { return None };
    let context = Context::new(*metadata, &session).ok()?;
    let mut run = Run::default();
    run.reference = context.reference.clone();
    run.sha = SHA.to_owned();
    run.event = "push schedule".to_owned();
    let repository = Repository { default_branch: Some("main".to_owned()), ..Repository::default() };
    let facts = Facts { run, now: Timestamp::UNIX_EPOCH, commit_date: None, repository };
    plan(&context, &facts).ok().map(|plan| plan.names)
}

fn rule() -> impl Strategy<Value = String> {
    let value = "(latest|LATEST|la|test|v1\\.2\\.3(-rc\\.1)?|[ -~äß日]{0,6}|\\{\\{\\{?(branch|tag|date 'Y[latest]')\\}?\\}\\}){0,3}";
    let attribute = prop_oneof![
        (prop_oneof!["prefix", "suffix", "value", "enable", "priority", "branch", "group"], value)
            .prop_map(|(name, value)| format!(",{name}={value}")),
        Just(",enable=true".to_owned()),
    ];
    let kind = prop_oneof![
        Just("type=schedule"),
        Just("type=schedule,pattern={{date '[latest]'}}"),
        Just("type=semver,pattern={{version}}"),
        Just("type=semver,pattern={{raw}}"),
        Just("type=pep440,pattern={{raw}}"),
        Just("type=match,pattern=.*"),
        Just("type=match,pattern=l(.*)t"),
        Just("type=edge"),
        Just("type=ref,event=branch"),
        Just("type=ref,event=tag"),
        Just("type=ref,event=pr"),
        Just("type=raw,value=la"),
        Just("type=sha,format=long"),
    ];
    (kind, prop::collection::vec(attribute, 0..3))
        .prop_map(|(kind, attributes)| kind.to_owned() + &attributes.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_text_in_any_input_makes_it_panic(text in "(type=[a-z]{3,6}|[,=\"{}#'\\\\/a-z\\[\\]()?*+.\n ä-]){0,24}") {
        for input in ["images", "tags", "flavor", "labels", "annotations"] {
            for manner in ["--dry-run", "--compat"] {
                let more = [manner.to_owned(), format!("--{input}={text}")];
                _ = names(&["type=sha".to_owned()], &more, "refs/tags/v1.2.3");
            }
        }
    }

    #[test]
    fn no_input_gives_a_tag_that_is_invalid_or_forbidden(
        rules in prop::collection::vec(rule(), 0..3),
        flavor in "(latest=(auto|true|false)|(prefix|suffix)=(la|test|-|[ -~]{0,4})(,onlatest=true)?)?",
        reference in "refs/(heads|tags|pull)/(latest|la|main|v1\\.2\\.3(-rc1)?|[!-~äß]{0,8})(/merge)?",
    ) {
        for name in names(&rules, &[format!("--flavor={flavor}")], &reference).into_iter().flatten() {
            prop_assert!(name.parse::<Tag>().is_ok(), "{name:?}");
            prop_assert!(!name::is_latest(&name), "{name:?}");
        }
    }
}

#[test]
fn the_property_is_about_something() {
    let given = |rule: &str, reference: &str| {
        names(&[rule.to_owned()], &["--flavor=suffix=test".to_owned()], reference)
    };
    assert_eq!(given("type=ref,event=tag", "refs/tags/v1"), Some(vec!["v1test".to_owned()]));
    assert_eq!(given("type=ref,event=branch", "refs/heads/la"), None);
    assert_eq!(names(&["type=raw,value=x".to_owned()], &[], "refs/heads/x"), Some(vec!["x".to_owned()]));
}

#[test]
fn rules_stand_by_priority_and_else_as_typed() {
    let rules = [
        "type=sha,prefix=,format=long",
        "type=raw,value=a",
        "type=raw,b",
        "type=ref,priority=2000,event=branch",
        "type=raw,value=a",
    ];
    let rules = rules.map(str::to_owned);
    assert_eq!(names(&rules, &[], "refs/heads/f/x"), Some(["f-x", "a", "b", SHA].map(str::to_owned).into()));
}
