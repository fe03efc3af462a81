//! `type=match`: what a pattern finds in the git tag; never a version with a meaning.

use super::{Attributes, Scene, Verdict};
use crate::metadata::{pattern::Pattern, template::Template, trouble::Trouble};

#[derive(Debug)]
pub(super) struct Match {
    pattern: Pattern,
    /// As it was typed: `01` is a number, and names no group.
    group: String,
    pub(super) value: Template,
}

impl Match {
    pub(super) fn read(attributes: &mut Attributes) -> Result<Self, Trouble> {
        let pattern = Pattern::with_flags(&attributes.needed("pattern")?, attributes.manner)?;
        let group = attributes.take("group").unwrap_or_else(|| "0".to_owned());
        if group.parse::<f64>().is_err() {
            return Err(Trouble::Invalid(format!("`group` is `{group}`, which is no number")));
        }
        Ok(Self { pattern, group, value: attributes.template("value")?.unwrap_or_default() })
    }

    pub(super) fn judge(&self, scene: Scene<'_>) -> Result<Verdict, Trouble> {
        let Some(text) = scene.value_or_tag(&self.value)? else { return Ok(Verdict::NotMeant) };
        let pattern = self.pattern.text();
        let Some(groups) = self.pattern.find(&text)? else {
            return Ok(Verdict::Nothing(format!("{pattern} does not match {text}.")));
        };
        let number = self.group.parse::<usize>().ok().filter(|number| number.to_string() == self.group);
        let group = number.and_then(|number| groups.get(number).copied().flatten());
        Ok(group.map_or_else(
            || Verdict::Nothing(format!("Group {} does not exist for {pattern} pattern.", self.group)),
            |name| Verdict::Name { name: name.to_owned(), latest: true },
        ))
    }
}
