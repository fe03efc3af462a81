//! Texts with `${name}` in them: how they are read and filled in; never where a value comes from.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};

/// A text in which `${name}` stands for a variable and `$${` for `${`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template(Vec<Part>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    Variable(String),
}

/// The text uses `${` and does not say what for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`${{{0}` names no variable: expected letters, digits, `_` or `-` between `${{` and `}}`; a plain `${{` is written `$${{`"
)]
pub struct InvalidTemplate(String);

/// How much of a text an error shows.
const SHOWN_CHARS_MAX: usize = 20;

impl Template {
    /// The variables it names.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with every variable filled in, or the name of the first that has no value.
    pub fn fill<'t>(&'t self, value: impl Fn(&str) -> Option<Cow<'t, str>>) -> Result<String, &'t str> {
        self.0.iter().try_fold(String::new(), |mut text, part| {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Variable(name) => text.push_str(&value(name).ok_or(name.as_str())?),
            }
            Ok(text)
        })
    }

    /// The one variable that is the whole of it.
    pub fn alone(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Variable(name)] => Some(name),
            _ => None,
        }
    }

    /// Whether the text before the first variable begins like this.
    pub fn starts_with(&self, start: &str) -> bool {
        matches!(self.0.first(), Some(Part::Text(text)) if text.starts_with(start))
    }
}

/// Whether this can stand between `${` and `}`.
pub fn is_name(text: &str) -> bool {
    let start = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    start && text.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '-'))
}

impl FromStr for Template {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, InvalidTemplate> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            if let Some(before) = before.strip_suffix('$') {
                plain.extend([before, "${"]);
                rest = after;
                continue;
            }
            let invalid = || InvalidTemplate(after.chars().take(SHOWN_CHARS_MAX).collect());
            let (name, tail) = after.split_once('}').filter(|(name, _)| is_name(name)).ok_or_else(invalid)?;
            plain.push_str(before);
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = tail;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => out.write_str(&text.replace("${", "$${")),
            Part::Variable(name) => write!(out, "${{{name}}}"),
        })
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> String {
        let template: Template = text.parse().unwrap();
        template.fill(|name| (name != "none").then(|| format!("<{name}>").into())).unwrap()
    }

    #[test]
    fn names_are_filled_in_and_everything_else_stays() {
        for (text, filled) in [
            ("", ""),
            ("a", "a"),
            ("${a}", "<a>"),
            ("x${a}y${b-2}z", "x<a>y<b-2>z"),
            ("$5 {a} $a }", "$5 {a} $a }"),
            ("$${a}", "${a}"),
            ("$$${a}", "$${a}"),
            ("${a}${a}", "<a><a>"),
        ] {
            assert_eq!(fill(text), filled, "{text}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in ["${", "${}", "${a", "${a b}", "${1}", "${ä}", "${${a}}"] {
            assert!(text.parse::<Template>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let template: Template = "${a}".parse().unwrap();
        assert_eq!(template.fill(|_| Some("${b}".into())).unwrap(), "${b}");
        assert_eq!("${none}".parse::<Template>().unwrap().fill(|_| None), Err("none"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic_and_text_and_value_are_the_same(text in "([a-z]|\\$|\\{|\\}){0,24}") {
            if let Ok(template) = text.parse::<Template>() {
                proptest::prop_assert_eq!(template.to_string().parse(), Ok(template));
            }
        }
    }
}
