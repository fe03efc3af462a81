//! The values a run knows by name and how each is written where it is put; never where in a suite.

use std::{borrow::Cow, cell::Cell, collections::BTreeMap};

use contract::Digest;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::template::Template;

/// All but RFC 3986's unreserved characters: a value stays within its segment or parameter.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The variables of one suite's run.
pub struct Variables {
    values: BTreeMap<String, Value>,
    seed: [u8; 16],
    made: Cell<u64>,
    begun: Timestamp,
}

/// A template can't be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfilled {
    /// The variable has no value: the step that captures it did not pass.
    #[error("`{0}` has no value")]
    Missing(String),
    /// The value would name another directory.
    #[error("`{0}` is `.` or `..`, which can't be a part of a path")]
    DotSegment(String),
}

impl Variables {
    /// No variables but `uuid`, made from the seed, and `timestamp`, the start of the run in seconds since 1970.
    pub fn new(seed: [u8; 16], begun: Timestamp) -> Self {
        Self { values: BTreeMap::new(), seed, made: Cell::new(0), begun }
    }

    /// Keeps a value, in place of an earlier one of this name.
    pub fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Whether this name has a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        match name {
            "uuid" => Some(Cow::Owned(Value::String(self.uuid()))),
            "timestamp" => Some(Cow::Owned(self.begun.as_second().into())),
            name => self.values.get(name).map(Cow::Borrowed),
        }
    }

    /// A new UUID of version 4 (RFC 9562, section 5.4) each time.
    fn uuid(&self) -> String {
        let number = self.made.replace(self.made.get() + 1);
        let mut bytes = self.seed.to_vec();
        bytes.extend(number.to_le_bytes());
        let mut hex = Digest::of(&bytes).hex();
        hex.replace_range(12..13, "4");
        hex.replace_range(16..17, "a");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]].join("-")
    }

    /// The text with the values as they are.
    pub fn text(&self, template: &Template) -> Result<String, Unfilled> {
        let missing = |name: &str| Unfilled::Missing(name.to_owned());
        template.fill(|name| self.get(name).map(|value| plain(&value).into())).map_err(missing)
    }

    /// The text with the values written as parts of a path or query.
    pub fn path(&self, template: &Template) -> Result<String, Unfilled> {
        let value = |name: &str| self.get(name).map(|value| plain(&value));
        if let Some(name) =
            template.variables().find(|name| matches!(value(name).as_deref(), Some("." | "..")))
        {
            return Err(Unfilled::DotSegment(name.to_owned()));
        }
        let encoded = |text: String| utf8_percent_encode(&text, IN_PATH).to_string().into();
        template.fill(|name| value(name).map(encoded)).map_err(|name| Unfilled::Missing(name.to_owned()))
    }

    /// The value with every text in it filled in; a text that is one variable and nothing else takes that one's type.
    pub fn json(&self, value: &Value) -> Result<Value, Unfilled> {
        Ok(match value {
            Value::String(text) => match text.parse::<Template>() {
                Ok(template) => match template.alone() {
                    Some(name) => {
                        let missing = || Unfilled::Missing(name.to_owned());
                        self.get(name).ok_or_else(missing)?.into_owned()
                    }
                    None => Value::String(self.text(&template)?),
                },
                // The check of the suite has refused it before any run.
                Err(_) => value.clone(),
            },
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.json(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let filled = members.iter().map(|(name, member)| Ok((name.clone(), self.json(member)?)));
                Value::Object(filled.collect::<Result<_, _>>()?)
            }
            other => other.clone(),
        })
    }
}

/// A value as text: a string without quotes, everything else as JSON.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::new([7; 16], Timestamp::UNIX_EPOCH);
        variables.set("id", json!(5));
        variables.set("name", json!("a b/../ä\"?&="));
        variables.set("up", json!(".."));
        variables
    }

    #[test]
    fn a_value_stays_where_it_is_put() {
        let path = |text: &str| variables().path(&text.parse().unwrap());
        assert_eq!(path("/u/${id}?q=${name}").unwrap(), "/u/5?q=a%20b%2F..%2F%C3%A4%22%3F%26%3D");
        assert_eq!(path("/u/${up}"), Err(Unfilled::DotSegment("up".into())));
        assert_eq!(path("/u/${none}"), Err(Unfilled::Missing("none".into())));
        let body = json!({"id": "${id}", "text": "<${id}>", "deep": [{"name": "${name}"}], "n": 1});
        assert_eq!(
            variables().json(&body).unwrap(),
            json!({"id": 5, "text": "<5>", "deep": [{"name": "a b/../ä\"?&="}], "n": 1})
        );
    }

    #[test]
    fn every_uuid_is_another_and_has_version_4() {
        let (variables, template) = (variables(), "${uuid}".parse().unwrap());
        let made: Vec<String> = (0..100).map(|_| variables.text(&template).unwrap()).collect();
        let distinct: std::collections::BTreeSet<_> = made.iter().collect();
        assert_eq!(distinct.len(), 100);
        let form = regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
            .unwrap();
        assert!(made.iter().all(|uuid| form.is_match(uuid)), "{made:?}");
    }
}
