//! `type=semver`: the git tag as a version of semver.org; never of another scheme.

use contract::Version;

use super::{Attributes, Scene, Verdict};
use crate::metadata::{
    Manner,
    expressions::Vocabulary,
    pattern::Pattern,
    template::{Call, Scope, Template},
    trouble::Trouble,
};

#[derive(Debug)]
pub(super) struct Semver {
    pattern: Template,
    pub(super) value: Template,
    within: Option<Pattern>,
}

impl Semver {
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
        let bare = text.trim();
        let Ok(version) = Version::parse(bare.strip_prefix('v').unwrap_or(bare)) else {
            return Ok(Verdict::Nothing(format!(
                "{text} is not a valid semver. More info: https://semver.org/"
            )));
        };
        let raw = self.pattern.is_only("raw");
        if scene.manner == Manner::Strict && !raw {
            if !version.pre.is_empty() {
                return Err(Trouble::PreRelease(version.to_string()));
            }
            if !version.build.is_empty() {
                return Err(Trouble::BuildMetadata(version.to_string()));
            }
        }
        let stable = version.pre.is_empty();
        // Parts of a pre-release would name the release before it is there.
        let pattern = if stable || raw { &self.pattern } else { &Template::parse("{{version}}")? };
        Ok(Verdict::Name { name: pattern.render(&Parts { raw: text, version })?, latest: stable })
    }
}

/// The pattern that finds the version in the git tag of a repository with several components.
pub(super) fn within(attributes: &mut Attributes) -> Result<Option<Pattern>, Trouble> {
    let manner = attributes.manner;
    let text = attributes.take("match").filter(|text| !text.is_empty());
    text.map(|text| Pattern::plain(&text, manner)).transpose()
}

/// The text that should be a version, or why there is none; nothing if the event is about no tag.
pub(super) fn version_text(
    value: &Template,
    within: Option<&Pattern>,
    scene: Scene<'_>,
) -> Result<Option<Result<String, String>>, Trouble> {
    let Some(mut text) = scene.value_or_tag(value)? else { return Ok(None) };
    if let Some(within) = within {
        match within.find(&text)? {
            Some(found) => match found.get(1).copied().flatten() {
                Some(group) => text = group.to_owned(),
                None => {
                    return Err(Trouble::Invalid("`match` has no group, `(…)`, for the version".to_owned()));
                }
            },
            // The action warns, and goes on with the whole text.
            None if scene.manner == Manner::Compat => {}
            None => return Ok(Some(Err(format!("{} does not match {text}.", within.text())))),
        }
    }
    Ok(Some(Ok(text.replace('/', "-"))))
}

fn without_build(version: &Version) -> Version {
    Version { pre: version.pre.clone(), ..Version::new(version.major, version.minor, version.patch) }
}

struct Parts {
    raw: String,
    version: Version,
}

impl Scope for Parts {
    fn value(&self, call: &Call) -> Result<Option<String>, Trouble> {
        let Self { raw, version } = self;
        Ok(Some(match call.name.as_str() {
            "raw" => raw.clone(),
            "version" => without_build(version).to_string(),
            "major" => version.major.to_string(),
            "minor" => version.minor.to_string(),
            "patch" => version.patch.to_string(),
            "prerelease" => version.pre.as_str().replace('.', ","),
            "build" => version.build.as_str().replace('.', ","),
            _ => return Ok(None),
        }))
    }
}
