//! The shape of `release.toml` in types, one field a key; never a check that needs two keys (`check`).

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr, time::Duration};

use contract::{ComponentName, EnvironmentName, ImageRef, Severity, Span};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use crate::{
    Gate,
    signer::{Signer, SmokeTestMembers, VulnsMembers, Workload},
};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// What holds for every environment.
    #[serde(default)]
    pub release: Settings,
    /// The deployables, by name.
    pub components: BTreeMap<ComponentName, Component>,
    /// Where they run, by name.
    pub environments: BTreeMap<EnvironmentName, Environment>,
}

/// `[release]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// Where the history lies.
    pub ledger: LedgerPlace,
    /// The caller's word that the ledger's directory outlives the run; asked for on a runner, whose disk does not.
    pub persistent: bool,
    /// Where release manifests lie, without tag or digest; otherwise in the one repository that all components share.
    pub image: Option<ImageRef>,
    /// The public key that all evidence must verify with, unless a requirement names its own signer.
    pub verify_key: Option<PathBuf>,
    /// The workload that must have signed all evidence, unless a requirement names its own signer.
    pub verify_identity: Option<Workload>,
    /// The authorities and logs that workloads are believed by; the public Sigstore's where none are named.
    pub trusted_root: Option<PathBuf>,
}

/// `[components.<name>]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Component {
    /// The repository it is built into, without tag or digest.
    pub image: ImageRef,
    /// What stands before the version in its tags, where several components share a repository.
    pub prefix: Option<ComponentName>,
}

/// `[environments.<name>]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Environment {
    /// Where people reach it; shown in reports and incidents.
    pub url: Option<String>,
    /// Environments in which the release must be deployed and verified first.
    #[serde(default)]
    pub after: Vec<EnvironmentName>,
    /// How long it must have run there.
    pub soak: Option<Span>,
    /// Gates that a person may override with a reason.
    #[serde(default)]
    pub overridable: Vec<Gate>,
    /// Whether a gate that does not pass stops the promotion.
    #[serde(default)]
    pub mode: Mode,
    /// Where this environment's images lie, for the components whose do not stay in their own repository.
    #[serde(default)]
    pub images: BTreeMap<ComponentName, ImageRef>,
    /// What it runs on.
    pub target: Target,
    /// How its database goes back, if it has one.
    pub database: Option<Database>,
    /// The evidence it asks for.
    #[serde(default)]
    pub require: Require,
}

/// What a gate that does not pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It refuses the release.
    #[default]
    Enforce,
    /// It is reported, and the release goes on: for the first weeks.
    Observe,
}

/// What an environment runs on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Target {
    /// The team's own script.
    Exec(Exec),
}

/// `target = { kind = "exec", … }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exec {
    /// Switches the environment to the images it is told.
    pub command: Program,
    /// Prints `component=image@digest` for what runs, a line each.
    pub observe: Program,
    /// The file of variables of each component, checked to exist and handed on by name.
    #[serde(default)]
    pub env_files: BTreeMap<ComponentName, PathBuf>,
    /// Variables of this process that the commands get, besides the few that every program needs.
    #[serde(default)]
    pub inherit: Vec<String>,
    /// How long each command may take.
    #[serde(default = "five_minutes")]
    pub timeout: Span,
}

/// `database = { … }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Database {
    /// Takes the schema back; `--to VERSION` is appended.
    pub down: Option<Program>,
}

/// The file of the ledger, `dir:DIRECTORY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPlace(pub PathBuf);

/// A program and its arguments; never a line for a shell.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Program {
    /// The program: a path, or a name to be found.
    pub name: String,
    /// What it is told.
    pub arguments: Vec<String>,
}

/// `[environments.<name>.require]`: what must be proven, each by the default key or its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Require {
    /// A signature on each image.
    pub signature: Option<Plain>,
    /// A bill of materials on each image.
    pub sbom: Option<Plain>,
    /// A recent scan of each image for vulnerabilities, and none that is too bad.
    pub vulns: Option<Vulns>,
    /// This environment's database was migrated for the release.
    pub migration: Option<Plain>,
    /// Passed smoke tests, by the environment they ran in.
    pub smoke_tests: BTreeMap<EnvironmentName, SmokeTest>,
}

/// A requirement with nothing to it but who must have signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plain {
    /// Who, where it is not who `release` names.
    pub signer: Option<Signer>,
}

/// `vulns = { … }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "VulnsMembers")]
pub struct Vulns {
    /// Who must have signed, where it is not who `release` names.
    pub signer: Option<Signer>,
    /// How old the scan may be: what is known of vulnerabilities grows every day.
    pub max_age: Span,
    /// From which severity on a vulnerability refuses the release.
    pub fail_on: Severity,
    /// What becomes of one whose severity nobody knows.
    pub unrated: Unrated,
}

/// What a vulnerability is whose severity nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrated {
    /// Too bad: that nobody has looked makes it no better.
    Refused,
    /// Let pass, by `allow-unknown-severity = true`.
    Allowed,
}

/// `"smoke-test@<environment>" = { … }`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "SmokeTestMembers")]
pub struct SmokeTest {
    /// Who must have signed, where it is not who `release` names.
    pub signer: Option<Signer>,
    /// How old the result may be.
    pub max_age: Option<Span>,
    /// The suite's name, where not any will do.
    pub suite: Option<String>,
    /// Which results count as passed besides PASSED.
    pub accept: Vec<Accepted>,
}

/// A result that passes only if configuration says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Accepted {
    /// All that decides held, and something did not.
    #[serde(rename = "WARNED")]
    Warned,
}

const fn five_minutes() -> Span {
    Span::of(Duration::from_mins(5))
}

impl Default for LedgerPlace {
    fn default() -> Self {
        Self(PathBuf::from(".seaworthy"))
    }
}

impl FromStr for LedgerPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("dir:") {
            Some(directory) if !directory.is_empty() => Ok(Self(PathBuf::from(directory))),
            _ => Err(format!("`{text}` is no ledger: expected dir:DIRECTORY")),
        }
    }
}

impl<'de> Deserialize<'de> for LedgerPlace {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(Error::custom)
    }
}

impl TryFrom<Vec<String>> for Program {
    type Error = &'static str;

    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        let mut words = words.into_iter();
        match words.next() {
            Some(name) if !name.is_empty() => Ok(Self { name, arguments: words.collect() }),
            _ => Err("a command is an array of a program and its arguments, and this one is empty"),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        self.arguments.iter().try_for_each(|argument| write!(out, " {argument}"))
    }
}

impl<'de> Deserialize<'de> for Require {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RequireKeys)
    }
}

/// Reads `require` by hand, because one of its keys carries the name of an environment.
struct RequireKeys;

impl<'de> Visitor<'de> for RequireKeys {
    type Value = Require;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a table of requirements")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Require, M::Error> {
        let mut require = Require::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.parse() {
                Ok(Gate::Signature) => require.signature = Some(map.next_value()?),
                Ok(Gate::Sbom) => require.sbom = Some(map.next_value()?),
                Ok(Gate::Vulns) => require.vulns = Some(map.next_value()?),
                Ok(Gate::Migration) => require.migration = Some(map.next_value()?),
                Ok(Gate::SmokeTest(environment)) => {
                    require.smoke_tests.insert(environment, map.next_value()?);
                }
                _ => {
                    const KEYS: &[&str] =
                        &["signature", "sbom", "vulns", "migration", "smoke-test@ENVIRONMENT"];
                    return Err(M::Error::unknown_field(&key, KEYS));
                }
            }
        }
        Ok(require)
    }
}
