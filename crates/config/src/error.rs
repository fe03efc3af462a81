//! What can be wrong with `release.toml`, and how to mend it.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use ci::{Code, Failure, Kind, Place, files::FileError};
use contract::{ComponentName, EnvironmentName};

use crate::Gate;

/// The file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no TOML, or a value has another type than its key asks for.
    #[error("{}:{line}: {message}", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// A key that means nothing here.
    #[error("{}:{line}: `{key}` is no key of this table", .path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The key as written.
        key: String,
        /// The keys that would mean something, the nearest first.
        known: Vec<String>,
    },
    /// Two places that can't both be meant.
    #[error("{} contradicts itself", .path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// How.
        source: Contradiction,
    },
}

/// Two places of the file that can't both be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// `components` is empty.
    #[error("there is no component")]
    NoComponents,
    /// A key and a workload for all evidence.
    #[error("[release] has both verify-key and verify-identity")]
    TwoSigners,
    /// A component's or environment's image names one image instead of a repository.
    #[error("the image of {0} has a tag or a digest: name the repository only")]
    NotARepository(ComponentName),
    /// A table of an environment names a component that there is not.
    #[error("{key} of {environment} names the component {component}, which is not among [components]")]
    UnknownComponent {
        /// The environment.
        environment: EnvironmentName,
        /// The key, such as `images`.
        key: &'static str,
        /// The component.
        component: ComponentName,
    },
    /// `after` or `smoke-test@` names an environment that there is not.
    #[error("{key} of {environment} names the environment {other}, which is not among [environments]")]
    UnknownEnvironment {
        /// The environment.
        environment: EnvironmentName,
        /// The key, such as `after`.
        key: String,
        /// The environment it names.
        other: EnvironmentName,
    },
    /// `after` leads back to where it began.
    #[error("{0} comes after itself")]
    Cycle(EnvironmentName),
    /// An environment that asks for a smoke test of itself can never be entered.
    #[error("{0} requires a smoke test of itself, which can only run once the release is in")]
    OwnSmokeTest(EnvironmentName),
    /// Soaking where?
    #[error("{0} has a soak but no environment that it comes after")]
    SoakAfterNothing(EnvironmentName),
    /// Evidence that any key could have signed proves nothing.
    #[error("{gate} of {environment} has no signer to verify with")]
    NoKey {
        /// The environment.
        environment: EnvironmentName,
        /// What needs the key.
        gate: Gate,
    },
    /// The signature is what all other evidence stands on.
    #[error("overridable of {0} names signature, which is never overridden")]
    OverridableSignature(EnvironmentName),
    /// An override of a question nobody asks is a slip of the pen.
    #[error("overridable of {environment} names {gate}, which this environment does not ask for")]
    OverridableUnasked {
        /// The environment.
        environment: EnvironmentName,
        /// The gate.
        gate: Gate,
    },
}

impl ConfigError {
    /// Sorts what the parser says. Serde's wording of an unknown field is the only carrier of the known ones; a test holds it to that.
    pub(crate) fn form(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
        let path = path.to_owned();
        let message = error.message().trim().replace('\n', " ");
        let mut quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
        match (message.starts_with("unknown field `"), quoted.next()) {
            (true, Some(key)) => {
                let mut known: Vec<String> = quoted.collect();
                known.sort_by_key(|known| strsim::damerau_levenshtein(known, &key));
                Self::UnknownKey { path, line, key, known }
            }
            _ => Self::Form { path, line, message },
        }
    }
}

impl Failure for ConfigError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) => error.code(),
            Self::Form { .. } => Code::new("config-invalid"),
            Self::UnknownKey { .. } => Code::new("config-unknown-key"),
            Self::Contradiction { .. } => Code::new("config-contradiction"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::File(error) => error.kind(),
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::File(FileError::Missing(_)) => {
                "run `promote init` to write a release.toml, or name yours with --config".into()
            }
            Self::File(error) => error.fix(),
            Self::Form { .. } => {
                "correct the value; docs/release-toml.schema.json describes every key".into()
            }
            Self::UnknownKey { known, .. } => match known.split_first() {
                Some((nearest, [])) => format!("the only key here is `{nearest}`").into(),
                Some((nearest, others)) => {
                    format!("did you mean `{nearest}`? Others here: {}", others.join(", ")).into()
                }
                None => "this table has no keys: write {}".into(),
            },
            Self::Contradiction { source, .. } => source.fix().into(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::File(error) => error.place(),
            Self::Form { path, line, .. } | Self::UnknownKey { path, line, .. } => {
                Some(Place { file: path.clone(), line: Some(*line) })
            }
            Self::Contradiction { path, .. } => Some(Place { file: path.clone(), line: None }),
        }
    }
}

impl Contradiction {
    fn fix(&self) -> &'static str {
        match self {
            Self::NoComponents => "add [components.<name>] with its image",
            Self::TwoSigners => "keep one of them; a requirement may name its own signer",
            Self::NotARepository(_) => {
                "a release says which digest; the configuration says only where images lie"
            }
            Self::UnknownComponent { .. } => "correct the name, or add the component",
            Self::UnknownEnvironment { .. } => "correct the name, or add the environment",
            Self::Cycle(_) => "take one environment out of the circle of `after`",
            Self::OwnSmokeTest(_) => "require the smoke test of an environment that comes before",
            Self::SoakAfterNothing(_) => "say after = [\"…\"], or take soak out",
            Self::NoKey { .. } => {
                "set verify-key or verify-identity in [release], or a key or an identity in the requirement"
            }
            Self::OverridableSignature(_) => {
                "take it out; in an emergency sign the image, or use mode = \"observe\" in the open"
            }
            Self::OverridableUnasked { .. } => "take it out, or require the gate",
        }
    }
}
