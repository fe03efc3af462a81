//! `bun.lock`, versions 0 to 2 (bun.com, "Lockfile"): JSON with commas to spare; the binary form that older versions wrote is not read.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Hash, Malformed, Package, Part, Purl, PurlType,
    npm::located,
    package_json::{Manifest, Needing, json, split},
    source,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LockFile {
    lockfile_version: u64,
    workspaces: BTreeMap<String, Manifest>,
    #[serde(default)]
    packages: BTreeMap<String, Vec<Value>>,
}

/// The newest version that is read.
const VERSION_MAX: u64 = 2;

/// Why the binary form is refused.
pub fn binary() -> Malformed {
    Malformed::whole(
        "it is bun's binary form, which only bun reads: `bun install --save-text-lockfile --lockfile-only` writes bun.lock",
    )
}

/// Reads the text of a lock file.
pub fn read(text: &str) -> Result<Part, Malformed> {
    let plain = plain_json(text);
    let file: LockFile = json(&plain)?;
    if file.lockfile_version > VERSION_MAX {
        let why = format!("it has version {}, and 0 to {VERSION_MAX} are read", file.lockfile_version);
        return Err(Malformed::whole(why));
    }
    let near = |key: &str, why: String| Malformed::near(text, &format!("\"{key}\""), why);
    let mut part = Part::default();
    let mut members: HashMap<&str, Needing> = HashMap::new();
    for (directory, manifest) in &file.workspaces {
        members.insert(directory, part.add_member(manifest.member(directory)?));
    }
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut needing: Vec<(&str, Manifest, usize)> = Vec::new();
    for (key, fields) in &file.packages {
        let named = fields.first().and_then(Value::as_str).and_then(split);
        let (name, version) =
            named.ok_or_else(|| near(key, format!("`{key}` names no package and version")))?;
        if let Some(directory) = version.strip_prefix("workspace:") {
            if let Some(Needing::Package(place)) = members.get(directory) {
                places.insert(key, *place);
            }
            continue;
        }
        let package = package(name, version, fields).map_err(|error| near(key, error.why))?;
        let object = fields.iter().find(|field| field.is_object()).cloned().unwrap_or_default();
        let manifest = serde_json::from_value(object).unwrap_or_default();
        part.packages.push(package);
        places.insert(key, part.packages.len() - 1);
        needing.push((key, manifest, part.packages.len() - 1));
    }
    for (key, manifest, place) in &needing {
        let needs = manifest.needed().filter_map(|(name, _)| find(&places, key, name));
        part.packages[*place].needs.extend(needs);
    }
    for (directory, manifest) in &file.workspaces {
        let Some(who) = members.get(directory.as_str()).copied() else { continue };
        let from = manifest.name.text().unwrap_or_default();
        for (name, _) in manifest.needed() {
            if let Some(what) = find(&places, from, name) {
                part.needs(who, what);
            }
        }
        for name in manifest.dev_dependencies.keys() {
            if let Some(what) = find(&places, from, name) {
                part.needs_in_development(who, what);
            }
        }
    }
    Ok(part)
}

/// What the package at a key finds by this name: below itself, else below each that it is in.
fn find(places: &HashMap<&str, usize>, from: &str, name: &str) -> Option<usize> {
    let mut below = from;
    while !below.is_empty() {
        if let Some(place) = places.get(format!("{below}/{name}").as_str()) {
            return Some(*place);
        }
        below = below.rsplit_once('/').map_or("", |(above, _)| above);
    }
    places.get(name).copied()
}

fn package(name: &str, version: &str, fields: &[Value]) -> Result<Package, Malformed> {
    let purl = Purl::new(PurlType::Npm, name)?;
    let text = |place: usize| fields.get(place).and_then(Value::as_str).unwrap_or_default();
    let mut package = if version.starts_with(|one: char| one.is_ascii_digit()) {
        let purl = purl.version(version);
        Package::new(if text(1).is_empty() { purl } else { located(purl, name, text(1)) })
    } else if source::is_repository(version) {
        let (url, commit) = version.split_once('#').unwrap_or((version, ""));
        Package::new(source::from_git(purl, url, commit))
    } else if version.starts_with("link:") || version.starts_with("file:") || version.starts_with("root:") {
        Package::member(purl)
    } else {
        Package::new(source::from_archive(purl, version))
    };
    let last = fields.last().and_then(Value::as_str).unwrap_or_default();
    if last.starts_with("sha") {
        let why = || Malformed::whole(format!("the integrity of {name} is none"));
        package.hashes.extend(Hash::integrity(last).ok_or_else(why)?);
    }
    Ok(package.named(name))
}

/// The same text as JSON: comments and commas before a closing bracket become spaces, so that every line stays where it is.
fn plain_json(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut comma = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b'"' => {
                comma = None;
                at += 1;
                while let Some(inside) = bytes.get(at).copied().filter(|inside| *inside != b'"') {
                    at += if inside == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                let closed = bytes[at + 1] == b'*';
                let end =
                    if closed { text[at + 2..].find("*/").map(|end| end + 4) } else { text[at..].find('\n') };
                let end = end.map_or(bytes.len(), |end| at + end);
                bytes[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
                at = end;
                continue;
            }
            b',' => comma = Some(at),
            b']' | b'}' => {
                if let Some(place) = comma.take() {
                    bytes[place] = b' ';
                }
            }
            _ if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests;
