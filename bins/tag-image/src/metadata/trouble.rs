//! Why a rule can't be followed, told without saying which rule; never where it stands.

use ci::{Code, Kind};
use contract::InvalidImage;

use crate::metadata::csv::Misquoted;

/// What is wrong with one rule, one label or one expression.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Quotes out of place.
    #[error(transparent)]
    Misquoted(#[from] Misquoted),
    /// No such rule, entry or value.
    #[error("{0}")]
    Invalid(String),
    /// An attribute that would be ignored.
    #[error("there is no attribute `{name}` here, only {known}")]
    UnknownAttribute {
        /// As it was typed.
        name: String,
        /// The ones there are.
        known: String,
    },
    /// An expression that would be empty.
    #[error("there is no expression `{name}` here{known}")]
    UnknownExpression {
        /// As it was typed.
        name: String,
        /// The ones there are, as the end of the sentence.
        known: &'static str,
    },
    /// An expression with something else than it takes.
    #[error("`{name}` {what}")]
    Arguments {
        /// The expression.
        name: String,
        /// What is wrong with what follows it.
        what: &'static str,
    },
    /// A template that can't be read.
    #[error("{0}")]
    Template(String),
    /// A zone that would become UTC.
    #[error("`{0}` is no time zone of the IANA database")]
    TimeZone(String),
    /// A pattern that can't be read.
    #[error("`{pattern}` is no regular expression of ECMAScript: {what}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        what: String,
    },
    /// The rule is about this event and gives nothing.
    #[error("{0}")]
    Nothing(String),
    /// A name that nobody can give.
    #[error(transparent)]
    Tag(#[from] InvalidImage),
    /// The one name that says nothing.
    #[error("`{0}` says `latest`, and that names whatever was pushed last")]
    Latest(String),
    /// A version before the release.
    #[error("{0} is a pre-release, and a release is major.minor.patch")]
    PreRelease(String),
    /// A version that no tag can hold.
    #[error("{0} has build metadata, which would be left out")]
    BuildMetadata(String),
}

impl Trouble {
    /// The stable name.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Misquoted(_) | Self::Invalid(_) => Code::new("tag-rule-invalid"),
            Self::UnknownAttribute { .. } => Code::new("tag-attribute-unknown"),
            Self::UnknownExpression { .. } => Code::new("tag-expression-unknown"),
            Self::Arguments { .. } | Self::Template(_) => Code::new("tag-expression-invalid"),
            Self::TimeZone(_) => Code::new("time-zone-unknown"),
            Self::Pattern { .. } => Code::new("tag-pattern-invalid"),
            Self::Nothing(_) => Code::new("tag-rule-gives-nothing"),
            Self::Tag(_) => Code::new("tag-invalid"),
            Self::Latest(_) => Code::new("latest-refused"),
            Self::PreRelease(_) => Code::new("version-is-prerelease"),
            Self::BuildMetadata(_) => Code::new("version-has-build-metadata"),
        }
    }

    /// Whose turn it is.
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Latest(_) | Self::PreRelease(_) => Kind::Refused,
            _ => Kind::Input,
        }
    }

    /// How to mend it.
    pub(crate) const fn fix(&self) -> &'static str {
        match self {
            Self::Misquoted(_) => {
                "quote a field with a comma twice over, in YAML too: \"type=match,\"\"pattern=v(\\d{1,2})\"\"\""
            }
            Self::Invalid(_) => "compare it with docs/tag-image.md",
            Self::UnknownAttribute { .. } => {
                "correct its name, or leave it out: docker/metadata-action ignores it too"
            }
            Self::UnknownExpression { .. } => {
                "correct its name; `pattern` knows only the parts of the version, everything else goes into prefix or suffix"
            }
            Self::Arguments { .. } => "write {{date 'YYYYMMDD' tz='UTC'}}, with quotes",
            Self::Template(_) => "write {{name}}, {{{name}}} or {{#if name}}…{{else}}…{{/if}}",
            Self::TimeZone(_) => "write a name such as Europe/Berlin",
            Self::Pattern { .. } => {
                "correct it; what has a comma in it is quoted: \"type=match,\"\"pattern=…\"\"\""
            }
            Self::Nothing(_) => "correct the rule, or say with `enable=` when it is meant",
            Self::Tag(_) => "change prefix, suffix or value",
            Self::Latest(_) => "name the version; or say why it must be with --allow-latest REASON",
            Self::PreRelease(_) => {
                "release it as major.minor.patch, or name it knowingly with pattern={{raw}}"
            }
            Self::BuildMetadata(_) => {
                "leave out the `+` and what follows, or name it knowingly with pattern={{raw}}"
            }
        }
    }
}
