//! What every command line shares, and how inputs that nobody typed join it; never what a flag means.
//!
//! Precedence: flag > `INPUT_<FLAG>` > the field's own variable > configuration > default. The middle two become flags before
//! clap reads the line, so that a binary declares an input once and has it everywhere.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::PathBuf,
};

use clap::{Arg, ArgAction, ArgMatches, Command, error::ErrorKind, parser::ValueSource};

use crate::{
    env::{self, Env, InputError},
    failure::{Code, Failure, Kind},
};

/// The command line of a binary.
pub trait Arguments: clap::Parser {
    /// The command that is meant where none is typed.
    const DEFAULT_COMMAND: Option<&'static str> = None;

    /// For a flag (its long name), the variables its field has always used, such as `DATABASE_URL`, the first one set wins.
    const OWN_VARIABLES: &'static [(&'static str, &'static [&'static str])] = &[];

    /// The flags that all binaries have.
    fn common(&self) -> &Common;
}

/// The flags that all binaries have.
#[derive(clap::Args, Debug, Clone)]
pub struct Common {
    /// Print what would be done and change nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// What standard output carries
    // The values stand in the value's name: a list of them would make every help text longer than a screen.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "human",
        value_name = "human|json",
        hide_possible_values = true
    )]
    pub format: Format,
    /// The record handed from step to step
    #[arg(long, global = true, default_value = "release.json", value_name = "FILE")]
    pub release_file: PathBuf,
}

/// What standard output carries.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Human,
    /// One JSON document.
    Json,
}

/// The command line can't be understood.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct ArgumentError {
    what: String,
    fix: String,
    code: Code,
    source: Option<Origin>,
}

/// Where an input came from that nobody typed.
#[derive(Debug, thiserror::Error)]
#[error("--{flag} came from the variable {variable}")]
struct Origin {
    flag: String,
    variable: String,
}

impl Failure for ArgumentError {
    fn code(&self) -> Code {
        self.code
    }

    fn kind(&self) -> Kind {
        Kind::Input
    }

    fn fix(&self) -> Cow<'static, str> {
        self.fix.clone().into()
    }
}

/// Why there are no arguments to run with.
pub(crate) enum Unparsed {
    /// `--help` or `--version`: text for standard output.
    Text(String),
    /// Wrong input.
    Failure(Box<dyn Failure>),
}

impl<F: Failure + 'static> From<F> for Unparsed {
    fn from(failure: F) -> Self {
        Self::Failure(Box::new(failure))
    }
}

/// Reads the command line, joined by the inputs that nobody typed.
pub(crate) fn parse<A: Arguments>(env: &Env, mut typed: Vec<OsString>) -> Result<A, Unparsed> {
    let command = A::command();
    if let Some(default) = A::DEFAULT_COMMAND
        && names_no_command(&command, first_own(&command, &typed))
    {
        typed.insert(1.min(typed.len()), default.into());
    }
    let origins = join::<A>(&command, env, &mut typed)?;
    A::try_parse_from(typed).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Unparsed::Text(error.render().to_string()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => no_command(&command).into(),
        kind => explain(&command, kind, &error.render().to_string(), origins).into(),
    })
}

/// The first word behind the flags that all commands share: the command, if one is typed.
fn first_own<'t>(command: &Command, typed: &'t [OsString]) -> Option<&'t OsStr> {
    let mut words = typed.iter().skip(1).map(OsString::as_os_str);
    while let Some(word) = words.next() {
        let Some(flag) = word.to_str().and_then(|word| word.strip_prefix("--")) else { return Some(word) };
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let shared = |flag: &&Arg| flag.is_global_set() && flag.get_long() == Some(name);
        let Some(flag) = command.get_arguments().find(shared) else { return Some(word) };
        if flag.get_action().takes_values() && value.is_none() {
            words.next();
        }
    }
    None
}

/// Whether the default command is meant: nothing, a flag, or a word that can't be a misspelt command because the default one takes words.
fn names_no_command(command: &Command, first: Option<&OsStr>) -> bool {
    let Some(first) = first.and_then(OsStr::to_str) else { return true };
    let known = command.find_subcommand(first).is_some()
        || ["help", "--help", "-h", "--version", "-V"].contains(&first);
    let misspelt = !first.starts_with('-') && !first.contains(['.', '/', ':']);
    !known && !misspelt
}

/// Appends a flag for each input that was not typed and that a variable holds.
fn join<A: Arguments>(
    command: &Command,
    env: &Env,
    typed: &mut Vec<OsString>,
) -> Result<Vec<Origin>, InputError> {
    let lenient = command.clone().ignore_errors(true).try_get_matches_from(typed.iter());
    let Ok(matches) = lenient else { return Ok(Vec::new()) };
    let (command, matches) = match matches.subcommand() {
        Some((name, inner)) => (command.find_subcommand(name).unwrap_or(command), inner.clone()),
        None => (command, matches),
    };
    let mut origins = Vec::new();
    let mut words = Vec::new();
    for argument in command.get_arguments().chain(A::command().get_arguments()) {
        let name = argument.get_long().map_or_else(|| argument.get_id().to_string(), str::to_owned);
        // By what they do, not by name: `--version V` of a subcommand is an input like any other.
        let tells = matches!(
            argument.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        );
        let known = tells || origins.iter().any(|origin: &Origin| origin.flag == name);
        if known || was_typed(&matches, argument) {
            continue;
        }
        let own = A::OWN_VARIABLES.iter().find(|(flag, _)| *flag == name).map_or(&[][..], |(_, names)| names);
        let Some((variable, value)) = variable(env, &name, own) else { continue };
        if argument.is_positional() {
            words.extend(lines(value));
        } else if argument.get_action().takes_values() {
            let many = matches!(argument.get_action(), ArgAction::Append);
            let values = if many { lines(value) } else { vec![value.to_owned()] };
            typed.extend(values.into_iter().map(|value| flag(&name, &value)));
        } else if env::boolean(&variable, &env.text(&variable)?.unwrap_or_default())? {
            typed.push(format!("--{name}").into());
        }
        origins.push(Origin { flag: name, variable });
    }
    if !words.is_empty() {
        typed.push("--".into());
        typed.extend(words);
    }
    Ok(origins)
}

fn was_typed(matches: &ArgMatches, argument: &Arg) -> bool {
    let id = argument.get_id().as_str();
    matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// The first variable set for this flag: `INPUT_` with `_` or, as GitHub's own toolkit spells it, with `-`; then the field's own.
fn variable<'e>(env: &'e Env, flag: &str, own: &[&str]) -> Option<(String, &'e OsStr)> {
    let spelled = flag.to_uppercase();
    [format!("INPUT_{}", spelled.replace('-', "_")), format!("INPUT_{spelled}")]
        .into_iter()
        .chain(own.iter().map(ToString::to_string))
        .find_map(|name| env.raw(&name).map(|value| (name, value)))
}

/// The non-empty lines of a list, without the space around them.
fn lines(value: &OsStr) -> Vec<OsString> {
    let lines = value.as_bytes().split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).map(|line| OsString::from_vec(line.to_vec())).collect()
}

/// `--name=value`, so that a value that begins with `-` stays a value.
fn flag(name: &str, value: &OsStr) -> OsString {
    let mut flag = OsString::from(format!("--{name}="));
    flag.push(value);
    flag
}

/// Nothing was typed, and the binary has no default: a workflow that says nothing must not pass.
fn no_command(command: &Command) -> ArgumentError {
    let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let fix = format!("say one of {}; see `{} --help`", names.join(", "), command.get_name());
    let code = Code::new("unknown-command");
    ArgumentError { what: "no command is given".to_owned(), fix, code, source: None }
}

/// Says clap's error in our form: what, and how to mend it.
fn explain(command: &Command, kind: ErrorKind, rendered: &str, origins: Vec<Origin>) -> ArgumentError {
    let paragraph = rendered.split("\n\n").next().unwrap_or(rendered);
    let what = paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let what = what.strip_prefix("error: ").unwrap_or(&what).to_owned();
    let tip = rendered.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let fix = tip.map_or_else(|| format!("see `{} --help`", command.get_name()), str::to_owned);
    let code = match kind {
        ErrorKind::UnknownArgument => Code::new("unknown-flag"),
        ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => Code::new("unknown-command"),
        ErrorKind::MissingRequiredArgument => Code::new("input-missing"),
        ErrorKind::InvalidUtf8 => Code::new("argument-not-utf8"),
        _ => Code::new("input-invalid"),
    };
    let source = origins.into_iter().find(|origin| what.contains(&format!("--{} ", origin.flag)));
    ArgumentError { what, fix, code, source }
}

#[cfg(test)]
mod tests;
