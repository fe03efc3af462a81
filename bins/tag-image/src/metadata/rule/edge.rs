//! `type=edge`: the newest state of one branch; never of another one.

use super::{Attributes, Scene, Verdict};

#[derive(Debug)]
pub(super) struct Edge {
    /// The branch, if it is not the default one.
    pub(super) branch: Option<String>,
}

impl Edge {
    pub(super) fn read(attributes: &mut Attributes) -> Self {
        Self { branch: attributes.take("branch").filter(|branch| !branch.is_empty()) }
    }

    pub(super) fn judge(&self, scene: Scene<'_>) -> Verdict {
        let Some(branch) = scene.facts.run.branch() else { return Verdict::NotMeant };
        let edge = self.branch.as_deref().or(scene.facts.repository.default_branch.as_deref());
        match edge {
            Some(edge) if edge == branch => Verdict::Name { name: "edge".to_owned(), latest: false },
            Some(_) => Verdict::NotMeant,
            None => Verdict::Nothing("which branch is the default one is not known".to_owned()),
        }
    }
}
