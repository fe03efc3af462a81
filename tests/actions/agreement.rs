//! Each binary's action says what its binary says: the same inputs, the same outputs, and nothing between them but one `run` step.

use std::collections::BTreeSet;

use crate::BINARIES;
use crate::binary::Binary;
use crate::definition::{Action, variable};

/// What every action has and no binary takes: which command, and where to run it.
const OF_THE_ACTION: [&str; 2] = ["command", "working-directory"];

/// What is wrong between an action and its binary.
fn disagreements(name: &str, action: &Action, binary: &Binary) -> Vec<String> {
    let taken = binary.taken();
    let inputs = || action.inputs.keys().filter(|input| !OF_THE_ACTION.contains(&input.as_str()));
    let no_flag = inputs()
        .filter(|input| !taken.iter().any(|one| one.is(input)))
        .map(|input| format!("the input `{input}` is no flag of {name}"));
    let no_input = taken
        .iter()
        .filter(|one| !action.inputs.keys().any(|input| one.is(input)))
        .map(|one| format!("the flag `{}` of {name} is no input", one.name()));
    let declared: BTreeSet<&String> = action.outputs.keys().collect();
    let given: BTreeSet<&String> = binary.outputs.iter().collect();
    let not_given =
        declared.difference(&given).map(|output| format!("{name} never gives the output `{output}`"));
    let not_declared =
        given.difference(&declared).map(|output| format!("the output `{output}` is not declared"));
    let command = &action.inputs["command"];
    let unknown = command.default.iter().filter(|default| !binary.commands.contains_key(*default));
    let unknown = unknown.map(|default| format!("the default command `{default}` is none of {name}"));
    let unsaid = binary.commands.keys().filter(|one| !command.description.contains(&format!("`{one}`")));
    let unsaid = unsaid.map(|one| format!("the description of `command` leaves out `{one}`"));
    no_flag.chain(no_input).chain(not_given).chain(not_declared).chain(unknown).chain(unsaid).collect()
}

/// What is wrong with the wiring of an action, whatever the binary takes.
fn loose_ends(name: &str, action: &Action) -> Vec<String> {
    let [step] = action.runs.steps.as_slice() else {
        return vec!["there is not exactly one step".to_owned()];
    };
    let mut loose = Vec::new();
    let mut expect = |is: &str, wanted: &str| {
        if is != wanted {
            loose.push(format!("expected `{wanted}`, found `{is}`"));
        }
    };
    expect(&action.runs.using, "composite");
    expect(&step.shell, "bash");
    expect(&step.working_directory, "${{ inputs.working-directory }}");
    expect(
        &step.run,
        &format!(r#"bash --noprofile --norc "$GITHUB_ACTION_PATH/../run.sh" {name} "$INPUT_COMMAND""#),
    );
    for (output, declared) in &action.outputs {
        let id = step.id.as_deref().unwrap_or_default();
        expect(&declared.value, &format!("${{{{ steps.{id}.outputs.{output} }}}}"));
    }
    for input in action.inputs.keys().filter(|input| *input != "working-directory") {
        let mapped = step.env.get(&variable(input)).map_or("nothing", String::as_str);
        expect(mapped, &format!("${{{{ inputs.{input} }}}}"));
    }
    let known: BTreeSet<String> = action.inputs.keys().map(|input| variable(input)).collect();
    let stray = step.env.keys().filter(|name| !known.contains(*name));
    loose.extend(stray.map(|name| format!("`{name}` is the variable of no input")));
    loose
}

/// What is said about an action and its parts to people.
pub(crate) fn unexplained(action: &Action) -> Vec<String> {
    let of = |what: &str, text: &str| {
        (!text.ends_with(['.', '?'])).then(|| format!("{what}: no sentence: `{text}`"))
    };
    let inputs = action.inputs.iter().filter_map(|(name, input)| of(name, &input.description));
    let outputs = action.outputs.iter().filter_map(|(name, output)| of(name, &output.description));
    let both = action.inputs.iter().filter(|(_, input)| input.required && input.default.is_some());
    let both = both.map(|(name, _)| format!("{name}: required, and has a default"));
    of(&action.name, &action.description).into_iter().chain(inputs).chain(outputs).chain(both).collect()
}

#[test]
fn each_action_takes_and_gives_what_its_binary_takes_and_gives() {
    for name in BINARIES {
        let found = disagreements(name, &Action::read(name), &Binary::ask(name));
        assert!(found.is_empty(), "actions/{name}/action.yml:\n  {}", found.join("\n  "));
    }
}

#[test]
fn each_input_reaches_the_binary_through_the_environment_of_one_run_step() {
    for name in BINARIES {
        let action = Action::read(name);
        let found: Vec<_> = loose_ends(name, &action).into_iter().chain(unexplained(&action)).collect();
        assert!(found.is_empty(), "actions/{name}/action.yml:\n  {}", found.join("\n  "));
    }
}

#[test]
fn an_action_that_disagrees_is_seen() {
    let action = Action::parse(
        r#"{name: P, description: "P.", author: us, inputs: {command: {description: "`run`.", default: go}, typo: {description: no}},
            outputs: {none: {description: "N.", value: "${{ steps.run.outputs.other }}"}},
            runs: {using: composite, steps: [{id: run, shell: bash, working-directory: ., run: "promote ${{ inputs.typo }}",
              env: {INPUT_COMMAND: "${{ inputs.command }}", STRAY: x}}]}}"#,
    );
    let action = action.unwrap();
    let found = disagreements("promote", &action, &Binary::ask("promote"));
    for part in [
        "`typo` is no flag",
        "`environment` of promote is no input",
        "never gives the output `none`",
        "`verdict` is not declared",
        "`go` is none",
        "leaves out `plan`",
    ] {
        assert!(found.iter().any(|one| one.contains(part)), "{part}: {found:?}");
    }
    let found = loose_ends("promote", &action);
    for part in [
        "working-directory }}",
        "promote ${{ inputs.typo }}",
        "steps.run.outputs.other",
        "found `nothing`",
        "`STRAY`",
    ] {
        assert!(found.iter().any(|one| one.contains(part)), "{part}: {found:?}");
    }
    assert_eq!(unexplained(&action), ["typo: no sentence: `no`"]);
    let nested = "{name: P, description: P, author: us, inputs: {}, outputs: {}, runs: {using: composite, steps: [{uses: a/b@c}]}}";
    assert!(Action::parse(nested).is_err(), "an action that uses another one is seen");
}
