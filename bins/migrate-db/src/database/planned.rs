//! How a database would answer a query: over which indexes, and which tables it would read as a whole; never runs the query.

use std::collections::BTreeSet;

use serde_json::Value;

/// What a plan says.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Planned {
    /// The indexes that it uses.
    pub indexes: BTreeSet<String>,
    /// The tables that it reads from their beginning to their end.
    pub whole: BTreeSet<String>,
    /// Whether the table of the index that was asked for is so small that any plan reads it as a whole, and this one was made without
    /// that way.
    pub regard: Regard,
}

/// Under which conditions a plan was made.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Regard {
    /// As any other query.
    #[default]
    AsIs,
    /// Reading a table as a whole was left out, because it is small.
    Small,
}

impl Planned {
    /// In words.
    pub fn words(&self) -> String {
        let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let indexes = match self.indexes.len() {
            0 => "no index".to_owned(),
            1 => format!("index {}", list(&self.indexes)),
            _ => format!("indexes {}", list(&self.indexes)),
        };
        let whole =
            if self.whole.is_empty() { String::new() } else { format!(", all of {}", list(&self.whole)) };
        let small = match self.regard {
            Regard::AsIs => "",
            Regard::Small => " (the table is small: planned without reading it as a whole)",
        };
        format!("{indexes}{whole}{small}")
    }

    /// Takes each object of a plan in JSON, however deep it lies.
    pub(super) fn of_json(text: &str, look: &impl Fn(&Value, &mut Self)) -> Result<Self, serde_json::Error> {
        fn enter(value: &Value, look: &impl Fn(&Value, &mut Planned), planned: &mut Planned) {
            match value {
                Value::Object(fields) => {
                    look(value, planned);
                    fields.values().for_each(|field| enter(field, look, planned));
                }
                Value::Array(items) => items.iter().for_each(|item| enter(item, look, planned)),
                _ => {}
            }
        }
        let mut planned = Self::default();
        enter(&serde_json::from_str(text)?, look, &mut planned);
        Ok(planned)
    }
}

/// A text of an object.
pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}
