//! Judgements over texts, without a disk: what is missing, what is wrong, which layer wins, and what is never said.

use contract::Digest;
use proptest::prelude::{ProptestConfig, prop_assert, proptest};

use super::{Verdict, Where, judge};
use crate::{
    dotenv,
    error::EnvError,
    facts::{EnvFile, Facts},
    schema::Schema,
};

fn facts(schema: &str, files: &[&str], process: &[(&str, &str)]) -> Facts {
    let file = |(at, text): (usize, &&str)| EnvFile {
        path: format!("{}.env", at + 1).into(),
        entries: dotenv::parse(text).unwrap(),
    };
    Facts {
        schema: Schema::parse(schema).unwrap(),
        schema_path: ".env.schema".into(),
        schema_digest: Digest::of(schema.as_bytes()),
        files: files.iter().enumerate().map(file).collect(),
        process: process.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        release: None,
    }
}

fn judged(facts: &Facts, environment: Option<&str>) -> Result<Verdict, EnvError> {
    judge(facts, environment.map(|name| name.parse().unwrap()).as_ref())
}

/// Everything that is said, a line each.
fn said(schema: &str, files: &[&str], process: &[(&str, &str)], environment: Option<&str>) -> String {
    let verdict = judged(&facts(schema, files, process), environment).unwrap();
    let line = |finding: &super::Finding| {
        let at = match &finding.at {
            Where::Line(file, line) => format!("{}:{line}", file.display()),
            Where::Process => "process".to_owned(),
        };
        format!("{at}: {} {}\n", finding.variable, finding.what)
    };
    verdict.problems.iter().chain(&verdict.warnings).map(line).collect()
}

const HEADER: &str = "# @currentEnv=$APP_ENV\n# @defaultRequired=false @defaultSensitive=false\n# ---\n\n";

fn with_header(rest: &str) -> String {
    format!("{HEADER}{rest}")
}

#[test]
fn every_problem_is_said_and_not_the_first() {
    let schema = with_header(
        "# @type=enum(dev, staging)\nAPP_ENV=dev\n# @required\nA=\n# @required\nB=\n# @type=number(min=1, isInt=true)\nC=\n\
         # @sensitive @type=string(minLength=8, startsWith=sk-)\nD=\n",
    );
    insta::assert_snapshot!(said(&schema, &["B=\nC=0.5\nD=hunter2\n"], &[], None), @r"
    .env.schema:8: A is required and not set
    1.env:1: B is required and empty
    1.env:2: C is less than 1: `0.5`
    1.env:2: C is no whole number: `0.5`
    1.env:3: D is shorter than 8 characters
    1.env:3: D does not start with sk-
    ");
}

#[test]
fn a_default_satisfies_and_an_empty_value_does_not() {
    let schema = "# @required @public\nA=default\n";
    assert_eq!(said(schema, &[""], &[], None), "");
    assert_eq!(said(schema, &["A="], &[], None), "1.env:1: A is required and empty\n");
    assert_eq!(said(schema, &[], &[("A", "")], None), "process: A is required and empty\n");
}

#[test]
fn a_default_is_held_to_its_type_too() {
    assert_eq!(
        said("# @type=port @public\nA=http\n", &[""], &[], None),
        ".env.schema:2: A is no port number from 1 to 65535: `http`\n"
    );
}

#[test]
fn a_later_file_wins_and_the_process_over_both() {
    let schema = "# @type=enum(right) @public\nA=\n";
    assert_eq!(said(schema, &["A=wrong", "A=right"], &[], None), "");
    assert!(said(schema, &["A=right", "A=wrong"], &[], None).starts_with("2.env:1:"));
    assert!(said(schema, &["A=right"], &[("A", "wrong")], None).starts_with("process:"));
    // GitHub passes an unset secret as an empty variable.
    assert_eq!(said(schema, &["A=right"], &[("A", "")], None), "");
}

#[test]
fn required_depends_on_the_environment() {
    let schema = with_header("APP_ENV=dev\n# @required=forEnv(production)\nA=\n# @required=eq($A, s3)\nB=\n");
    assert_eq!(said(&schema, &[""], &[], None), "");
    assert_eq!(
        said(&schema, &["APP_ENV=production"], &[], None),
        ".env.schema:7: A is required and not set\n"
    );
    assert_eq!(
        said(&schema, &["APP_ENV=staging\nA=s3"], &[], Some("staging")),
        ".env.schema:9: B is required and not set\n"
    );
}

#[test]
fn the_environment_that_is_typed_and_the_one_that_is_set_are_the_same() {
    let schema = with_header("# @type=enum(dev, staging, production)\nAPP_ENV=dev\n");
    assert_eq!(said(&schema, &["APP_ENV=staging"], &[], Some("staging")), "");
    insta::assert_snapshot!(said(&schema, &["APP_ENV=staging"], &[], Some("production")), @"1.env:1: APP_ENV names another environment than production, which is checked: `staging`");
    insta::assert_snapshot!(said(&schema, &[""], &[], Some("production")), @".env.schema:6: APP_ENV is not set, and the service will not know that it runs in production");
    insta::assert_snapshot!(said(&schema, &[""], &[], Some("prod")), @r"
    .env.schema:6: APP_ENV is none of dev, staging, production: `prod`
    .env.schema:6: APP_ENV is not set, and the service will not know that it runs in prod
    ");
}

#[test]
fn a_schema_that_asks_for_the_environment_gets_an_answer_or_an_error() {
    let schema = "# @required=forEnv(production) @public\nA=\n";
    assert!(matches!(judged(&facts(schema, &[""], &[]), None), Err(EnvError::EnvironmentUnnamed(_))));
    assert_eq!(said(schema, &[""], &[], Some("staging")), "");
}

#[test]
fn defaults_are_made_of_each_other_in_any_order() {
    let schema = "# @type=string(matches=\"^pg://u@h/db$\") @public\nURL=pg://${USER}@$HOST/db\n# @public\nUSER=u\n# @public\nHOST=if(eq($USER, u), h, x)\n";
    assert_eq!(said(schema, &[""], &[], None), "");
    assert!(said(schema, &["HOST=other"], &[], None).contains("URL does not match"));
}

#[test]
fn a_default_made_of_itself_is_an_error_and_no_endless_loop() {
    for schema in ["A=$A", "A=$B\nB=$C\nC=${A}x", "# @currentEnv=$A\n# ---\nA=if(forEnv(x), y, z)"] {
        assert!(matches!(judged(&facts(schema, &[""], &[]), None), Err(EnvError::Schema { .. })), "{schema}");
    }
    let doubling: String = (1..40).map(|at| format!("A{at}=$A{}$A{}\n", at - 1, at - 1)).collect();
    assert!(judged(&facts(&format!("A0=xxxx\n{doubling}"), &[""], &[]), None).is_err());
    let chain: String = (1..9_000).map(|at| format!("A{at}=$A{}\n", at + 1)).collect();
    assert!(judged(&facts(&format!("{chain}A9000=x\n"), &[""], &[]), None).is_err());
}

#[test]
fn what_nobody_reads_is_pointed_out() {
    let schema = with_header("APP_ENV=dev\nDATABASE_URL=\nTOKEN=\n");
    let file = "DATABSE_URL=x\nREDIS_URL=y\nTOKEN=p4$sW0rd\nTOKEN='p4$sW0rd'\nDATABASE_URL\nexport EXTRA=1\n";
    insta::assert_snapshot!(said(&schema, &[file], &[], None), @r"
    1.env:1: DATABSE_URL is not in the schema; is DATABASE_URL meant?
    1.env:2: REDIS_URL is not in the schema
    1.env:3: TOKEN holds a `$` and a name that this file does not set: that part is empty (`$$` is a dollar sign)
    1.env:4: TOKEN is set again, so that line 3 does nothing
    1.env:5: DATABASE_URL stands there without `=`, and gets no value from this file
    1.env:6: EXTRA is not in the schema
    ");
}

#[test]
fn the_rest_of_a_broken_secret_is_not_taken_for_a_name_and_shown() {
    let schema = with_header("APP_ENV=dev\n# @sensitive\nKEY=\n");
    for file in [
        "KEY=\"abc\"Hunter2hunter2\n",
        "KEY=abc\nMIIEvQIBADANBgkqhkiG9w0B\n",
        "KEY=abc\nMIIEvQIBADANBgkqhkiG9w0B==\n",
    ] {
        let said = said(&schema, &[file], &[], None);
        assert!(said.contains("a line's first word is not in the schema"), "{said}");
        assert!(!said.contains("unter") && !said.contains("MIIE"), "{said}");
    }
}

#[test]
fn a_secret_within_a_longer_value_was_cut_in_half_and_shown() {
    let schema =
        with_header("APP_ENV=dev\n# @sensitive\nKEY=default-key\n# @type=port\nA=\n# @type=port\nB=\n");
    let long = "correct-horse-battery-staple-correct-horse-battery";
    for file in [format!("KEY={long}\nA=x-$KEY\nB={long}y"), "A=pre-default-key".to_owned()] {
        let said = said(&schema, &[&file], &[], None);
        assert!(said.contains("A is no port") && !said.contains('`'), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_sensitive_value_is_in_any_word(secret in "[A-Za-z0-9]{12,24}", kind in "number|url|enum\\(a, b\\)|email|port|uuid|array\\(url\\)|string\\(maxLength=3\\)") {
        let schema = format!("# @sensitive @required @type={kind}\nA=\n");
        let said = said(&schema, &[&format!("A={secret}")], &[], None);
        prop_assert!(!said.is_empty() && !said.contains(&secret), "{said}");
    }
}

#[test]
fn five_hundred_variables_are_no_work() {
    let schema: String = (0..500)
        .map(|at| format!("# @required=forEnv(production) @type=string(minLength=3, matches=regex(\"^v[0-9]+$\"))\nVARIABLE_{at}=\n"))
        .collect();
    let file: String = (0..500).map(|at| format!("VARIABLE_{at}=v00{at}\n")).collect();
    let facts = facts(&schema, &[&file], &[("VARIABLE_1", "v123")]);
    let verdict = judged(&facts, Some("production")).unwrap();
    assert_eq!((facts.schema.variables.len(), verdict.problems), (500, Vec::new()));
}
