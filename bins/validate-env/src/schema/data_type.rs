//! What a value must be; never whose value it is, and never the value in what is said about it.

use std::fmt::Display;

use regex::bytes::{Regex, RegexBuilder};

use super::{
    flaw::Flaw,
    formats,
    written::{Argument, Quote, Written},
};

/// The most memory a compiled pattern may take, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// The data types of env-spec that we read.
const TYPES: [&str; 13] = [
    "string", "number", "boolean", "url", "enum", "email", "port", "ip", "semver", "isoDate", "uuid",
    "array", "duration",
];

/// What a value must be.
#[derive(Clone, Debug)]
pub(crate) enum DataType {
    Text(Text),
    Number(Number),
    Boolean,
    Url(Option<Regex>),
    Choice(Vec<String>),
    Email,
    Port(u16, u16),
    Ip,
    SemVer,
    IsoDate,
    Uuid,
    Duration,
    /// Items between commas.
    List(Box<DataType>),
}

/// The options of `string`. Lengths are in characters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    length_min: Option<usize>,
    length_max: Option<usize>,
    start: Option<String>,
    end: Option<String>,
    matches: Option<Regex>,
}

/// The options of `number`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    min: Option<f64>,
    max: Option<f64>,
    kind: NumberKind,
}

#[derive(Clone, Copy, Debug, Default)]
enum NumberKind {
    #[default]
    Any,
    Whole,
}

impl Default for DataType {
    fn default() -> Self {
        Self::Text(Text::default())
    }
}

impl DataType {
    /// Understands what stands behind `@type=`.
    pub(crate) fn read(written: &Written) -> Result<Self, Flaw> {
        let (name, arguments) = match written {
            Written::Text(name, Quote::None) => (name, &[][..]),
            Written::Call(name, arguments) => (name, arguments.as_slice()),
            Written::Text(text, _) => {
                return Err(wrong("@type", "the name of a type, without quotes", text));
            }
        };
        let mut options = Options { type_name: name, arguments, known: Vec::new() };
        let read = match name.as_str() {
            "string" => Self::Text(Text::read(&mut options)?),
            "number" => Self::Number(Number::read(&mut options)?),
            "url" => Self::Url(options.pattern("matches")?),
            "port" => {
                let port = |options: &mut Options, name, default| {
                    Ok(options.parsed(name, "a port number", formats::port)?.unwrap_or(default))
                };
                let (min, max) = (port(&mut options, "min", 1)?, port(&mut options, "max", u16::MAX)?);
                ordered(Some(min), Some(max), "the range of ports")?;
                Self::Port(min, max)
            }
            "enum" => return choice(arguments),
            "array" => return list(arguments),
            "boolean" => Self::Boolean,
            "email" => Self::Email,
            "ip" => Self::Ip,
            "semver" => Self::SemVer,
            "isoDate" => Self::IsoDate,
            "uuid" => Self::Uuid,
            "duration" => Self::Duration,
            _ => return Err(Flaw::unknown("the type", name, &TYPES)),
        };
        options.finish()?;
        Ok(read)
    }

    /// What is wrong with a value that is not empty, in words that speak of the type alone.
    pub(crate) fn problems(&self, value: &str) -> Vec<String> {
        let plain = |right: bool, what: &str| if right { Vec::new() } else { vec![format!("is {what}")] };
        match self {
            Self::Text(text) => text.problems(value),
            Self::Number(number) => number.problems(value),
            Self::Boolean => plain(formats::boolean(value).is_some(), "neither true nor false"),
            Self::Url(pattern) if formats::is_url(value) => {
                pattern.as_ref().and_then(|one| unlike(one, value)).into_iter().collect()
            }
            Self::Url(_) => plain(false, "no URL such as https://host/path"),
            Self::Choice(words) => {
                plain(words.iter().any(|word| word == value), &format!("none of {}", words.join(", ")))
            }
            Self::Email => plain(formats::is_email(value), "no e-mail address"),
            Self::Port(min, max) => {
                let right = formats::port(value).is_some_and(|port| (min..=max).contains(&&port));
                plain(right, &format!("no port number from {min} to {max}"))
            }
            Self::Ip => plain(formats::is_ip(value), "no IP address"),
            Self::SemVer => plain(formats::is_semver(value), "no version such as 1.2.3 (semver.org)"),
            Self::IsoDate => plain(formats::is_iso_date(value), "no date such as 2026-01-31 (ISO 8601)"),
            Self::Uuid => plain(formats::is_uuid(value), "no UUID"),
            Self::Duration => plain(formats::is_duration(value), "no length of time such as 30s or 1h30m"),
            Self::List(inner) => items(inner, value),
        }
    }
}

/// What is wrong with the items of a list; an empty one is wrong whatever the type.
fn items(inner: &DataType, value: &str) -> Vec<String> {
    let problems = |item: &str| match item {
        "" => vec!["is empty".to_owned()],
        item => inner.problems(item),
    };
    let numbered = value.split(',').map(str::trim).enumerate();
    numbered
        .flat_map(|(at, item)| {
            problems(item).into_iter().map(move |problem| format!("has an item {} that {problem}", at + 1))
        })
        .collect()
}

fn unlike(pattern: &Regex, value: &str) -> Option<String> {
    (!pattern.is_match(value.as_bytes())).then(|| format!("does not match {pattern}"))
}

impl Text {
    fn read(options: &mut Options) -> Result<Self, Flaw> {
        let length = |text: &str| text.parse().ok();
        let text = Self {
            length_min: options.parsed("minLength", "a number of characters", length)?,
            length_max: options.parsed("maxLength", "a number of characters", length)?,
            start: options.text("startsWith")?,
            end: options.text("endsWith")?,
            matches: options.pattern("matches")?,
        };
        ordered(text.length_min, text.length_max, "the range of lengths")?;
        Ok(text)
    }

    fn problems(&self, value: &str) -> Vec<String> {
        let length = value.chars().count();
        let short = self
            .length_min
            .filter(|min| length < *min)
            .map(|min| format!("is shorter than {min} characters"));
        let long =
            self.length_max.filter(|max| length > *max).map(|max| format!("is longer than {max} characters"));
        let start = self.start.as_deref().filter(|start| !value.starts_with(start));
        let end = self.end.as_deref().filter(|end| !value.ends_with(end));
        let parts = [
            short,
            long,
            start.map(|start| format!("does not start with {start}")),
            end.map(|end| format!("does not end with {end}")),
            self.matches.as_ref().and_then(|pattern| unlike(pattern, value)),
        ];
        parts.into_iter().flatten().collect()
    }
}

impl Number {
    fn read(options: &mut Options) -> Result<Self, Flaw> {
        let kind = match options.parsed("isInt", "true or false", formats::boolean)? {
            Some(true) => NumberKind::Whole,
            Some(false) | None => NumberKind::Any,
        };
        let number = Self {
            min: options.parsed("min", "a number", formats::number)?,
            max: options.parsed("max", "a number", formats::number)?,
            kind,
        };
        ordered(number.min, number.max, "the range of numbers")?;
        Ok(number)
    }

    fn problems(&self, value: &str) -> Vec<String> {
        let Some(number) = formats::number(value) else { return vec!["is no number".to_owned()] };
        let fraction = matches!(self.kind, NumberKind::Whole) && number.fract() != 0.0;
        let parts = [
            self.min.filter(|min| number < *min).map(|min| format!("is less than {min}")),
            self.max.filter(|max| number > *max).map(|max| format!("is more than {max}")),
            fraction.then(|| "is no whole number".to_owned()),
        ];
        parts.into_iter().flatten().collect()
    }
}

/// The options of one type, which remember what was asked for so that no other passes unseen.
struct Options<'w> {
    type_name: &'w str,
    arguments: &'w [Argument],
    known: Vec<&'static str>,
}

impl Options<'_> {
    fn find(&mut self, name: &'static str) -> Option<&Written> {
        self.known.push(name);
        self.arguments.iter().find(|one| one.name.as_deref() == Some(name)).map(|one| &one.value)
    }

    fn place(&self, name: &str) -> String {
        format!("{}({name}=…)", self.type_name)
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, Flaw> {
        let place = self.place(name);
        match self.find(name) {
            None => Ok(None),
            Some(Written::Text(text, _)) => Ok(Some(text.clone())),
            Some(other) => Err(wrong(&place, "a text", &other.shown())),
        }
    }

    fn parsed<T>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Flaw> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| wrong(&self.place(name), wanted, &text))
    }

    /// `matches=regex("…")`, or the pattern alone in quotes.
    fn pattern(&mut self, name: &'static str) -> Result<Option<Regex>, Flaw> {
        let place = self.place(name);
        let pattern = match self.find(name) {
            None => return Ok(None),
            Some(Written::Text(pattern, Quote::Single | Quote::Double | Quote::Backtick)) => pattern,
            Some(Written::Call(function, arguments)) if function == "regex" => match arguments.as_slice() {
                [Argument { name: None, value: Written::Text(pattern, _) }] => pattern,
                _ => return Err(Flaw::Arguments(function.clone(), "one pattern in quotes")),
            },
            Some(other) => return Err(wrong(&place, "regex(\"…\")", &other.shown())),
        };
        let built = compile(pattern);
        built.map(Some).map_err(|error| Flaw::Pattern { pattern: pattern.clone(), why: reason(&error) })
    }

    /// Refuses what was not asked for: a typo in an option must not switch a rule off.
    fn finish(self) -> Result<(), Flaw> {
        for (at, argument) in self.arguments.iter().enumerate() {
            let Some(name) = &argument.name else {
                let shown = argument.value.shown();
                return Err(Flaw::unknown("the option", &shown, &self.known));
            };
            if !self.known.contains(&name.as_str()) {
                return Err(Flaw::unknown("the option", name, &self.known));
            }
            if self.arguments[..at].iter().any(|before| before.name.as_ref() == Some(name)) {
                return Err(Flaw::Arguments(self.type_name.to_owned(), "each option once"));
            }
        }
        Ok(())
    }
}

/// `\d`, `\w` and `\s` are ASCII, as JavaScript's digits and words are for varlock, and build twenty times as fast; a pattern that speaks
/// of other letters gets them.
fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    let build = |unicode| RegexBuilder::new(pattern).unicode(unicode).size_limit(PATTERN_BYTES_MAX).build();
    if pattern.is_ascii() { build(false).or_else(|_| build(true)) } else { build(true) }
}

/// The last line of what the regex parser says; before it stands a drawing.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn wrong(place: &str, wanted: &'static str, found: &str) -> Flaw {
    Flaw::Value { place: place.to_owned(), wanted, found: found.to_owned() }
}

fn ordered<T: PartialOrd + Display>(min: Option<T>, max: Option<T>, what: &'static str) -> Result<(), Flaw> {
    match (min, max) {
        (Some(min), Some(max)) if min > max => Err(Flaw::Nothing(what)),
        _ => Ok(()),
    }
}

fn choice(arguments: &[Argument]) -> Result<DataType, Flaw> {
    let word = |argument: &Argument| match argument {
        Argument { name: None, value: Written::Text(text, _) } => Ok(text.clone()),
        Argument { name: Some(name), .. } => Err(Flaw::unknown("the option", name, &[])),
        Argument { value, .. } => Err(wrong("enum", "words", &value.shown())),
    };
    let words: Vec<_> = arguments.iter().map(word).collect::<Result<_, _>>()?;
    if words.is_empty() {
        return Err(Flaw::Arguments("enum".to_owned(), "the words it admits"));
    }
    Ok(DataType::Choice(words))
}

fn list(arguments: &[Argument]) -> Result<DataType, Flaw> {
    match arguments {
        [] => Ok(DataType::List(Box::default())),
        [Argument { name: None, value }] => match DataType::read(value)? {
            DataType::List(_) => Err(wrong("array", "a type that is no array", "array")),
            inner => Ok(DataType::List(Box::new(inner))),
        },
        [Argument { name: Some(name), .. }, ..] => Err(Flaw::unknown("the option", name, &[])),
        _ => Err(Flaw::Arguments("array".to_owned(), "one type")),
    }
}
