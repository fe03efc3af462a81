//! `yarn.lock`: which of its two formats a text is in, and what both leave to `package.json`; the formats themselves are below.

pub mod berry;
pub mod classic;

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use super::{
    Faulty, Malformed, Part,
    package_json::{FILE, Manifest, Needing, is_workspace, manifest},
    tree::Files,
};

/// Reads the text of a lock file.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    if text.lines().any(|line| line.starts_with("__metadata:")) {
        berry::read(path, text, files)
    } else {
        classic::read(path, text, files)
    }
}

/// The packages of the tree: the one beside the lock file, and those in its workspaces, with their manifests.
fn members(path: &str, files: &dyn Files) -> Result<Vec<(String, Manifest)>, Faulty> {
    let Some(root) = manifest(path, ".", files)? else { return Ok(Vec::new()) };
    let directory = path.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
    let below = files
        .manifests()
        .iter()
        .filter_map(|path| path.strip_prefix(&directory)?.strip_suffix(FILE)?.strip_suffix('/'));
    let wanted = |member: &&str| root.workspaces.iter().any(|pattern| is_workspace(pattern, member));
    let directories: Vec<String> = below.filter(wanted).map(str::to_owned).collect();
    let mut members = Vec::with_capacity(directories.len() + 1);
    for directory in directories {
        if let Some(manifest) = manifest(path, &directory, files)? {
            members.push((directory, manifest));
        }
    }
    members.push((".".to_owned(), root));
    Ok(members)
}

/// Adds the packages of the tree to what a lock file lists. `find` gives the place that a name and a range mean.
fn add_members(
    part: &mut Part,
    members: Vec<(String, Manifest)>,
    find: impl Fn(&str, &str) -> Option<usize>,
) -> Result<(), Malformed> {
    let mut needing = Vec::with_capacity(members.len());
    let mut own: HashMap<String, usize> = HashMap::new();
    for (directory, manifest) in members {
        let who = part.add_member(manifest.member(&directory)?);
        if let (Needing::Package(place), Some(name)) = (who, manifest.name.text()) {
            own.insert(name.to_owned(), place);
        }
        needing.push((who, manifest));
    }
    for (who, manifest) in needing {
        let place = |name: &str, range: &str| find(name, range).or_else(|| own.get(name).copied());
        for (name, range) in manifest.needed() {
            if let Some(what) = place(name, range.text().unwrap_or_default()) {
                part.needs(who, what);
            }
        }
        for (name, range) in &manifest.dev_dependencies {
            if let Some(what) = place(name, range.text().unwrap_or_default()) {
                part.needs_in_development(who, what);
            }
        }
    }
    Ok(())
}

/// How deep YAML may go.
const DEPTH_MAX: usize = 64;

/// How many values it may hold: a package is about twenty.
const NODES_MAX: usize = 10_000_000;

/// How many documents a file may hold, where a format has several: pnpm has two.
const DOCUMENTS_MAX: usize = 16;

/// Any YAML of one document, with the line of what is wrong.
pub(super) fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, Malformed> {
    serde_saphyr::from_str_with_options(text, options(1)).map_err(|error| malformed(&error))
}

/// Any YAML of several documents, without those that hold nothing.
pub(super) fn yaml_documents<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, Malformed> {
    serde_saphyr::from_multiple_with_options(text, options(DOCUMENTS_MAX)).map_err(|error| malformed(&error))
}

fn options(documents: usize) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: documents,
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_events: 3 * NODES_MAX,
            max_anchors: 1_000,
            max_aliases: 10_000,
            max_reader_input_bytes: None,
        },
        with_snippet: false,
    }
}

fn malformed(error: &serde_saphyr::Error) -> Malformed {
    let error = error.without_snippet();
    let line = error.location().and_then(|at| usize::try_from(at.line()).ok()).filter(|line| *line > 0);
    let whole = error.to_string();
    let first = whole.lines().next().unwrap_or_default();
    let why = first.split(" at line ").next().unwrap_or(first).to_owned();
    Malformed { why, line }
}

#[cfg(test)]
mod tests;
