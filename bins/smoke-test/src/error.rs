//! Why a run ends without a pass; never how a single step failed.

use std::borrow::Cow;

use ci::{Code, Failure, Kind};
use http::HttpError;

/// A run can't begin, or its deployment is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No http or https address.
    #[error(
        "`{0}` is no base URL: expected http://HOST[:PORT][/PREFIX] or https://…, without user, query and fragment"
    )]
    BaseUrl(String),
    /// Not `NAME=VALUE`.
    #[error("`{0}` sets no variable: expected NAME=VALUE")]
    Variable(String),
    /// No suite declares it.
    #[error("no suite declares the variable `{0}`")]
    VariableUnknown(String),
    /// Nothing gives it a value.
    #[error("the suite {suite} needs the variable `{name}`, which has no value")]
    VariableMissing {
        /// The suite's name.
        suite: String,
        /// The variable.
        name: String,
        /// Where its value could come from.
        source_name: String,
    },
    /// One predicate is about one suite.
    #[error("--predicate takes one suite, and there are {0}")]
    PredicateOfMany(usize),
    /// No random numbers, or no event loop.
    #[error("cannot start")]
    Start(#[from] HttpError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
    /// The result is no JSON: a defect.
    #[error("the result can't be written as JSON")]
    Form(#[from] serde_json::Error),
    /// `wait` ended without the answer it waited for.
    #[error("the deployment never became ready: {0}")]
    NeverReady(String),
    /// At least one step failed.
    #[error("{failed} of {of} steps failed, first `{first}`")]
    Failed {
        /// How many failed.
        failed: usize,
        /// How many there are.
        of: usize,
        /// The name of the first.
        first: String,
    },
    /// No step was carried out, so nothing is known.
    #[error("no step was carried out")]
    NothingTested,
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::BaseUrl(_) => Code::new("base-url-invalid"),
            Self::Variable(_) => Code::new("variable-invalid"),
            Self::VariableUnknown(_) => Code::new("variable-unknown"),
            Self::VariableMissing { .. } => Code::new("variable-missing"),
            Self::PredicateOfMany(_) => Code::new("predicate-of-many"),
            Self::Start(_) | Self::Random(_) => Code::new("smoke-no-start"),
            Self::Form(_) => Code::new("smoke-result-unwritable"),
            Self::NeverReady(_) => Code::new("never-ready"),
            Self::Failed { .. } => Code::new("smoke-failed"),
            Self::NothingTested => Code::new("nothing-tested"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NeverReady(_) | Self::Failed { .. } | Self::NothingTested => Kind::Refused,
            Self::Start(_) | Self::Random(_) => Kind::World,
            Self::Form(_) => Kind::Ours,
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::BaseUrl(_) => "name where the deployment answers; credentials go into a header, by `from-env`",
            Self::Variable(_) => "write it as --var name=value",
            Self::VariableUnknown(_) => "declare it under `variables`, or mend its name",
            Self::VariableMissing { source_name, .. } => return format!("set {source_name}").into(),
            Self::PredicateOfMany(_) => "run one suite at a time, or several without --predicate",
            Self::Start(_) | Self::Random(_) => "check the limits of the process, then run again",
            Self::Form(_) => "please report it",
            Self::NeverReady(_) => "look at the log of the deployment; `wait` in the suite sets path, status and timeout",
            Self::Failed { .. } => "read the failed expectations above, mend the deployment or roll it back",
            Self::NothingTested => {
                "name the right --environment, or give the suite steps that run there: nothing tested is never a pass"
            }
        }
        .into()
    }
}
