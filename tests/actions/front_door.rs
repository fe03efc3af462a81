//! The action at the root: each of its steps runs one of the seven as that binary can be run, and none does anything else.

use std::collections::{BTreeMap, BTreeSet};

use crate::BINARIES;
use crate::agreement::unexplained;
use crate::binary::Binary;
use crate::definition::{Action, Step, input_of};

/// What each step runs, in this order: evidence before the move that needs it, nothing irreversible before what can be known.
const STEPS: [&str; 10] = [
    "tag-image release",
    "validate-env check",
    "smoke-test run --dry-run",
    "promote plan --skip migration",
    r"migrate-db up --predicate $RUNNER_TEMP/migration.json",
    r"sbom-sign attest --type migration --predicate $RUNNER_TEMP/migration.json",
    "promote run",
    r"smoke-test run --predicate $RUNNER_TEMP/test-result.json",
    r"sbom-sign attest --type test-result --predicate $RUNNER_TEMP/test-result.json",
    "rollback run",
];

/// The one variable that is no input of ours: rollback hands it to the command of `database.down`.
const DATABASE_URL: &str = "DATABASE_URL";

/// What is wrong with a step: a flag or a variable that its command does not take, or an expression where text is run.
fn wrong(step: &Step, action: &Action, binaries: &BTreeMap<&str, Binary>) -> Vec<String> {
    let words = step.words();
    let [binary, command, typed @ ..] = words.as_slice() else {
        return vec!["it runs no command".to_owned()];
    };
    let Some(inputs) = binaries.get(binary).and_then(|binary| binary.commands.get(*command)) else {
        return vec![format!("there is no `{binary} {command}`")];
    };
    let takes = |input: &str| inputs.iter().any(|one| one.is(input));
    let mut wrong = Vec::new();
    if step.run.contains("${{") {
        wrong.push("an expression is pasted into what a shell reads".to_owned());
    }
    if !step.run.starts_with(r#"bash --noprofile --norc "$GITHUB_ACTION_PATH/actions/run.sh" "#) {
        wrong.push("it does not go through run.sh".to_owned());
    }
    if step.shell != "bash" || step.working_directory != "${{ inputs.working-directory }}" {
        wrong.push("it runs elsewhere, or in another shell".to_owned());
    }
    let flags = typed.iter().filter_map(|word| word.strip_prefix("--"));
    wrong.extend(flags.filter(|flag| !takes(flag)).map(|flag| format!("no flag --{flag}")));
    let variables = step.env.keys().filter(|name| *name != DATABASE_URL || step.words()[0] != "rollback");
    let no_flag = variables.filter(|name| {
        !name.strip_prefix("INPUT_").is_some_and(|one| takes(&one.to_lowercase().replace('_', "-")))
    });
    wrong.extend(no_flag.map(|name| format!("no flag for {name}")));
    // An input may give way to the job's own variable.
    let read = step.env.values().filter_map(|value| input_of(value)?.split(" || env.").next());
    let undeclared = read.filter(|input| !action.inputs.contains_key(*input));
    wrong.extend(undeclared.map(|input| format!("no input `{input}`")));
    wrong
}

/// The outputs of steps that an expression reads, as (step, output).
fn read_by(expression: &str) -> impl Iterator<Item = (&str, &str)> {
    expression.split("steps.").skip(1).filter_map(|rest| {
        let (step, rest) = rest.split_once(".outputs.")?;
        Some((step, rest.split([' ', ')']).next()?))
    })
}

#[test]
fn the_root_action_runs_the_seven_in_order_and_only_as_they_can_be_run() {
    let action = Action::read("");
    let binaries: BTreeMap<_, _> = BINARIES.into_iter().map(|name| (name, Binary::ask(name))).collect();
    let steps = &action.runs.steps;
    assert_eq!(steps.iter().map(|step| step.words().join(" ")).collect::<Vec<_>>(), STEPS);
    for step in steps {
        let found = wrong(step, &action, &binaries);
        assert!(found.is_empty(), "`{}`: {found:?}", step.name.as_deref().unwrap_or(&step.run));
    }
    assert_eq!(unexplained(&action), [""; 0]);
}

#[test]
fn every_input_of_the_root_action_is_used() {
    let action = Action::read("");
    let texts = action.runs.steps.iter().flat_map(|step| {
        step.env.values().chain(&step.r#if).chain([&step.working_directory]).map(String::as_str)
    });
    let text: String = texts.collect::<Vec<_>>().join("\n") + "\n";
    let used = |input: &&String| [" ", "\n"].iter().any(|end| text.contains(&format!("inputs.{input}{end}")));
    let unused: Vec<_> = action.inputs.keys().filter(|input| !used(input)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn what_the_root_action_reads_of_a_step_is_what_its_binary_gives() {
    let action = Action::read("");
    let binary_of: BTreeMap<&str, &str> = action
        .runs
        .steps
        .iter()
        .filter_map(|step| Some((step.id.as_deref()?, *step.words().first()?)))
        .collect();
    let values = action.outputs.values().map(|output| &output.value);
    let expressions: Vec<&String> =
        values.chain(action.runs.steps.iter().filter_map(|step| step.r#if.as_ref())).collect();
    let reads: BTreeSet<_> = expressions.iter().flat_map(|expression| read_by(expression)).collect();
    assert!(reads.len() > 10, "{reads:?}");
    for (step, output) in reads {
        let binary = binary_of.get(step).unwrap_or_else(|| panic!("no step has the id `{step}`"));
        assert!(Binary::ask(binary).outputs.contains(output), "{binary} gives no `{output}`");
    }
}
