//! Names, labels and files, worked out from facts alone; never IO, never a clock. Its `Display` is the dry run.

use std::fmt;

use ci::{Annotation, Level};
use contract::Tag;

use crate::{
    metadata::{
        Manner, bake,
        bake::File,
        context::Context,
        error::{At, MetadataError},
        facts::Facts,
        flavor::Latest,
        labels,
        rule::{Scene, Verdict},
        trouble::Trouble,
    },
    name,
};

/// What the image is called and says of itself.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Tags without a repository; the first is the version.
    pub(crate) names: Vec<String>,
    /// Tags with each repository.
    pub(crate) tags: Vec<String>,
    pub(crate) images: Vec<String>,
    pub(crate) labels: Vec<(String, String)>,
    /// With their level, `manifest:name=value`.
    pub(crate) annotations: Vec<String>,
    pub(crate) files: Vec<File>,
    /// What is to be told beside that.
    pub(crate) remarks: Vec<Annotation>,
}

impl Plan {
    /// The first name.
    pub(crate) fn version(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    fn remark(&mut self, level: Level, title: &str, message: String) {
        self.remarks.push(Annotation { level, title: title.to_owned(), message, place: None });
    }
}

/// Works everything out.
///
/// # Errors
/// [`MetadataError`] with the line that can't be followed; in the strict manner also for no names at all.
pub(crate) fn plan(context: &Context, facts: &Facts) -> Result<Plan, MetadataError> {
    let mut plan = Plan { images: context.images.clone(), ..Plan::default() };
    let latest = names(context, facts, &mut plan)?;
    let version = plan.version().map(str::to_owned);
    if version.is_none() {
        if context.manner == Manner::Strict {
            let (event, reference) = (facts.run.event.clone(), facts.run.reference.clone());
            return Err(MetadataError::NoTags { event, reference });
        }
        for what in ["version", "tag"] {
            let message = format!(
                "No Docker {} has been generated. Check tags input.",
                match what {
                    "version" => "image version",
                    tag => tag,
                }
            );
            plan.remark(Level::Warning, "tag-image", message);
        }
    } else if latest {
        add_latest(context, &mut plan)?;
    }
    let prefixes: Vec<String> = match plan.images.len() {
        0 => vec![String::new()],
        _ => plan.images.iter().map(|image| format!("{image}:")).collect(),
    };
    let with = |prefix: &String| plan.names.iter().map(|name| format!("{prefix}{name}")).collect::<Vec<_>>();
    plan.tags = prefixes.iter().flat_map(with).collect();
    let described = |input, lines: &[labels::Line]| {
        labels::all(version.as_deref(), lines, facts, context.manner)
            .map_err(|(number, trouble)| At::new(input, number, &lines[number].text).trouble(trouble))
    };
    plan.labels = described("labels", &context.labels)?;
    let annotations = described("annotations", &context.annotations)?;
    let of_level = |level: &String| {
        annotations.iter().map(|(name, value)| format!("{level}:{name}={value}")).collect::<Vec<_>>()
    };
    plan.annotations = context.levels.iter().flat_map(of_level).collect();
    plan.files = bake::files(&plan, &context.bake_target);
    Ok(plan)
}

/// The names that the rules give, each once, and whether `latest` follows them.
fn names(context: &Context, facts: &Facts, plan: &mut Plan) -> Result<bool, MetadataError> {
    let scene = Scene { facts, manner: context.manner };
    let mut latest = None;
    for (at, rule) in &context.rules {
        let wrong = |trouble| at.clone().trouble(trouble);
        match rule.judge(&context.flavor, scene).map_err(wrong)? {
            Verdict::NotMeant => {}
            Verdict::Nothing(why) => match context.manner {
                Manner::Strict => return Err(wrong(Trouble::Nothing(why))),
                Manner::Compat => plan.remark(Level::Warning, "tag-image", why),
            },
            Verdict::Name { name, latest: follows } => {
                let name = tag(&name, context).map_err(wrong)?;
                latest.get_or_insert(match context.flavor.latest {
                    Latest::Auto => follows,
                    Latest::Always => true,
                    Latest::Never => false,
                });
                if !plan.names.contains(&name) {
                    plan.names.push(name);
                }
            }
        }
    }
    Ok(latest.unwrap_or(false))
}

/// A name as a tag may be written; in the strict manner one that a registry takes and that may be given.
fn tag(name: &str, context: &Context) -> Result<String, Trouble> {
    let name = sanitized(name);
    if context.manner == Manner::Strict {
        name.parse::<Tag>()?;
        if name::is_latest(&name) && context.allow_latest.is_none() {
            return Err(Trouble::Latest(name));
        }
    }
    Ok(name)
}

/// What no tag can hold becomes `-`, several in a row one.
fn sanitized(name: &str) -> String {
    let mut tag = String::new();
    let mut replaced = false;
    for character in name.chars() {
        let kept = character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
        if kept {
            tag.push(character);
        } else if !replaced {
            tag.push('-');
        }
        replaced = !kept;
    }
    tag
}

/// Adds `latest` where it may be given, and says so where nobody asked for it and it may not.
fn add_latest(context: &Context, plan: &mut Plan) -> Result<(), MetadataError> {
    let name = sanitized(&context.flavor.latest_name());
    match (context.manner, &context.allow_latest) {
        (Manner::Compat, _) => plan.names.push(name),
        (Manner::Strict, None) => {
            let message = format!(
                "`{name}` is not given: it names whatever was pushed last. docker/metadata-action would give it."
            );
            plan.remark(Level::Notice, "latest-dropped", message);
        }
        (Manner::Strict, Some(reason)) => {
            let wrong = |error| At::new("flavor", 0, &name).trouble(Trouble::Tag(error));
            name.parse::<Tag>().map_err(wrong)?;
            let message = format!("`{name}` is given although it moves: {reason}");
            if !plan.names.contains(&name) {
                plan.names.push(name);
            }
            plan.remark(Level::Notice, "latest-allowed", message);
        }
    }
    Ok(())
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tags.iter().try_for_each(|tag| writeln!(out, "{tag}"))
    }
}

#[cfg(test)]
mod tests;
