//! The small values of a suite and how each is read; never what they are compared with.

use std::{fmt, marker::PhantomData, str::FromStr};

use regex::Regex;
use serde::{
    Deserialize, Deserializer,
    de::{
        self, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json_path::NodeList;

use crate::template::Template;

/// A mapping in the order of the file.
pub struct Entries<V>(pub Vec<(String, V)>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Entries<V> {
    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for InOrder<V> {
            type Value = Entries<V>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a mapping")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(InOrder(PhantomData))
    }
}

/// Tells a value that is `null` from one that is not there: a key without a value must not silently expect nothing.
pub(super) fn present<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(from).map(Some)
}

/// One value, or a list of them.
pub struct OneOrMore<T>(pub Vec<T>);

impl<T> Default for OneOrMore<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: FromStr<Err: fmt::Display> + Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: FromStr<Err: fmt::Display> + Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrMore<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("one value or a list of them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map(|one| OneOrMore(vec![one])).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<Self::Value, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMore)
            }
        }
        from.deserialize_any(Either(PhantomData))
    }
}

/// Reads a type from its text.
macro_rules! from_text {
    ($type:ty) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

/// A method of HTTP.
pub struct Method(pub http::Method);

impl Default for Method {
    fn default() -> Self {
        Self(http::Method::GET)
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.bytes().all(|byte| byte.is_ascii_uppercase());
        let method = upper.then(|| text.parse().ok()).flatten().map(Self);
        method.ok_or_else(|| format!("`{text}` is no method: expected GET, POST, … in capitals"))
    }
}
from_text!(Method);

/// One status or all of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    /// `201`.
    Code(u16),
    /// `2xx`.
    Class(u16),
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let code = text.parse().ok().filter(|code| (100..600).contains(code)).map(Self::Code);
        let class = || text.strip_suffix("xx")?.parse().ok().filter(|class| (1..6).contains(class));
        code.or_else(|| class().map(Self::Class)).ok_or_else(|| {
            format!("`{text}` is no status: expected a number such as 201, or a class such as 2xx")
        })
    }
}
from_text!(Status);

/// The statuses that are expected.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct StatusSet(OneOrMore<Status>);

impl Default for StatusSet {
    fn default() -> Self {
        Self(OneOrMore(vec![Status::Code(200)]))
    }
}

impl StatusSet {
    /// Whether this status is one of them.
    pub fn holds(&self, status: u16) -> bool {
        self.0.0.iter().any(|one| match one {
            Status::Code(code) => *code == status,
            Status::Class(class) => *class == status / 100,
        })
    }

    /// Whether it names no status at all.
    pub fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, status) in self.0.0.iter().enumerate() {
            out.write_str(if index == 0 { "" } else { " or " })?;
            match status {
                Status::Code(code) => write!(out, "{code}")?,
                Status::Class(class) => write!(out, "{class}xx")?,
            }
        }
        Ok(())
    }
}

/// A regular expression in the syntax of the `regex` crate: no look-around, linear time.
pub struct Pattern(pub Regex);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let last_line =
            |error: regex::Error| error.to_string().lines().last().unwrap_or_default().replace("error: ", "");
        Regex::new(text)
            .map(Self)
            .map_err(|error| format!("`{text}` is no regular expression: {}", last_line(error)))
    }
}
from_text!(Pattern);

/// A query of RFC 9535.
pub struct JsonPath {
    text: String,
    path: serde_json_path::JsonPath,
}

impl FromStr for JsonPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = serde_json_path::JsonPath::parse(text);
        path.map(|path| Self { text: text.to_owned(), path })
            .map_err(|error| format!("`{text}` is no JSONPath (RFC 9535): {error}"))
    }
}
from_text!(JsonPath);

impl JsonPath {
    /// The nodes it finds.
    pub fn find<'v>(&self, value: &'v serde_json::Value) -> NodeList<'v> {
        self.path.query(value)
    }

    /// Whether it can find at most one node, as "singular query" of RFC 9535 (section 2.3.5.1) has it: names and indices only.
    pub fn is_singular(&self) -> bool {
        let (mut quote, mut escaped) = (None, false);
        // Names in quotes may hold anything, so they are left out before the signs of the other selectors are looked for.
        let signs: String = self
            .text
            .chars()
            .filter(|character| {
                if let Some(open) = quote {
                    quote = quote.filter(|_| escaped || *character != open);
                    escaped = *character == '\\' && !escaped;
                    false
                } else {
                    quote = Some(*character).filter(|one| matches!(one, '\'' | '"'));
                    quote.is_none()
                }
            })
            .collect();
        !signs.contains(['*', '?', ':', ',']) && !signs.contains("..")
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// What a JSON value can be; an integer is a number too.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are JSON's own")]
pub enum Type {
    Null,
    Boolean,
    Number,
    Integer,
    String,
    Array,
    Object,
}

/// What must hold of a text; a text in place of the mapping is what it must equal.
#[derive(Default)]
pub struct TextCheck {
    /// The whole text.
    pub equals: Option<Template>,
    /// What the text is not.
    pub not_equals: Option<Template>,
    /// Parts it has.
    pub contains: OneOrMore<Template>,
    /// Parts it has not.
    pub not_contains: OneOrMore<Template>,
    /// What it looks like.
    pub matches: Option<Pattern>,
    /// Whether it is there at all.
    pub exists: Option<bool>,
}

impl TextCheck {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        let some = self.equals.is_some() || self.not_equals.is_some() || self.matches.is_some();
        !some && self.exists.is_none() && self.contains.0.is_empty() && self.not_contains.0.is_empty()
    }

    /// Every text in it that may name a variable.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let one = self.equals.iter().chain(&self.not_equals);
        one.chain(&self.contains.0).chain(&self.not_contains.0)
    }
}

impl<'de> Deserialize<'de> for TextCheck {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        struct Mapping {
            #[serde(default, deserialize_with = "present")]
            equals: Option<Template>,
            #[serde(default, deserialize_with = "present")]
            not_equals: Option<Template>,
            #[serde(default)]
            contains: OneOrMore<Template>,
            #[serde(default)]
            not_contains: OneOrMore<Template>,
            #[serde(default, deserialize_with = "present")]
            matches: Option<Pattern>,
            #[serde(default, deserialize_with = "present")]
            exists: Option<bool>,
        }
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = TextCheck;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text, or a mapping such as `contains: …`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TextCheck, E> {
                let equals = Some(text.parse().map_err(E::custom)?);
                Ok(TextCheck { equals, ..TextCheck::default() })
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<TextCheck, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<TextCheck, M::Error> {
                let Mapping { equals, not_equals, contains, not_contains, matches, exists } =
                    Mapping::deserialize(MapAccessDeserializer::new(map))?;
                Ok(TextCheck { equals, not_equals, contains, not_contains, matches, exists })
            }
        }
        from.deserialize_any(Either)
    }
}
