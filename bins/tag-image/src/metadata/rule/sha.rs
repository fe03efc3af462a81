//! `type=sha`: the commit, short or whole; never a version.

use super::{Attributes, Scene, Verdict};
use crate::metadata::trouble::Trouble;

#[derive(Debug, Clone, Copy)]
pub(super) enum Sha {
    Short,
    Long,
}

impl Sha {
    pub(super) fn read(attributes: &mut Attributes) -> Result<Self, Trouble> {
        match attributes.take("format").as_deref() {
            None | Some("short") => Ok(Self::Short),
            Some("long") => Ok(Self::Long),
            Some(other) => Err(Trouble::Invalid(format!("`format` is `{other}`, not short or long"))),
        }
    }

    pub(super) fn judge(self, scene: Scene<'_>) -> Verdict {
        let run = &scene.facts.run;
        let name = match self {
            Self::Short => run.short_sha(),
            Self::Long => &run.sha,
        };
        match name {
            "" => Verdict::Nothing("the commit is not known".to_owned()),
            name => Verdict::Name { name: name.to_owned(), latest: false },
        }
    }
}
