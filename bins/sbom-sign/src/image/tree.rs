//! What the layers of an image leave behind: the findings by path, as whiteouts, links and files in the way of others decide (OCI image
//! specification 1.1, "Layer Changesets"); never the paths of anything else, so that memory does not grow with the image.

use std::collections::BTreeMap;

use contract::Digest;

use super::finding::Finding;

/// How many symbolic links are kept. They decide what a path means.
const LINKS_MAX: usize = 100_000;
/// How many bytes their paths and targets may have together.
const LINK_BYTES_MAX: usize = 32 << 20;
/// How deep a link may lie to be kept. Deeper ones are links of single packages.
const LINK_LEVELS_MAX: usize = 6;
/// How many links one path may lead through, as in Linux (path_resolution(7)).
const STEPS_MAX: usize = 40;

/// Whether what a later layer removes is told as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// What is in the final file system.
    #[default]
    Squashed,
    /// What is in any layer.
    AllLayers,
}

/// A finding and where it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What.
    pub finding: Finding,
    /// Its path.
    pub path: String,
    /// The layer.
    pub layer: Digest,
    /// How many bytes it takes, more or less.
    pub bytes: u64,
}

/// The findings of the layers so far.
pub struct Tree {
    scope: Scope,
    layer: usize,
    found: BTreeMap<String, (usize, Found)>,
    links: BTreeMap<String, (usize, String)>,
    /// How many bytes the paths and targets of the links have.
    link_bytes: usize,
    removed: Vec<Found>,
}

/// A path that leads nowhere: its links go in a circle, or out of the image.
#[derive(Debug, PartialEq, Eq)]
pub struct Circle;

/// More links than are kept.
#[derive(Debug, PartialEq, Eq)]
pub struct TooManyLinks;

impl Tree {
    /// Of no layers.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            layer: 0,
            found: BTreeMap::new(),
            links: BTreeMap::new(),
            link_bytes: 0,
            removed: Vec::new(),
        }
    }

    /// Another layer begins.
    pub fn next_layer(&mut self) {
        self.layer += 1;
    }

    /// The real path of what this entry is: links above it are followed, it itself is not.
    pub fn real(&self, path: &str) -> Result<String, Circle> {
        match path.rsplit_once('/') {
            Some((parent, name)) if !self.links.is_empty() => {
                let parent = self.follow(parent)?;
                Ok(if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") })
            }
            _ => Ok(path.to_owned()),
        }
    }

    /// Where this path leads if all links are followed.
    pub fn follow(&self, path: &str) -> Result<String, Circle> {
        let mut left: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut real = String::with_capacity(path.len());
        let mut steps = 0;
        while let Some(part) = left.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    real.truncate(real.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let parent = real.len();
            if parent > 0 {
                real.push('/');
            }
            real.push_str(&part);
            if let Some((_, target)) = self.links.get(&real) {
                steps += 1;
                if steps > STEPS_MAX {
                    return Err(Circle);
                }
                real.truncate(if target.starts_with('/') { 0 } else { parent });
                left.extend(target.rsplit('/').map(str::to_owned));
            }
        }
        Ok(real)
    }

    /// What was found at a real path.
    pub fn at(&self, path: &str) -> Option<&Found> {
        self.found.get(path).map(|(_, found)| found)
    }

    /// A file or a link is at a real path: what was there, and below it, is gone.
    pub fn replace(&mut self, path: &str) {
        self.forget(path, usize::MAX);
        self.forget_below(path, usize::MAX);
    }

    /// A directory is at a real path: a file or a link that was there is gone.
    pub fn directory(&mut self, path: &str) {
        self.forget(path, usize::MAX);
    }

    /// What lower layers have at a real path, and below it, is gone.
    pub fn remove(&mut self, path: &str) {
        self.forget(path, self.layer);
        self.forget_below(path, self.layer);
    }

    /// What lower layers have below a real path is gone.
    pub fn empty(&mut self, path: &str) {
        self.forget_below(path, self.layer);
    }

    /// Keeps a finding.
    pub fn insert(&mut self, found: Found) {
        self.found.insert(found.path.clone(), (self.layer, found));
    }

    /// Keeps a symbolic link.
    pub fn link(&mut self, path: &str, target: &str) -> Result<(), TooManyLinks> {
        if path.bytes().filter(|byte| *byte == b'/').count() >= LINK_LEVELS_MAX {
            return Ok(());
        }
        self.unlink(path);
        let bytes = path.len() + target.len();
        if self.links.len() >= LINKS_MAX || self.link_bytes + bytes > LINK_BYTES_MAX {
            return Err(TooManyLinks);
        }
        self.link_bytes += bytes;
        self.links.insert(path.to_owned(), (self.layer, target.to_owned()));
        Ok(())
    }

    fn unlink(&mut self, path: &str) {
        if let Some((_, target)) = self.links.remove(path) {
            self.link_bytes -= path.len() + target.len();
        }
    }

    /// The target of the link at a real path.
    pub fn target(&self, path: &str) -> Option<&str> {
        self.links.get(path).map(|(_, target)| target.as_str())
    }

    /// All findings that count, in the order of their paths, then those that a later layer has removed.
    pub fn findings(&self) -> impl Iterator<Item = &Found> {
        self.found.values().map(|(_, found)| found).chain(&self.removed)
    }

    fn forget(&mut self, path: &str, before: usize) {
        if self.links.get(path).is_some_and(|(layer, _)| *layer < before) {
            self.unlink(path);
        }
        if self.found.get(path).is_some_and(|(layer, _)| *layer < before)
            && let Some((layer, found)) = self.found.remove(path)
        {
            self.keep_removed(layer, found);
        }
    }

    /// What one layer holds twice is not two findings.
    fn keep_removed(&mut self, layer: usize, found: Found) {
        if self.scope == Scope::AllLayers && layer < self.layer {
            self.removed.push(found);
        }
    }

    fn forget_below(&mut self, path: &str, before: usize) {
        let start = if path.is_empty() { String::new() } else { format!("{path}/") };
        let below = |path: &&String| path.starts_with(&start);
        let found = self.found.range(start.clone()..).map(|(path, _)| path).take_while(below);
        let links = self.links.range(start.clone()..).map(|(path, _)| path).take_while(below);
        for path in found.chain(links).cloned().collect::<Vec<_>>() {
            self.forget(&path, before);
        }
    }
}

#[cfg(test)]
mod tests;
