//! What can be wrong with a schema itself; never what is wrong with an environment.

use std::borrow::Cow;

use crate::nearest::nearest;

/// A line of a schema that can't be understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Flaw {
    /// The grammar wants something else here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A word that nobody knows, so that a rule would silently do nothing.
    #[error("{what} `{name}` is not known")]
    Unknown {
        /// What the word should name.
        what: &'static str,
        /// The word.
        name: String,
        /// What was probably meant, and otherwise what there is.
        meant: Meant,
    },
    /// Something that env-spec has and this version does not read.
    #[error("{0} is not supported, and leaving it out silently would change what the schema means")]
    Unsupported(String),
    /// Decorators with nothing below them.
    #[error("`@{0}` belongs to no variable: a blank line or a divider follows it")]
    Unattached(String),
    /// A decorator of the whole file at a variable.
    #[error("`@{0}` speaks of the whole file, and stands at a variable")]
    Header(String),
    /// The same variable, decorator or option again.
    #[error("{0} is there twice, first on line {1}")]
    Twice(String, usize),
    /// Two decorators that say the opposite of each other.
    #[error("`@{0}` stands beside its opposite")]
    Opposite(String),
    /// A value that its place can't take.
    #[error("{place} takes {wanted}, and not `{found}`")]
    Value {
        /// The option, decorator or function.
        place: String,
        /// What it takes.
        wanted: &'static str,
        /// What is there.
        found: String,
    },
    /// A function called with too few or too many arguments.
    #[error("`{0}` takes {1}")]
    Arguments(String, &'static str),
    /// A pattern that is none.
    #[error("`{pattern}` is no regular expression: {why}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What the parser says.
        why: String,
    },
    /// The lowest value is above the highest.
    #[error("{0} admits nothing: its lowest is above its highest")]
    Nothing(&'static str),
    /// A default that is made of itself.
    #[error("the default of {0} is made of itself")]
    Circular(String),
    /// More than anyone needs.
    #[error("more than {0} {1}")]
    TooMuch(usize, &'static str),
    /// `# validate-env:` lines.
    #[error("`# validate-env:` lines are not known to this version")]
    Pragma,
}

/// What a person meant by an unknown word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Meant {
    /// Probably this.
    This(String),
    /// One of these, and none is near.
    OneOf(String),
}

impl Flaw {
    /// An unknown word among known ones.
    pub(crate) fn unknown(what: &'static str, name: &str, known: &[&str]) -> Self {
        let meant = nearest(name, known.iter().copied());
        let meant =
            meant.map_or_else(|| Meant::OneOf(known.join(", ")), |meant| Meant::This(meant.to_owned()));
        Self::Unknown { what, name: name.to_owned(), meant }
    }

    /// How to mend it.
    pub(crate) fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Unknown { meant: Meant::This(meant), .. } => format!("did you mean `{meant}`?").into(),
            Self::Unknown { meant: Meant::OneOf(known), .. } if known.is_empty() => {
                "remove it: nothing can be set here".into()
            }
            Self::Unknown { meant: Meant::OneOf(known), .. } => format!("use one of: {known}").into(),
            Self::Unattached(_) => {
                "write it directly above its variable; decorators of the whole file come before the first"
                    .into()
            }
            Self::Header(_) => "write it above the first variable, with a line `# ---` below".into(),
            Self::Pattern { .. } => {
                "correct it (docs.rs/regex has the syntax; there is no lookaround)".into()
            }
            Self::Pragma => {
                "remove the line: a rule that is not understood must not look as if it were applied".into()
            }
            Self::Unsupported(_) => {
                "remove it, or put a plain text in quotes; docs/validate-env.md lists what is read".into()
            }
            Self::Twice(..) | Self::Opposite(_) => "remove one of them".into(),
            Self::Circular(_) => "give one of the variables in the circle a default of its own".into(),
            Self::Expected(_)
            | Self::Value { .. }
            | Self::Arguments(..)
            | Self::Nothing(_)
            | Self::TooMuch(..) => "correct this line; docs/validate-env.md has the syntax".into(),
        }
    }
}

/// A flaw and its line, counted from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct At {
    pub(crate) line: usize,
    pub(crate) flaw: Flaw,
}

impl Flaw {
    /// The flaw on this line.
    pub(crate) fn at(self, line: usize) -> At {
        At { line, flaw: self }
    }
}
