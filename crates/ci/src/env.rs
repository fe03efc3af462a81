//! The process environment, read once; never written, and read nowhere else.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

use jiff::Timestamp;

use crate::failure::{Code, Failure, Kind};

/// A snapshot of the environment. An empty variable counts as unset: GitHub passes an unset secret as an empty string.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<OsString, OsString>);

/// A variable holds what it can't.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Bytes that are no text.
    #[error("the variable {0} is not UTF-8")]
    NotUtf8(String),
    /// A flag's variable holds something else than YAML's true or false.
    #[error("the variable {name} holds `{value}`, which is neither true nor false")]
    NotBoolean {
        /// The variable.
        name: String,
        /// What it holds.
        value: String,
    },
    /// The variable that fixes the time of what is made holds something else than digits.
    #[error("SOURCE_DATE_EPOCH holds `{0}`, which is no number of seconds since 1970")]
    NotSeconds(String),
}

impl Failure for InputError {
    fn code(&self) -> Code {
        match self {
            Self::NotUtf8(_) => Code::new("variable-not-utf8"),
            Self::NotBoolean { .. } => Code::new("variable-not-boolean"),
            Self::NotSeconds(_) => Code::new("source-date-epoch-invalid"),
        }
    }

    fn kind(&self) -> Kind {
        Kind::Input
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::NotUtf8(_) => "set it to UTF-8 text, or unset it",
            Self::NotBoolean { .. } => "set it to `true` or `false`, or leave it empty",
            Self::NotSeconds(_) => "set it to the time of the commit: git log -1 --format=%ct",
        }
        .into()
    }
}

impl Env {
    /// The environment of this process.
    pub fn capture() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// An environment made of these variables, for tests.
    pub fn of<K: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The bytes of a variable that is set and not empty.
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The text of a variable that is set and not empty.
    pub fn text(&self, name: &str) -> Result<Option<String>, InputError> {
        let text = |value: &OsStr| {
            value.to_str().map(str::to_owned).ok_or_else(|| InputError::NotUtf8(name.to_owned()))
        };
        self.raw(name).map(text).transpose()
    }

    /// `SOURCE_DATE_EPOCH` (reproducible-builds.org), if it is set. One that is no number is an error: whoever sets it wants the same bytes
    /// again, and the time of now would be others.
    pub fn source_date(&self) -> Result<Option<Timestamp>, InputError> {
        let Some(text) = self.text("SOURCE_DATE_EPOCH")? else { return Ok(None) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let time = digits.and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.map(Some).ok_or(InputError::NotSeconds(text))
    }

    /// Every variable whose name and value are UTF-8, empty ones too.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }

    /// For the few variables where bytes that are no text are as good as none.
    pub(crate) fn lossy(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(OsStr::to_str).map(str::to_owned)
    }

    /// Whether a variable is `true`, as GitHub sets `GITHUB_ACTIONS`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|value| value == "true")
    }
}

/// The YAML 1.2 core schema's booleans, which `actions/toolkit` accepts for an input (`getBooleanInput`).
pub(crate) fn boolean(name: &str, value: &str) -> Result<bool, InputError> {
    match value {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        other => Err(InputError::NotBoolean { name: name.to_owned(), value: other.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let env = Env::of([("A", ""), ("B", "x")]);
        assert_eq!(env.text("A").unwrap(), None);
        assert_eq!(env.text("B").unwrap().as_deref(), Some("x"));
        assert_eq!(env.text("C").unwrap(), None);
    }

    #[test]
    fn bytes_that_are_no_text_name_their_variable() {
        let env = Env::of([(OsString::from("A"), OsString::from_vec(vec![0xff]))]);
        assert_eq!(env.text("A").unwrap_err().to_string(), "the variable A is not UTF-8");
    }

    #[test]
    fn a_time_that_is_no_number_of_seconds_was_taken_for_none() {
        let time = |text: &str| Env::of([("SOURCE_DATE_EPOCH", text)]).source_date();
        assert_eq!(time("1800000000").unwrap().unwrap().to_string(), "2027-01-15T08:00:00Z");
        assert_eq!(time("").unwrap(), None);
        for text in ["abc", "1.5", " 1", "+1", "-1", "99999999999999", "99999999999999999999"] {
            assert_eq!(time(text).unwrap_err().code().as_str(), "source-date-epoch-invalid", "{text}");
        }
    }

    #[test]
    fn booleans_are_those_of_yaml() {
        assert!(boolean("A", "True").unwrap());
        assert!(!boolean("A", "false").unwrap());
        for value in ["yes", "1", "tRue", " true"] {
            assert_eq!(boolean("A", value).unwrap_err().code().as_str(), "variable-not-boolean");
        }
    }
}
