//! The inputs of docker/metadata-action and the runner's variables, checked and typed; never a question to disk, git or network.

use std::path::PathBuf;

use ci::{Env, Session, Stop};
use contract::Secret;

use crate::{
    args,
    metadata::{
        Manner, csv,
        error::{At, MetadataError},
        flavor::{Flavor, Latest},
        images,
        labels::{self, Line},
        rule::{self, Rule},
        trouble::Trouble,
    },
};

/// How many digits of a commit stand in a tag.
const SHORT_DIGITS: usize = 7;

/// What names are worked out from.
pub(crate) struct Context {
    pub(crate) manner: Manner,
    pub(crate) source: Source,
    pub(crate) images: Vec<String>,
    pub(crate) rules: Vec<(At, Rule)>,
    pub(crate) flavor: Flavor,
    pub(crate) labels: Vec<Line>,
    pub(crate) annotations: Vec<Line>,
    pub(crate) separators: Separators,
    pub(crate) bake_target: String,
    pub(crate) levels: Vec<String>,
    /// Why `latest` may be given, if it may.
    pub(crate) allow_latest: Option<String>,
    pub(crate) token: Option<Secret>,
    /// `GITHUB_API_URL`.
    pub(crate) api: String,
    /// `owner/name`.
    pub(crate) repository: Option<String>,
    pub(crate) event: String,
    pub(crate) reference: String,
    pub(crate) sha: String,
    pub(crate) event_file: Option<PathBuf>,
    pub(crate) short: usize,
    pub(crate) head_of: HeadOf,
    pub(crate) export: Export,
    /// Where files for the next step go; without it none are written.
    pub(crate) temp: Option<PathBuf>,
}

/// Where reference and commit come from.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// From the event that started the workflow.
    #[value(name = "workflow")]
    Event,
    /// From the checkout.
    Git,
}

/// Which commit a pull request is: the merge that GitHub made up, or the head that somebody pushed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeadOf {
    Merge,
    PullRequest,
}

/// Whether the outputs become variables of the job as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Export {
    Outputs,
    OutputsAndVariables,
}

/// What stands between the entries of an output.
pub(crate) struct Separators {
    pub(crate) tags: String,
    pub(crate) labels: String,
    pub(crate) annotations: String,
}

impl Context {
    /// Checks the inputs.
    ///
    /// # Errors
    /// [`MetadataError`] with the line that can't be understood.
    pub(crate) fn new(typed: args::Metadata, session: &Session) -> Result<Self, Stop> {
        let env = session.env();
        let text = |name: &str| env.text(name);
        let manner = if typed.compat { Manner::Compat } else { Manner::Strict };
        let lines = |input, given: &[String]| lines(env, input, given);
        let (reference, newline) = (text("GITHUB_REF")?, || "\n".to_owned());
        let usual = if reference.is_none() && manner == Manner::Strict { Source::Git } else { Source::Event };
        let token = typed.github_token.inspect(|token| session.mask(token));
        let allow_latest = typed.allow_latest.filter(|reason| !reason.trim().is_empty());
        Ok(Self {
            images: images(&lines("images", &typed.images)?, manner)?,
            rules: rules(&lines("tags", &typed.tags)?, manner)?,
            flavor: flavor(&lines("flavor", &typed.flavor)?, manner, allow_latest.as_deref())?,
            labels: read("labels", &lines("labels", &typed.labels)?, |line| Line::read(line, manner))?,
            annotations: read("annotations", &lines("annotations", &typed.annotations)?, |line| {
                Line::read(line, manner)
            })?,
            separators: Separators {
                tags: typed.sep_tags.unwrap_or_else(newline),
                labels: typed.sep_labels.unwrap_or_else(newline),
                annotations: typed.sep_annotations.unwrap_or_else(newline),
            },
            bake_target: typed.bake_target,
            levels: levels(env)?,
            source: typed.context.unwrap_or(usual),
            api: text("GITHUB_API_URL")?.unwrap_or_else(|| "https://api.github.com".to_owned()),
            repository: text("GITHUB_REPOSITORY")?,
            event: text("GITHUB_EVENT_NAME")?.unwrap_or_default(),
            reference: reference.unwrap_or_default(),
            sha: text("GITHUB_SHA")?.unwrap_or_default(),
            event_file: env.raw("GITHUB_EVENT_PATH").map(PathBuf::from),
            short: short(env)?,
            head_of: head_of(env)?,
            export: export(env)?,
            temp: env.raw("RUNNER_TEMP").map(PathBuf::from),
            manner,
            allow_latest,
            token,
        })
    }

    /// Whether anything asks for this expression.
    pub(crate) fn asks(&self, expression: &str) -> bool {
        let lines = self.labels.iter().chain(&self.annotations);
        self.rules.iter().any(|(_, rule)| rule.asks(expression))
            || [&self.flavor.prefix, &self.flavor.suffix].iter().any(|template| template.asks(expression))
            || lines.into_iter().any(|line| line.template.asks(expression))
    }

    /// Whether anything asks for what only the repository knows.
    pub(crate) fn needs_repository(&self) -> bool {
        self.rules.iter().any(|(_, rule)| rule.asks_default_branch())
            || labels::needs_repository(&self.labels)
            || labels::needs_repository(&self.annotations)
    }
}

/// The lines of an input. ci cuts a variable at every line end, which a quoted value may hold: what came from the variable is read from there.
fn lines(env: &Env, input: &'static str, given: &[String]) -> Result<Vec<String>, Stop> {
    let variable = env.text(&format!("INPUT_{}", input.to_uppercase()))?.unwrap_or_default();
    let cut = variable.lines().map(str::trim).filter(|line| !line.is_empty());
    let whole = if cut.eq(given.iter().map(String::as_str)) { variable } else { given.join("\n") };
    Ok(csv::lines(&whole).map_err(|trouble| At::new(input, 0, whole.trim()).trouble(trouble.into()))?)
}

/// Reads each line of an input.
fn read<T>(
    input: &'static str,
    lines: &[String],
    one: impl Fn(&str) -> Result<T, Trouble>,
) -> Result<Vec<T>, MetadataError> {
    let at = |number: usize| At::new(input, number, &lines[number]);
    let numbered = lines.iter().enumerate();
    numbered.map(|(number, line)| one(line).map_err(|trouble| at(number).trouble(trouble))).collect()
}

fn images(lines: &[String], manner: Manner) -> Result<Vec<String>, MetadataError> {
    let count = if lines.len() == 1 { images::Lines::One } else { images::Lines::More };
    Ok(read("images", lines, |line| images::read(line, count, manner))?.concat())
}

fn rules(lines: &[String], manner: Manner) -> Result<Vec<(At, Rule)>, MetadataError> {
    let usual = rule::DEFAULTS.map(str::to_owned);
    let lines = if lines.is_empty() { &usual[..] } else { lines };
    let rules = read("tags", lines, |line| Rule::parse(line, manner))?;
    let at = |number: usize| At::new("tags", number, &lines[number]);
    let mut rules: Vec<_> = rules.into_iter().enumerate().map(|(number, rule)| (at(number), rule)).collect();
    rule::sort(&mut rules, |(_, rule)| rule.priority);
    Ok(rules)
}

/// All lines of the flavor are one. `latest=true` is a wish for the one name that says nothing.
fn flavor(lines: &[String], manner: Manner, allowed: Option<&str>) -> Result<Flavor, MetadataError> {
    let mut flavor = Flavor::default();
    for (number, line) in lines.iter().enumerate() {
        let at = |trouble| At::new("flavor", number, line).trouble(trouble);
        flavor.read(line, manner).map_err(at)?;
        if manner == Manner::Strict && flavor.latest == Latest::Always && allowed.is_none() {
            return Err(at(Trouble::Latest("latest=true".to_owned())));
        }
    }
    Ok(flavor)
}

fn levels(env: &Env) -> Result<Vec<String>, Stop> {
    let levels = env.text("DOCKER_METADATA_ANNOTATIONS_LEVELS")?.unwrap_or_else(|| "manifest".to_owned());
    Ok(levels.split(',').map(str::to_owned).collect())
}

fn short(env: &Env) -> Result<usize, Stop> {
    const NAME: &str = "DOCKER_METADATA_SHORT_SHA_LENGTH";
    let Some(value) = env.text(NAME)? else { return Ok(SHORT_DIGITS) };
    let wrong =
        |_| MetadataError::Variable { name: NAME, value: value.clone(), wanted: "a number of digits" };
    Ok(value.trim().parse().map_err(wrong)?)
}

fn head_of(env: &Env) -> Result<HeadOf, Stop> {
    let value = env.text("DOCKER_METADATA_PR_HEAD_SHA")?.unwrap_or_default();
    Ok(if value.to_lowercase().contains("true") { HeadOf::PullRequest } else { HeadOf::Merge })
}

fn export(env: &Env) -> Result<Export, Stop> {
    const NAME: &str = "DOCKER_METADATA_SET_OUTPUT_ENV";
    let Some(value) = env.text(NAME)? else { return Ok(Export::OutputsAndVariables) };
    match value.to_lowercase().as_str() {
        "true" | "t" | "1" => Ok(Export::OutputsAndVariables),
        "false" | "f" | "0" => Ok(Export::Outputs),
        _ => Err(MetadataError::Variable { name: NAME, value, wanted: "true or false" }.into()),
    }
}
