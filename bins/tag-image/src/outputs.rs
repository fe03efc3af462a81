//! What happened, for people, programs, the next step and the release record; never prints.

use ci::{Page, Report};
use contract::{Component, ImageRef, Release};
use oci::{Platform, Stored};
use serde_json::{Value, json};

use crate::{
    facts::Resolved,
    plan::{Computed, Plan, State, Unpack},
};

/// What the image of a commit is called: one name a line, nothing else, so that a script can read it.
pub(crate) fn computed(computed: &Computed) -> Report {
    let Computed { component, version, image, tags } = computed;
    let names = computed.names();
    let tag = tags.first().map(ToString::to_string).unwrap_or_default();
    let repository = image.as_ref().map(ToString::to_string);
    let data = json!({
        "component": component, "version": version, "image": repository, "tag": tag, "tags": names,
    });
    Report::new(Page::new().lines(&names.join("\n")), data)
        .output("version", version.to_string())
        .output("tag", tag)
        .output("tags", names.join("\n"))
        .output("image", repository.unwrap_or_default())
}

/// The plan, or what was done, as data.
pub(crate) fn json(plan: &Plan) -> Value {
    let step = |step: &crate::plan::Step| json!({"name": step.name.to_string(), "state": step.state.word(), "writes": step.writes});
    json!({
        "component": plan.component,
        "version": plan.version,
        "digest": plan.digest,
        "image": pinned(plan).map(|image| image.to_string()),
        "names": plan.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn pinned(plan: &Plan) -> Option<ImageRef> {
    plan.steps.first().map(|step| step.name.repository.with_digest(plan.digest))
}

/// The names were given.
pub(crate) fn applied(plan: &Plan) -> Report {
    let names: Vec<String> = plan.steps.iter().map(|step| step.name.to_string()).collect();
    let what = plan
        .version
        .as_ref()
        .map_or_else(|| plan.component.to_string(), |version| format!("{} {version}", plan.component));
    let mut page = Page::new();
    for step in &plan.steps {
        let already = if step.state == State::Unchanged { " already" } else { "" };
        page = page.line(format!("{what} is {}{already} ({})", step.name, plan.digest));
    }
    Report::new(page, json(plan))
        .output("digest", plan.digest.to_string())
        .output("image", pinned(plan).map(|image| image.to_string()).unwrap_or_default())
        .output("tags", names.join("\n"))
        .output("tag-state", plan.state().word())
}

/// Adds the component to the record. The first target's repository is where the next steps find it.
pub(crate) fn record(plan: &Plan, mut release: Release, platforms: Vec<Platform>) -> Release {
    let Some(repository) = plan.steps.first().map(|step| step.name.repository.clone()) else {
        return release;
    };
    let known = release.components.get(&plan.component).map(|component| component.digest);
    if known != Some(plan.digest) {
        // It names another set of digests.
        release.manifest = None;
    }
    let new = Component::new(repository.clone(), plan.digest);
    let component = release.components.entry(plan.component.clone()).or_insert(new);
    if component.digest != plan.digest || component.image != repository {
        component.tags.clear();
        component.platforms.clear();
        component.version = None;
    }
    if !platforms.is_empty() {
        component.platforms = platforms;
    }
    component.image = repository;
    component.digest = plan.digest;
    component.version = plan.version.clone().or(component.version.take());
    for step in plan.steps.iter().filter(|step| step.name.repository == component.image) {
        if !component.tags.contains(&step.name.tag) {
            component.tags.push(step.name.tag.clone());
        }
    }
    // A release of one component has its version; one of several keeps the version it was begun with.
    if release.version.is_none() || release.components.len() == 1 {
        release.version = plan.version.clone().or(release.version);
    }
    release
}

/// What carries a name: the digest first, so that a script can read it.
pub(crate) fn resolved(resolved: &Resolved) -> Report {
    let Resolved { image, descriptor, size, platforms, labels, created } = resolved;
    let digest = descriptor.digest;
    let platforms: Vec<String> = platforms.iter().map(Platform::to_string).collect();
    let mut page =
        Page::new().line(image.to_string()).line(format!("{}, {size} bytes", descriptor.media_type));
    if !platforms.is_empty() {
        page = page.line(format!("for {}", platforms.join(", ")));
    }
    if let Some(created) = created {
        page = page.line(format!("created {created}"));
    }
    if !labels.is_empty() {
        page =
            page.table(&["label", "value"], labels.iter().map(|(name, value)| [name.clone(), value.clone()]));
    }
    let data = json!({
        "image": image, "digest": digest, "mediaType": descriptor.media_type, "size": size,
        "platforms": platforms, "labels": labels, "created": created,
    });
    Report::new(page, data).output("digest", digest.to_string()).output("image", image.to_string())
}

/// The plan, or what was done, as data.
pub(crate) fn unpack_json(plan: &Unpack) -> Value {
    json!({"image": plan.image, "to": plan.to.to_string_lossy()})
}

/// The files were written, or were there.
pub(crate) fn unpacked(plan: &Unpack, stored: Stored) -> Report {
    let (verb, state) = match stored {
        Stored::New => ("holds", "new"),
        Stored::AlreadyThere => ("holds already", "unchanged"),
    };
    let mut data = unpack_json(plan);
    data["state"] = state.into();
    let page = Page::new().line(format!("{} {verb} the files of {}", plan.to.display(), plan.image));
    Report::new(page, data).output("image", plan.image.to_string()).output("state", state)
}
