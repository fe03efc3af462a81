//! What is given for each variable, and by whom: the files over each other, and the process over them; never the schema's defaults.

use std::collections::HashMap;

use super::Where;
use crate::facts::Facts;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Given<'f> {
    pub(super) value: &'f str,
    pub(super) at: Where,
}

/// The value that wins, for each name.
pub(super) struct Layers<'f>(HashMap<&'f str, Given<'f>>);

impl<'f> Layers<'f> {
    /// Lays the sources over each other.
    pub(super) fn of(facts: &'f Facts) -> Self {
        let mut layers = HashMap::new();
        for file in &facts.files {
            for entry in &file.entries {
                let Some(value) = entry.value.text() else { continue };
                let at = Where::Line(file.path.clone(), entry.line);
                layers.insert(entry.name.as_str(), Given { value, at });
            }
        }
        for (name, value) in &facts.process {
            // GitHub passes an unset secret as an empty variable: it takes nothing away from a file.
            if !value.is_empty() || !layers.contains_key(name.as_str()) {
                layers.insert(name.as_str(), Given { value, at: Where::Process });
            }
        }
        Self(layers)
    }

    /// What is given for this name.
    pub(super) fn given(&self, name: &str) -> Option<&Given<'f>> {
        self.0.get(name)
    }
}
