//! `type=pep440`: the git tag as a version of Python's PEP 440; never of another scheme.

use std::str::FromStr;

use pep440_rs::Version;

use super::{
    Attributes, Scene, Verdict,
    semver::{version_text, within},
};
use crate::metadata::{
    Manner,
    expressions::Vocabulary,
    pattern::Pattern,
    template::{Call, Scope, Template},
    trouble::Trouble,
};

#[derive(Debug)]
pub(super) struct Pep440 {
    pattern: Template,
    pub(super) value: Template,
    within: Option<Pattern>,
}

impl Pep440 {
    pub(super) fn read(attributes: &mut Attributes) -> Result<Self, Trouble> {
        let pattern = attributes.needed("pattern")?;
        Ok(Self {
            pattern: Vocabulary::Version.template(&pattern, attributes.manner)?,
            value: attributes.template("value")?.unwrap_or_default(),
            within: within(attributes)?,
        })
    }

    pub(super) fn judge(&self, scene: Scene<'_>) -> Result<Verdict, Trouble> {
        let Some(text) = version_text(&self.value, self.within.as_ref(), scene)? else {
            return Ok(Verdict::NotMeant);
        };
        let text = match text {
            Ok(text) => text,
            Err(why) => return Ok(Verdict::Nothing(why)),
        };
        let Ok(version) = Version::from_str(&text) else {
            let why = format!(
                "{text} does not conform to PEP 440. More info: https://www.python.org/dev/peps/pep-0440"
            );
            return Ok(Verdict::Nothing(why));
        };
        let raw = self.pattern.is_only("raw");
        let stable = !version.any_prerelease() && !version.is_post();
        if scene.manner == Manner::Strict && !raw {
            self.check(&version)?;
        }
        let name = match (stable, raw) {
            (true, _) => self.pattern.render(&Parts { raw: text, version })?,
            (false, true) => text,
            (false, false) => version.to_string(),
        };
        Ok(Verdict::Name { name, latest: stable })
    }
}

impl Pep440 {
    /// Refuses what would become another name than the pattern says.
    fn check(&self, version: &Version) -> Result<(), Trouble> {
        if version.any_prerelease() {
            return Err(Trouble::PreRelease(version.to_string()));
        }
        if version.is_local() {
            return Err(Trouble::BuildMetadata(version.to_string()));
        }
        if version.is_post() && !self.pattern.is_only("version") {
            let why =
                format!("{version} is a post-release, which only {{{{version}}}} and {{{{raw}}}} can name");
            return Err(Trouble::Nothing(why));
        }
        Ok(())
    }
}

struct Parts {
    raw: String,
    version: Version,
}

impl Scope for Parts {
    fn value(&self, call: &Call) -> Result<Option<String>, Trouble> {
        let part = |at: usize| self.version.release().get(at).copied().unwrap_or(0).to_string();
        Ok(Some(match call.name.as_str() {
            "raw" => self.raw.clone(),
            "version" => self.version.to_string(),
            "major" => part(0),
            "minor" => part(1),
            "patch" => part(2),
            _ => return Ok(None),
        }))
    }
}
