//! Where the lists of packages of an image really lie if a link above them leads elsewhere; never what they say.

use std::collections::BTreeMap;

use super::{finding::Wanted, tree::Tree};
use crate::catalog::{apk, dpkg, os_release, rpm};

/// The real places of what is wanted under a name that links lead away from. A directory ends with a slash.
#[derive(Default)]
pub(super) struct Places {
    moved: BTreeMap<String, Wanted>,
}

impl Places {
    /// Whether every list lies where its name says.
    pub(super) fn is_empty(&self) -> bool {
        self.moved.is_empty()
    }

    /// Follows the links as they are now.
    pub(super) fn add(&mut self, tree: &Tree) {
        for (name, wanted) in names() {
            // Nothing lies behind a circle.
            let Ok(mut real) = tree.follow(&name) else { continue };
            if name.ends_with('/') {
                real.push('/');
            }
            if real == name {
                continue;
            }
            // SQLite looks for the logs beside the database itself, not beside a link to it.
            let logs = rpm::logs(&name).map(|log| (log.replacen(&name, &real, 1), Wanted::RpmLog));
            for (real, wanted) in logs.chain([(real.clone(), wanted)]) {
                if Wanted::at(&real) != Some(wanted.clone()) {
                    self.moved.insert(real, wanted);
                }
            }
        }
    }

    /// What is read at a real path.
    pub(super) fn wanted(&self, path: &str) -> Option<Wanted> {
        let moved = |(place, _): &(&String, &Wanted)| match place.strip_suffix('/') {
            Some(_) => path.strip_prefix(place.as_str()).is_some_and(dpkg::is_part),
            None => path == *place,
        };
        self.moved.iter().find(moved).map(|(_, wanted)| wanted.clone()).or_else(|| Wanted::at(path))
    }

    /// Whether such a place lies at or below this path.
    pub(super) fn lead_through(&self, path: &str) -> bool {
        let below = |place: &String| {
            place.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.moved.keys().any(below)
    }
}

/// Whether this is a list of packages of a file system that lies below a directory of this one.
pub(super) fn of_another_root(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    // Of most files the name says enough.
    matches!(
        file,
        "status" | "installed" | "rpmdb.sqlite" | "Packages.db" | "Packages" | "container-manifest-2"
    ) && names().any(|(name, wanted)| {
        wanted.is_database() && path.strip_suffix(name.as_str()).is_some_and(|root| root.ends_with('/'))
    })
}

/// The names of what speaks for the whole image.
fn names() -> impl Iterator<Item = (String, Wanted)> {
    let as_kind = |wanted: Wanted| move |name: &str| (name.to_owned(), wanted.clone());
    [dpkg::STATUS, dpkg::STATUS_DIRECTORY]
        .into_iter()
        .map(as_kind(Wanted::Dpkg))
        .chain(apk::DATABASES.into_iter().map(as_kind(Wanted::Apk)))
        .chain(rpm::databases().map(|name| (name, Wanted::Rpm)))
        .chain([(rpm::MANIFEST.to_owned(), Wanted::RpmManifest)])
        .chain(os_release::PATHS.into_iter().map(as_kind(Wanted::OsRelease)))
}
