//! `yarn.lock` of yarn 1 (classic.yarnpkg.com, "yarn.lock"): packages by the patterns that they were asked for with.

use std::collections::HashMap;

use super::{
    super::{
        Faulty, Hash, Malformed, Package, Part, Purl, PurlType, npm::located, package_json::split,
        source::is_repository, tree::Files,
    },
    add_members, members,
};

/// A package of the file.
#[derive(Default)]
struct Entry {
    patterns: Vec<String>,
    line: usize,
    version: String,
    resolved: String,
    integrity: String,
    dependencies: Vec<(String, String)>,
}

/// Reads the text of a lock file; what the tree itself needs stands in its `package.json`.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    let here = |source| Faulty::at(path, source);
    let entries = entries(text).map_err(here)?;
    let mut part = Part::default();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for entry in &entries {
        let package = package(entry).map_err(|error| Malformed { line: Some(entry.line), ..error });
        part.packages.push(package.map_err(here)?);
        places.extend(entry.patterns.iter().map(|pattern| (pattern.as_str(), part.packages.len() - 1)));
    }
    let find = |name: &str, range: &str| places.get(format!("{name}@{range}").as_str()).copied();
    for (place, entry) in entries.iter().enumerate() {
        let needs = entry.dependencies.iter().filter_map(|(name, range)| find(name, range));
        part.packages[place].needs.extend(needs);
    }
    add_members(&mut part, members(path, files)?, find).map_err(here)?;
    Ok(part)
}

fn package(entry: &Entry) -> Result<Package, Malformed> {
    let pattern = entry.patterns.first().map(String::as_str).unwrap_or_default();
    let unnamed = || Malformed::whole(format!("`{pattern}` is no package and range"));
    let (asked, range) = split(pattern).ok_or_else(unnamed)?;
    // Asked for by another name: `mine@npm:theirs@^1.0.0`.
    let name = range.strip_prefix("npm:").map_or(asked, |real| split(real).map_or(real, |(name, _)| name));
    if entry.version.is_empty() {
        return Err(Malformed::whole(format!("`{pattern}` has no version")));
    }
    let (resolved, digits) = entry.resolved.split_once('#').unwrap_or((&entry.resolved, ""));
    let purl = Purl::new(PurlType::Npm, name)?.version(&entry.version);
    // Behind an archive's address stands its hash, behind a repository's the commit.
    let git = is_repository(resolved);
    let mut package = Package::new(located(purl, name, if git { &entry.resolved } else { resolved }));
    if entry.integrity.is_empty() && !git {
        package.hashes.extend(Hash::hex(super::super::Algorithm::Sha1, digits));
    } else if !entry.integrity.is_empty() {
        let why = || Malformed::whole(format!("the integrity of `{pattern}` is none"));
        package.hashes.extend(Hash::integrity(&entry.integrity).ok_or_else(why)?);
    }
    Ok(package.named(name))
}

fn entries(text: &str) -> Result<Vec<Entry>, Malformed> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut in_dependencies = false;
    for (number, whole) in text.lines().enumerate() {
        let line = whole.trim_end();
        let wrong = |why: &str| Malformed::in_line(number + 1, format!("{why}: `{}`", line.trim_start()));
        let pair = |what: &str| pair(line.trim_start()).ok_or_else(|| wrong(what));
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let depth = line.len() - content.len();
        if depth == 0 {
            let patterns = content.strip_suffix(':').and_then(patterns);
            let patterns = patterns.ok_or_else(|| wrong("no package begins like this"))?;
            entries.push(Entry { patterns, line: number + 1, ..Entry::default() });
            in_dependencies = false;
            continue;
        }
        let entry = entries.last_mut().ok_or_else(|| wrong("this belongs to no package"))?;
        match depth {
            2 if content.ends_with(':') => {
                in_dependencies = matches!(content, "dependencies:" | "optionalDependencies:");
            }
            2 => {
                in_dependencies = false;
                let (key, value) = pair("no key and value")?;
                match key.as_str() {
                    "version" => entry.version = value,
                    "resolved" => entry.resolved = value,
                    "integrity" => entry.integrity = value,
                    _ => {}
                }
            }
            4 if in_dependencies => {
                entry.dependencies.push(pair("no name and range")?);
            }
            4 => {}
            _ => return Err(wrong("nothing is indented like this")),
        }
    }
    Ok(entries)
}

/// The patterns that a package was asked for with, `, ` between them.
fn patterns(mut content: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    loop {
        let (one, rest) = match content.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => content.split_at(content.find(", ").unwrap_or(content.len())),
        };
        all.push(one.to_owned());
        if rest.is_empty() {
            return Some(all);
        }
        content = rest.strip_prefix(", ")?;
    }
}

fn pair(content: &str) -> Option<(String, String)> {
    let (key, value) = match content.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => content.split_once(' ')?,
    };
    Some((key.to_owned(), unquoted(value.trim_start())?.to_owned()))
}

/// What stands between the quotes, where there are any; `None` if only one is there, as at the end of a file that was cut.
fn unquoted(text: &str) -> Option<&str> {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"'),
        None => Some(text).filter(|text| !text.is_empty()),
    }
}
