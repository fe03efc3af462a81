//! Names and labels for people, programs and the next step, by docker/metadata-action's names; never prints.

use std::path::Path;

use ci::{Page, Report};
use serde_json::{Value, json};

use crate::metadata::{
    bake,
    context::{Context, Export},
    plan::Plan,
};

/// The outputs, and the variables that hold the same for the rest of the job.
const NAMES: [(&str, &str); 10] = [
    ("version", "DOCKER_METADATA_OUTPUT_VERSION"),
    ("tags", "DOCKER_METADATA_OUTPUT_TAGS"),
    ("tag-names", "DOCKER_METADATA_OUTPUT_TAG_NAMES"),
    ("labels", "DOCKER_METADATA_OUTPUT_LABELS"),
    ("annotations", "DOCKER_METADATA_OUTPUT_ANNOTATIONS"),
    ("json", "DOCKER_METADATA_OUTPUT_JSON"),
    ("bake-file-tags", "DOCKER_METADATA_OUTPUT_BAKE_FILE_TAGS"),
    ("bake-file-labels", "DOCKER_METADATA_OUTPUT_BAKE_FILE_LABELS"),
    ("bake-file-annotations", "DOCKER_METADATA_OUTPUT_BAKE_FILE_ANNOTATIONS"),
    ("bake-file", "DOCKER_METADATA_OUTPUT_BAKE_FILE"),
];

/// Everything the image is called and says of itself, as the output `json` has it.
pub(crate) fn json(plan: &Plan) -> Value {
    json!({
        "tags": plan.tags,
        "tag-names": plan.names,
        "labels": bake::labels(&plan.labels),
        "annotations": plan.annotations,
    })
}

/// What was worked out: one tag a line, so that a script can read it.
pub(crate) fn computed(plan: Plan, context: &Context, directory: Option<&Path>) -> Report {
    let separators = &context.separators;
    let labels: Vec<String> = plan.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let value = |name: &str| match name {
        "version" => plan.version().unwrap_or_default().to_owned(),
        "tags" => plan.tags.join(&separators.tags),
        "tag-names" => plan.names.join(&separators.tags),
        "labels" => labels.join(&separators.labels),
        "annotations" => plan.annotations.join(&separators.annotations),
        "json" => json(&plan).to_string(),
        file => {
            let file = plan.files.iter().find(|known| known.output == file);
            let path = file.zip(directory).map(|(file, directory)| file.path(directory));
            path.map(|path| path.display().to_string()).unwrap_or_default()
        }
    };
    let mut report = Report::new(Page::new().lines(&plan.tags.join("\n")), json(&plan));
    for (output, variable) in NAMES {
        let value = value(output);
        report = match context.export {
            Export::OutputsAndVariables => report.environment(variable, value.clone()),
            Export::Outputs => report,
        };
        report = report.output(output, value);
    }
    plan.remarks.into_iter().for_each(|remark| report.annotate(remark));
    report
}
