//! Definitions for `docker buildx bake` (docs.docker.com, "Bake file reference"), and where they lie; never the outputs.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use crate::metadata::plan::Plan;

/// One definition.
#[derive(Debug)]
pub(crate) struct File {
    /// The output that names it.
    pub(crate) output: &'static str,
    pub(crate) content: Value,
}

/// The four definitions.
pub(crate) fn files(plan: &Plan, target: &str) -> Vec<File> {
    let mut args = json!({"DOCKER_META_IMAGES": plan.images.join(",")});
    if let Some(version) = plan.version() {
        args["DOCKER_META_VERSION"] = version.into();
    }
    let labels = labels(&plan.labels);
    let of_target = |content: Value| {
        let targets: Map<String, Value> = [(target.to_owned(), content)].into_iter().collect();
        json!({"target": targets})
    };
    [
        ("bake-file-tags", json!({"tags": plan.tags, "args": args})),
        ("bake-file-labels", json!({"labels": labels})),
        ("bake-file-annotations", json!({"annotations": plan.annotations})),
        ("bake-file", json!({"tags": plan.tags, "labels": labels, "args": args})),
    ]
    .map(|(output, content)| File { output, content: of_target(content) })
    .into()
}

/// Labels as JSON. A value ends with its first line there.
pub(crate) fn labels(labels: &[(String, String)]) -> Map<String, Value> {
    let first_line =
        |value: &str| value.split(['\n', '\r', '\u{2028}', '\u{2029}']).next().unwrap_or_default().to_owned();
    labels.iter().map(|(name, value)| (name.clone(), first_line(value).into())).collect()
}

/// Where the definitions of a plan lie: a directory named after what they say, so that two steps of a job don't share one
/// and a second run finds its own.
pub(crate) fn directory(temp: &Path, files: &[File]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.content.to_string().hash(&mut hasher);
    }
    temp.join(format!("tag-image-{:016x}", hasher.finish()))
}

impl File {
    /// The file in that directory.
    pub(crate) fn path(&self, directory: &Path) -> PathBuf {
        directory
            .join(format!("docker-metadata-action-{}.json", self.output.replacen("bake-file", "bake", 1)))
    }
}
