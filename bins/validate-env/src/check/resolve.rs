//! The value that each variable has in the end, defaults worked out; never what it should be.

use std::collections::HashMap;

use super::given::Layers;
use crate::schema::{Flaw, Schema, Scope, Unanswered};

/// The longest chain of defaults made of each other; each link takes stack.
const CHAIN_MAX: usize = 64;

/// Works values out, each once.
pub(super) struct Resolver<'f> {
    schema: &'f Schema,
    layers: &'f Layers<'f>,
    environment: Option<String>,
    done: HashMap<String, String>,
    /// The defaults that are being worked out.
    chain: Vec<String>,
}

impl<'f> Resolver<'f> {
    /// Values in this environment, if one was typed.
    pub(super) fn new(schema: &'f Schema, layers: &'f Layers<'f>, typed: Option<&str>) -> Self {
        let environment = typed.map(str::to_owned);
        Self { schema, layers, environment, done: HashMap::new(), chain: Vec::new() }
    }

    /// What the variable is: what is given, else its default, else empty.
    pub(super) fn resolve(&mut self, name: &str) -> Result<String, Unanswered> {
        if let Some(given) = self.layers.given(name) {
            return Ok(given.value.to_owned());
        }
        // What was typed says more about the environment than a default does.
        if self.schema.current_environment.as_deref() == Some(name)
            && let Some(environment) = &self.environment
        {
            return Ok(environment.clone());
        }
        if let Some(done) = self.done.get(name) {
            return Ok(done.clone());
        }
        if self.chain.iter().any(|before| before == name) {
            return Err(Unanswered::Flaw(Flaw::Circular(name.to_owned())));
        }
        if self.chain.len() == CHAIN_MAX {
            return Err(Unanswered::Flaw(Flaw::TooMuch(CHAIN_MAX, "defaults made of each other")));
        }
        let schema = self.schema;
        let Some(variable) = schema.variable(name) else { return Ok(String::new()) };
        self.chain.push(name.to_owned());
        let value = variable.default.text(self)?;
        self.chain.pop();
        self.done.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    /// The environment, if anything says which it is.
    pub(super) fn environment_if_known(mut self) -> Option<String> {
        self.environment().ok().map(str::to_owned)
    }
}

impl Scope for Resolver<'_> {
    fn environment(&mut self) -> Result<&str, Unanswered> {
        if self.environment.is_none()
            && let Some(name) = self.schema.current_environment.as_deref()
        {
            let value = self.resolve(name)?;
            self.environment = (!value.is_empty()).then_some(value);
        }
        self.environment.as_deref().ok_or(Unanswered::Environment)
    }

    fn value(&mut self, name: &str) -> Result<String, Unanswered> {
        self.resolve(name)
    }
}
