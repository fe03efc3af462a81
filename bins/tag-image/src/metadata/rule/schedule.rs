//! `type=schedule`: a name for what a timer started; never whether it started anything.

use super::{Attributes, Scene, Verdict};
use crate::metadata::{
    expressions::{Dates, Vocabulary},
    template::Template,
    trouble::Trouble,
};

#[derive(Debug)]
pub(super) struct Schedule {
    pub(super) pattern: Template,
}

impl Schedule {
    pub(super) fn read(attributes: &mut Attributes) -> Result<Self, Trouble> {
        let pattern = attributes.take("pattern").unwrap_or_else(|| "nightly".to_owned());
        Ok(Self { pattern: Vocabulary::Dates.template(&pattern, attributes.manner)? })
    }

    pub(super) fn judge(&self, scene: Scene<'_>) -> Result<Verdict, Trouble> {
        if !scene.facts.run.event.contains("schedule") {
            return Ok(Verdict::NotMeant);
        }
        let name = self.pattern.render(&Dates(scene.facts, scene.manner))?;
        Ok(Verdict::Name { name, latest: false })
    }
}
