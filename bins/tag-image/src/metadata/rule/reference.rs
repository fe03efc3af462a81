//! `type=ref`: the branch, the git tag or the pull request by its own name; never a version in it.

use super::{Attributes, Scene, Verdict};
use crate::metadata::trouble::Trouble;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ref {
    Branch,
    Tag,
    PullRequest,
}

impl Ref {
    pub(super) fn read(attributes: &mut Attributes) -> Result<Self, Trouble> {
        match attributes.needed("event")?.as_str() {
            "branch" => Ok(Self::Branch),
            "tag" => Ok(Self::Tag),
            "pr" => Ok(Self::PullRequest),
            other => Err(Trouble::Invalid(format!("`event` is `{other}`, not branch, tag or pr"))),
        }
    }

    pub(super) fn judge(self, scene: Scene<'_>) -> Verdict {
        let run = &scene.facts.run;
        let name = match self {
            Self::Branch => run.branch(),
            Self::Tag => run.tag(),
            Self::PullRequest => run.pull_request(),
        };
        let given = |name: &str| Verdict::Name { name: name.to_owned(), latest: self == Self::Tag };
        name.map_or(Verdict::NotMeant, given)
    }
}
