//! Workflows and actions of GitHub (docs.github.com, "Workflow syntax" and "Metadata syntax"): the actions, reusable workflows and images
//! that their `uses` name. They build and test the tree: where it runs, it needs none of them.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use super::{Malformed, Package, Part, Purl, PurlType, Qualifier, yarn::yaml};

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    jobs: BTreeMap<String, Job>,
    runs: Runs,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Job {
    uses: Option<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Runs {
    image: Option<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Uses { uses: String },
    Other(IgnoredAny),
}

/// Reads the text of a workflow or an action.
pub fn read(text: &str) -> Result<Part, Malformed> {
    let file: File = yaml(text)?;
    let (jobs, runs) = (file.jobs.into_values(), file.runs);
    let mut all: Vec<String> =
        runs.image.into_iter().filter(|image| image.starts_with("docker://")).collect();
    let mut steps = runs.steps;
    for job in jobs {
        all.extend(job.uses);
        steps.extend(job.steps);
    }
    all.extend(steps.into_iter().filter_map(|step| match step {
        Step::Uses { uses } => Some(uses),
        Step::Other(_) => None,
    }));
    all.sort();
    all.dedup();
    let mut packages = Vec::new();
    for used in &all {
        let package = package(used).map_err(|error| Malformed::near(text, used, error.why));
        packages.extend(package?);
    }
    Ok(Part { development: (0..packages.len()).collect(), packages, ..Part::default() })
}

/// What `uses` means; nothing for an action of the tree itself.
fn package(used: &str) -> Result<Option<Package>, Malformed> {
    if let Some(image) = used.strip_prefix("docker://") {
        return Ok(Some(Package::new(docker(image)?)));
    }
    if used.starts_with("./") || used.starts_with("../") || used.starts_with('/') {
        return Ok(None);
    }
    let unpinned = || Malformed::whole(format!("`{used}` names no action and version"));
    let (path, version) = used.rsplit_once('@').ok_or_else(unpinned)?;
    let mut parts = path.splitn(3, '/');
    let (Some(owner), Some(name)) = (parts.next(), parts.next()) else { return Err(unpinned()) };
    let purl = Purl::new(PurlType::Github, &format!("{owner}/{name}"))?.version(version);
    let purl = purl.subpath(parts.next().unwrap_or_default());
    Ok(Some(Package::new(purl).named(path)))
}

/// An image by its name at a registry: `host/repository:tag@digest`, Docker's own registry if there is no host.
fn docker(image: &str) -> Result<Purl, Malformed> {
    let (name, digest) = image.split_once('@').map_or((image, ""), |(name, digest)| (name, digest));
    let at = name.rfind(':').filter(|at| !name[*at..].contains('/'));
    let (name, tag) = at.map_or((name, ""), |at| (&name[..at], &name[at + 1..]));
    let is_host = |host: &str| host.contains(['.', ':']) || host == "localhost";
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if is_host(host) => (host, path),
        _ => ("", name),
    };
    let version = if digest.is_empty() { tag } else { digest };
    Ok(Purl::new(PurlType::Docker, path)?.version(version).qualifier(Qualifier::RepositoryUrl, host))
}

#[cfg(test)]
mod tests;
