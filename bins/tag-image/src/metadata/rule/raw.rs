//! `type=raw`: a name that somebody chose; never one that is found.

use super::{Attributes, Scene, Verdict};
use crate::metadata::{template::Template, trouble::Trouble};

#[derive(Debug)]
pub(super) struct Raw {
    pub(super) value: Template,
}

impl Raw {
    pub(super) fn read(attributes: &mut Attributes) -> Result<Self, Trouble> {
        let value = attributes.template("value")?;
        value
            .map(|value| Self { value })
            .ok_or_else(|| Trouble::Invalid("the attribute `value` is missing".to_owned()))
    }

    pub(super) fn judge(&self, scene: Scene<'_>) -> Result<Verdict, Trouble> {
        Ok(Verdict::Name { name: scene.render(&self.value)?, latest: false })
    }
}
