//! What a binary takes and gives: its commands and flags from its own `--help`, its outputs from its source; judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::{bin_directory, root};

/// What there is to know about a binary from outside.
#[derive(Debug)]
pub(crate) struct Binary {
    /// By command, what it takes.
    pub(crate) commands: BTreeMap<String, Vec<Taken>>,
    /// The outputs that some command gives.
    pub(crate) outputs: BTreeSet<String>,
}

/// A flag or a word that a command takes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Taken {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Flag,
    Word,
    /// `<IMAGE>...`: its variable is the plural, as several may be given.
    Words,
}

impl Taken {
    /// Whether an input of this name is meant for it.
    pub(crate) fn is(&self, input: &str) -> bool {
        let plural = || input.strip_suffix('s') == Some(&self.name);
        input == self.name || (self.kind == Kind::Words && plural())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// Where a binary lies.
///
/// # Panics
/// If it was not built.
pub(crate) fn program(name: &str) -> PathBuf {
    let program = bin_directory().join(name);
    assert!(
        program.is_file(),
        "{name} is not built: run `cargo build --workspace`, or `cargo test --workspace`"
    );
    program
}

impl Binary {
    /// Asks the binary.
    pub(crate) fn ask(name: &str) -> Self {
        let help =
            |words: &[&str]| testkit::bin(program(name)).args(words).arg("--help").run().succeeds().stdout;
        let names = section(&help(&[]), "Commands:");
        let names =
            names.iter().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        let commands = names.map(|command| (command.to_owned(), taken(&help(&[command])))).collect();
        Self { commands, outputs: outputs(&root().join("bins").join(name).join("src")) }
    }

    /// Everything that some command takes.
    pub(crate) fn taken(&self) -> BTreeSet<&Taken> {
        self.commands.values().flatten().collect()
    }
}

fn section(help: &str, title: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != title).skip(1);
    // A command's name stands two columns in; what stands further in goes on from the line above.
    lines.take_while(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn taken(help: &str) -> Vec<Taken> {
    let word = |line: &String| {
        let shown = line.strip_prefix("  ")?.split("  ").next()?;
        let name = shown.strip_prefix(['<', '['])?.split(['>', ']']).next()?;
        let kind = if shown.ends_with("...") { Kind::Words } else { Kind::Word };
        // A word called SUITES is already in the plural.
        let name = name.to_lowercase();
        Some(Taken {
            name: name.strip_suffix('s').filter(|_| kind == Kind::Words).unwrap_or(&name).to_owned(),
            kind,
        })
    };
    let flag = |line: &str| {
        let shown = line.trim_start().split("  ").next()?;
        let shown = shown.starts_with('-').then(|| shown.split(", ").last()?.strip_prefix("--"))??;
        let name = shown.split_whitespace().next()?;
        Some(Taken { name: name.to_owned(), kind: Kind::Flag })
    };
    let words = section(help, "Arguments:").iter().filter_map(word).collect::<Vec<_>>();
    // `--help` and `--format` are for people and programs at a terminal.
    // Flags may stand under several headings.
    let flags = help.lines().filter(|line| line.starts_with(' ')).filter_map(flag);
    let flags = flags.filter(|flag| !["help", "format"].contains(&flag.name.as_str()));
    words.into_iter().chain(flags).collect()
}

/// The names given to `Report::output` in a source tree.
fn outputs(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.append(&mut outputs(&entry.path()));
        } else {
            found.append(&mut named(&fs::read_to_string(entry.path()).unwrap()));
        }
    }
    found
}

fn named(source: &str) -> BTreeSet<String> {
    let calls =
        source.match_indices(".output(").map(|(at, call)| (at, source[at + call.len()..].trim_start()));
    let names = |(at, argument): (usize, &str)| match argument.strip_prefix('"') {
        Some(literal) => literal.split('"').take(1).map(str::to_owned).collect(),
        None => listed(&source[..at], argument.split([',', ')']).next().unwrap_or_default(), source),
    };
    calls.flat_map(names).collect()
}

/// The names that a loop goes through: `for (name, path) in [("junit", …), …] {`, or in a constant of the same file.
fn listed(before: &str, name: &str, source: &str) -> Vec<String> {
    let of_loop = before.rsplit_once(&format!("for ({name}, ")).and_then(|(_, rest)| rest.split_once(" in "));
    let Some((_, list)) = of_loop.filter(|_| !name.is_empty()) else { return Vec::new() };
    let list = list.split('{').next().unwrap_or_default().trim();
    let constant = source.split_once(&format!("const {list}: ")).and_then(|(_, rest)| rest.split(';').nth(1));
    let pairs = constant.unwrap_or(list).split("(\"").skip(1);
    pairs.filter_map(|pair| Some(pair.split_once('"')?.0.to_owned())).collect()
}

#[test]
fn a_help_text_is_read() {
    let help = "Usage: x\n\nArguments:\n  <SUITES>...  Files\n  [PATH]       Where\n\nOptions:\n  -e, --environment <NAME>  Where\n      --with-process-env    Both, or one\n      --source <IMAGE|dir:PATH>\n          An image --not-a-flag\n  -h, --help  Help\n\nMore:\n      --tags <RULE>  One, or --more\n";
    let taken = taken(help);
    let names: Vec<_> = taken.iter().map(Taken::name).collect();
    assert_eq!(names, ["suite", "path", "environment", "with-process-env", "source", "tags"]);
    assert!(taken[0].is("suites") && !taken[1].is("paths") && !taken[2].is("environments"));
}

#[test]
fn outputs_are_found_in_source() {
    let source = r#"report.output("a", x).output(
        "b-c", y); program.output()?;
        for (name, path) in [("d", 1), ("e", 2)]
        { report = report.output(name, path) }
        const NAMES: [(&str, &str); 2] = [("f", "F"), ("g", "G")];
        for (one, _) in NAMES { report = report.output(one, "h") }"#;
    assert_eq!(named(source).into_iter().collect::<Vec<_>>(), ["a", "b-c", "d", "e", "f", "g"]);
}
