//! `package.json` (docs.npmjs.com, "package.json"): what a JavaScript package says about itself; never what of it is installed.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{Faulty, Licence, Malformed, Package, Part, Purl, PurlType, beside, tree::Files};

/// The file's name.
pub const FILE: &str = "package.json";

/// Dependencies and the ranges they are wanted in.
pub type Ranges = BTreeMap<String, Words>;

/// What a package says about itself.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Its name.
    #[serde(default)]
    pub name: Words,
    /// Its version.
    #[serde(default)]
    pub version: Words,
    /// Its licence: an expression, in old packages an object or a list of them.
    #[serde(default)]
    pub license: Stated,
    /// The same in older packages.
    #[serde(default)]
    pub licenses: Stated,
    /// Patterns of directories with packages of the same tree.
    #[serde(default, deserialize_with = "workspaces")]
    pub workspaces: Vec<String>,
    /// What it needs.
    #[serde(default)]
    pub dependencies: Ranges,
    /// What it needs where it can be had.
    #[serde(default)]
    pub optional_dependencies: Ranges,
    /// What must be there beside it.
    #[serde(default)]
    pub peer_dependencies: Ranges,
    /// What it needs for development only.
    #[serde(default)]
    pub dev_dependencies: Ranges,
}

/// A text, or something else where a text should stand, which counts as none.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Words(pub Option<String>);

impl Words {
    /// The text, unless there is none or an empty one.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Other(IgnoredAny),
        }
        Ok(match Either::deserialize(from)? {
            Either::Text(text) => Self(Some(text)),
            Either::Other(_) => Self(None),
        })
    }
}

/// The keys of a table, whatever stands at them.
#[derive(Default, Debug)]
pub(super) struct Keys(pub Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> Visitor<'de> for Table {
            type Value = Keys;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a map")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Keys, M::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        from.deserialize_map(Table)
    }
}

/// Licences as packages have stated them through the years.
#[derive(Deserialize, Default, Debug)]
#[serde(untagged)]
pub enum Stated {
    /// An expression.
    Text(String),
    /// An object with a `type`.
    Object {
        /// The licence.
        #[serde(rename = "type", default)]
        kind: Words,
    },
    /// Several of either.
    List(Vec<Self>),
    /// Something else.
    Other(IgnoredAny),
    /// Nothing.
    #[default]
    #[serde(skip)]
    Nothing,
}

impl Stated {
    /// All of them.
    pub fn licences(&self) -> Vec<Licence> {
        match self {
            Self::Text(text) => Licence::of(text).into_iter().collect(),
            Self::Object { kind } => kind.text().and_then(Licence::of).into_iter().collect(),
            Self::List(list) => list.iter().flat_map(Self::licences).collect(),
            Self::Other(_) | Self::Nothing => Vec::new(),
        }
    }
}

fn workspaces<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        List(Vec<String>),
        Object {
            #[serde(default)]
            packages: Vec<String>,
        },
        Other(IgnoredAny),
    }
    Ok(match Either::deserialize(from)? {
        Either::List(list) | Either::Object { packages: list } => list,
        Either::Other(_) => Vec::new(),
    })
}

/// Reads the text of a `package.json`.
pub fn read(text: &str) -> Result<Manifest, Malformed> {
    json(text)
}

/// Any JSON, with the line of what is wrong.
pub(super) fn json<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Malformed> {
    serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        let why = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(why, _)| why);
        Malformed { why: why.to_owned(), line: Some(error.line()).filter(|line| *line > 0) }
    })
}

/// The manifest in this directory, relative to the file at `path`; nothing where there is none.
pub(super) fn manifest(path: &str, directory: &str, files: &dyn Files) -> Result<Option<Manifest>, Faulty> {
    let Some(path) = beside(path, &format!("{directory}/{FILE}")) else { return Ok(None) };
    let Some(text) = files.text(&path)? else { return Ok(None) };
    read(&text).map(Some).map_err(|source| Faulty::at(&path, source))
}

impl Manifest {
    /// What it needs where it runs, what it can use, and what must be beside it.
    pub fn needed(&self) -> impl Iterator<Item = (&String, &Words)> {
        self.dependencies.iter().chain(&self.optional_dependencies).chain(&self.peer_dependencies)
    }

    /// The package of the tree that it describes. Without a name it is called by its directory; without that, it is none.
    pub fn member(&self, directory: &str) -> Result<Option<Package>, Malformed> {
        let directory = directory.rsplit('/').find(|part| !matches!(*part, "" | "." | ".."));
        let Some(name) = self.name.text().or(directory) else { return Ok(None) };
        let purl = Purl::new(PurlType::Npm, name)?.version(self.version.text().unwrap_or_default());
        let mut package = Package::member(purl).named(name);
        package.licences.extend(self.license.licences());
        package.licences.extend(self.licenses.licences());
        Ok(Some(package))
    }
}

/// What needs other packages directly: a package of the tree, or the tree itself where its package has no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Needing {
    /// The package at this place.
    Package(usize),
    /// The tree.
    Tree,
}

impl Part {
    /// Notes that one needs another.
    pub(super) fn needs(&mut self, who: Needing, what: usize) {
        match who {
            Needing::Package(place) => self.packages[place].needs.insert(what),
            Needing::Tree => self.tops.insert(what),
        };
    }

    /// Notes that one needs another for development only.
    pub(super) fn needs_in_development(&mut self, who: Needing, what: usize) {
        match who {
            Needing::Package(place) => self.packages[place].development.insert(what),
            Needing::Tree => self.development.insert(what),
        };
    }

    /// Adds the member that a manifest describes, if it describes one.
    pub(super) fn add_member(&mut self, member: Option<Package>) -> Needing {
        member.map_or(Needing::Tree, |member| {
            self.packages.push(member);
            Needing::Package(self.packages.len() - 1)
        })
    }
}

/// The name and the rest of `name@rest`, where a scope's `@` does not count.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, letter)| *letter == '@')?.0;
    Some((&text[..at], &text[at + 1..]))
}

/// Whether a directory is among those that a pattern of workspaces names: `*` is one directory, `**` any number.
pub(super) fn is_workspace(pattern: &str, directory: &str) -> bool {
    fn fits(pattern: &[&str], parts: &[&str]) -> bool {
        match (pattern, parts) {
            ([], []) => true,
            (["**", rest @ ..], _) => {
                fits(rest, parts) || parts.split_first().is_some_and(|(_, parts)| fits(pattern, parts))
            }
            ([one, rest @ ..], [part, parts @ ..]) => one_fits(one, part) && fits(rest, parts),
            _ => false,
        }
    }
    fn one_fits(pattern: &str, part: &str) -> bool {
        match pattern.split_once('*') {
            None => pattern == part,
            Some((before, after)) => {
                let long_enough = part.len() >= before.len() + after.len();
                long_enough && part.starts_with(before) && part.ends_with(after)
            }
        }
    }
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let directory: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    fits(&pattern, &directory)
}

#[cfg(test)]
mod tests;
