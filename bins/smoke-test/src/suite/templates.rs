//! Every text of a step that may name a variable, in one place, so that the check before a run and the run see the same ones.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::Value;
use serde_saphyr::Location;

use super::{Entries, Step};
use crate::template::{InvalidTemplate, Template};

/// A template of the file, or one made of a text within a JSON value.
type Found<'s> = Result<Cow<'s, Template>, InvalidTemplate>;

impl Step {
    /// All of them, each with its place.
    pub(super) fn templates(&self) -> Vec<(Location, Found<'_>)> {
        let request = &self.request;
        let mut found = vec![(request.path.referenced, Ok(Cow::Borrowed(&request.path.value)))];
        let listed = request.query.iter().chain(request.headers.iter());
        let listed = listed.chain(request.form.iter().flat_map(Entries::iter)).map(|(_, value)| value);
        for value in listed.chain(&request.body) {
            found.push((value.referenced, Ok(Cow::Borrowed(&value.value))));
        }
        if let Some(json) = &request.json {
            found.extend(within(&json.value).into_iter().map(|template| (json.referenced, template)));
        }
        let expect = &self.expect;
        for check in expect.headers.iter().map(|(_, check)| check).chain(&expect.body) {
            let templates = check.value.templates();
            found.extend(templates.map(|template| (check.referenced, Ok(Cow::Borrowed(template)))));
        }
        for check in &expect.json {
            let values = [&check.value.equals, &check.value.not_equals, &check.value.contains];
            let templates = values.into_iter().flatten().flat_map(within);
            found.extend(templates.map(|template| (check.referenced, template)));
        }
        found
    }

    /// The names of the variables that it needs.
    pub fn needs(&self) -> BTreeSet<String> {
        let templates = self.templates().into_iter().filter_map(|(_, template)| template.ok());
        templates.flat_map(|template| template.variables().map(str::to_owned).collect::<Vec<_>>()).collect()
    }
}

/// The templates in the texts of a JSON value; the names of members are not templates.
pub(super) fn within(value: &Value) -> Vec<Found<'_>> {
    match value {
        Value::String(text) => vec![text.parse().map(Cow::Owned)],
        Value::Array(items) => items.iter().flat_map(within).collect(),
        Value::Object(members) => members.values().flat_map(within).collect(),
        _ => Vec::new(),
    }
}
