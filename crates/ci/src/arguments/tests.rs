//! The precedence of inputs, on a command line with every kind of flag; never a real binary's.

use super::*;

#[derive(clap::Parser, Debug)]
#[command(name = "probe", version)]
struct Probe {
    #[command(subcommand)]
    command: Verb,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    Run {
        suites: Vec<PathBuf>,
        #[arg(long)]
        environment: String,
        #[arg(long)]
        var: Vec<String>,
        #[arg(long)]
        database_url: Option<String>,
        #[arg(long)]
        force: bool,
    },
    Check,
}

impl Arguments for Probe {
    const DEFAULT_COMMAND: Option<&'static str> = Some("run");
    const OWN_VARIABLES: &'static [(&'static str, &'static [&'static str])] =
        &[("database-url", &["DATABASE_URL"])];

    fn common(&self) -> &Common {
        &self.common
    }
}

fn parse_with(env: &[(&str, &str)], typed: &[&str]) -> Result<String, String> {
    let typed = std::iter::once("probe").chain(typed.iter().copied()).map(OsString::from).collect();
    match parse::<Probe>(&Env::of(env.iter().copied()), typed) {
        Ok(probe) => Ok(format!("{:?} dry={}", probe.command, probe.common.dry_run)),
        Err(Unparsed::Text(text)) => Err(text),
        Err(Unparsed::Failure(failure)) => Err(format!(
            "[{}] {} / {:?} / {}",
            failure.code().as_str(),
            failure,
            failure.source().map(ToString::to_string),
            failure.fix()
        )),
    }
}

#[test]
fn a_flag_beats_an_input_and_an_input_beats_the_fields_own_variable() {
    let env = [("INPUT_ENVIRONMENT", "staging"), ("INPUT_DATABASE-URL", "b"), ("DATABASE_URL", "c")];
    let all = |typed: &[&str]| parse_with(&env, typed).unwrap();
    insta::assert_snapshot!(all(&[]), @r#"Run { suites: [], environment: "staging", var: [], database_url: Some("b"), force: false } dry=false"#);
    insta::assert_snapshot!(all(&["--database-url", "a", "--environment=production"]), @r#"Run { suites: [], environment: "production", var: [], database_url: Some("a"), force: false } dry=false"#);
    let own = parse_with(&[env[0], env[2]], &[]).unwrap();
    insta::assert_snapshot!(own, @r#"Run { suites: [], environment: "staging", var: [], database_url: Some("c"), force: false } dry=false"#);
}

#[test]
fn lists_come_by_line_booleans_by_yaml_and_values_keep_their_dashes() {
    let env = [
        ("INPUT_ENVIRONMENT", "-x"),
        ("INPUT_VAR", " a=1 \n\n b=2"),
        ("INPUT_FORCE", "true"),
        ("INPUT_DRY_RUN", "True"),
        ("INPUT_SUITES", "one.yaml\n-two.yaml"),
    ];
    insta::assert_snapshot!(parse_with(&env, &["run"]).unwrap(), @r#"Run { suites: ["one.yaml", "-two.yaml"], environment: "-x", var: ["a=1", "b=2"], database_url: None, force: true } dry=true"#);
}

#[test]
fn an_empty_input_is_a_missing_one() {
    insta::assert_snapshot!(parse_with(&[("INPUT_ENVIRONMENT", "")], &[]).unwrap_err(), @"[input-missing] the following required arguments were not provided: --environment <ENVIRONMENT> / None / see `probe --help`");
}

#[test]
fn a_wrong_value_names_the_variable_it_came_from() {
    let env = [("INPUT_ENVIRONMENT", "x"), ("INPUT_FORMAT", "xml")];
    insta::assert_snapshot!(parse_with(&env, &[]).unwrap_err(), @"[input-invalid] invalid value 'xml' for '--format <human|json>' [possible values: human, json] / Some(\"--format came from the variable INPUT_FORMAT\") / see `probe --help`");
    assert!(parse_with(&[("INPUT_FORCE", "yes")], &[]).unwrap_err().starts_with("[variable-not-boolean]"));
}

#[test]
fn misspelt_words_are_named() {
    insta::assert_snapshot!(parse_with(&[], &["chek"]).unwrap_err(), @"[unknown-command] unrecognized subcommand 'chek' / None / a similar subcommand exists: 'check'");
    insta::assert_snapshot!(parse_with(&[], &["--enviroment", "x"]).unwrap_err(), @"[unknown-flag] unexpected argument '--enviroment' found / None / a similar argument exists: '--environment'");
}

#[test]
fn a_file_without_a_command_is_the_default_commands() {
    assert!(parse_with(&[], &["smoke/a.yaml", "--environment", "x"]).unwrap().contains("smoke/a.yaml"));
    assert_eq!(parse_with(&[], &["check", "--dry-run"]).unwrap(), "Check dry=true");
}

#[test]
fn a_command_behind_a_shared_flag_was_taken_for_a_file() {
    for typed in [&["--dry-run", "check"][..], &["--format", "json", "--dry-run", "check"]] {
        assert_eq!(parse_with(&[], typed).unwrap(), "Check dry=true", "{typed:?}");
    }
    let checked = parse_with(&[], &["--release-file=check", "--dry-run", "--environment", "x"]).unwrap();
    assert!(checked.starts_with("Run"), "{checked}");
    assert!(parse_with(&[], &["--format", "json", "--help"]).unwrap_err().contains("Usage: probe"));
}
