//! Goes through the layers of an image, each once, and reads what is wanted; what can only be understood as a whole is read in a second
//! pass. Nothing is written, and nothing but what was read is kept.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
};

use contract::Digest;
use oci::{Allowance, Descriptor, Entry, EntryKind, OciError, Repository};

use super::{
    Unreadable,
    finding::{Finding, Wanted},
    tree::{Found, Scope, Tree},
};
use crate::catalog::{
    Malformed, auditable,
    elf::{self, Elf, Sight},
    go_binary,
};

/// How long a program may be that has to be read as a whole, in bytes.
const PROGRAM_BYTES_MAX: u64 = 256 << 20;

/// What a file of a second pass is.
enum Again {
    /// A program that was not understood from pieces.
    Program,
    /// What a hard link at these paths is.
    Linked(Vec<(String, Wanted)>),
}

/// Reads all layers.
pub fn read(from: &dyn Repository, layers: &[Descriptor], scope: Scope) -> Result<Tree, Unreadable> {
    let mut allowance = Allowance::default();
    let mut walk =
        Walk { tree: Tree::new(scope), layer: Digest::of(&[]), again: BTreeMap::new(), linked: Vec::new() };
    for layer in layers {
        walk.layer = layer.digest;
        walk.tree.next_layer();
        oci::read_layer(from, layer, &mut allowance, &mut |entry| walk.entry(entry))?;
        let again = std::mem::take(&mut walk.again);
        if !again.is_empty() {
            oci::read_layer(from, layer, &mut allowance, &mut |entry| walk.again(entry, &again))?;
            walk.all_linked(&again)?;
        }
    }
    walk.no_database_elsewhere()?;
    Ok(walk.tree)
}

struct Walk {
    tree: Tree,
    layer: Digest,
    again: BTreeMap<String, Again>,
    /// Databases that are symbolic links.
    linked: Vec<String>,
}

impl Walk {
    fn entry(&mut self, entry: &mut Entry<'_>) -> Result<(), Unreadable> {
        let Ok(path) = self.tree.real(&entry.path) else {
            // Nothing can be below a circle of links, so nothing that is there is hidden.
            return Ok(());
        };
        match &entry.kind {
            EntryKind::Directory => self.tree.directory(&path),
            EntryKind::Removed => self.tree.remove(&path),
            EntryKind::Emptied => self.tree.empty(&path),
            EntryKind::Special => self.tree.replace(&path),
            EntryKind::SymbolicLink(target) => {
                let target = target.clone();
                self.tree.replace(&path);
                let full = |_| Unreadable::TooManyLinks { layer: self.layer };
                self.tree.link(&path, &target).map_err(full)?;
                if Wanted::at(&path).is_some_and(|wanted| wanted.is_database()) {
                    self.linked.push(path);
                }
            }
            EntryKind::HardLink(target) => {
                let target = target.clone();
                self.hard_link(path, &target);
            }
            EntryKind::File => {
                self.again.remove(&path);
                self.tree.replace(&path);
                self.file(entry, path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, entry: &mut Entry<'_>, path: String) -> Result<(), Unreadable> {
        let finding = if let Some(wanted) = Wanted::at(&path) {
            self.read(entry, &path, &wanted)?
        } else {
            match self.program(entry)? {
                Sight::There(finding) => Some(finding),
                Sight::Absent => None,
                Sight::Unseen => {
                    self.again.insert(path, Again::Program);
                    return Ok(());
                }
            }
        };
        if let Some(finding) = finding {
            self.tree.insert(Found { finding, path, layer: self.layer });
        }
        Ok(())
    }

    /// Reads a wanted file.
    fn read(
        &self,
        entry: &mut Entry<'_>,
        path: &str,
        wanted: &Wanted,
    ) -> Result<Option<Finding>, Unreadable> {
        let limit = wanted.bytes_max();
        if *wanted == Wanted::Rpm {
            return Ok(Some(Finding::Rpm));
        }
        if entry.size > limit {
            let too_long = || Unreadable::TooLong { layer: self.layer, path: path.to_owned(), limit };
            return wanted.too_long().map(Some).ok_or_else(too_long);
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|source| self.broken(source))?;
        let malformed = |source| Unreadable::Malformed { layer: self.layer, path: path.to_owned(), source };
        wanted.read(bytes).map_err(malformed)
    }

    /// Looks what a file was built from, if it is a program.
    fn program(&self, entry: &mut Entry<'_>) -> Result<Sight<Finding>, Unreadable> {
        let broken = |source| self.broken(source);
        let mut start = Vec::with_capacity(elf::MAGIC.len());
        entry.take(elf::MAGIC.len() as u64).read_to_end(&mut start).map_err(broken)?;
        if start != elf::MAGIC {
            return Ok(Sight::Absent);
        }
        let length = entry.size;
        let whole = io::Cursor::new(start).chain(entry);
        let elf = Elf::pieces(whole, length, go_binary::MARK).map_err(broken)?;
        Ok(built_from(&elf))
    }

    fn broken(&self, source: io::Error) -> Unreadable {
        OciError::Archive { digest: self.layer, source }.into()
    }

    /// Another name for a file: it says the same.
    fn hard_link(&mut self, path: String, target: &str) {
        let target = self.tree.real(target).unwrap_or_default();
        if path == target {
            return;
        }
        self.tree.replace(&path);
        // Any program is found under its first name.
        let Some(wanted) = Wanted::at(&path) else { return };
        let same = self.tree.at(&target).filter(|_| Wanted::at(&target).as_ref() == Some(&wanted));
        if let Some(found) = same.cloned() {
            self.tree.insert(Found { path, layer: self.layer, ..found });
        } else if Wanted::at(&target) != Some(wanted.clone()) {
            let linked = self.again.entry(target).or_insert_with(|| Again::Linked(Vec::new()));
            if let Again::Linked(paths) = linked {
                paths.push((path, wanted));
            }
        }
    }

    /// An entry of the second pass.
    fn again(&mut self, entry: &mut Entry<'_>, again: &BTreeMap<String, Again>) -> Result<(), Unreadable> {
        if entry.kind != EntryKind::File {
            return Ok(());
        }
        let Ok(path) = self.tree.real(&entry.path) else { return Ok(()) };
        match again.get(&path) {
            None => {}
            Some(Again::Program) => {
                if let Some(finding) = self.whole_program(entry)? {
                    self.tree.insert(Found { finding, path, layer: self.layer });
                }
            }
            Some(Again::Linked(links)) => {
                // All of them want the same kind of file, or they could not all be links to it.
                let Some((first, wanted)) = links.first() else { return Ok(()) };
                let said = self.read(entry, first, wanted)?;
                let finding = said.unwrap_or_else(|| Finding::Unread(Malformed::whole("it says nothing")));
                for (path, _) in links {
                    let found = Found { finding: finding.clone(), path: path.clone(), layer: self.layer };
                    self.tree.insert(found);
                }
            }
        }
        Ok(())
    }

    fn whole_program(&self, entry: &mut Entry<'_>) -> Result<Option<Finding>, Unreadable> {
        if entry.size > PROGRAM_BYTES_MAX {
            let why = format!("this program is longer than {PROGRAM_BYTES_MAX} bytes");
            return Ok(Some(Finding::Unread(Malformed::whole(why))));
        }
        let length = entry.size;
        let elf = Elf::whole(entry, length, go_binary::MARK).map_err(|source| self.broken(source))?;
        Ok(match built_from(&elf) {
            Sight::There(finding) => Some(finding),
            Sight::Absent | Sight::Unseen => None,
        })
    }

    /// A hard link whose other end was not in its layer leads into the unknown.
    fn all_linked(&self, again: &BTreeMap<String, Again>) -> Result<(), Unreadable> {
        let links = again.iter().filter_map(|(target, again)| match again {
            Again::Linked(paths) => Some(paths.iter().map(move |(path, _)| (path, target))),
            Again::Program => None,
        });
        match links.flatten().find(|(path, _)| self.tree.at(path).is_none()) {
            Some((path, target)) => Err(self.elsewhere(path, target)),
            None => Ok(()),
        }
    }

    /// A database that is a link to what we don't read would be left out without a word.
    fn no_database_elsewhere(&self) -> Result<(), Unreadable> {
        for path in &self.linked {
            let Some(target) = self.tree.target(path) else { continue };
            let read = self.tree.follow(path).ok().and_then(|end| self.tree.at(&end));
            if read.is_none() {
                return Err(self.elsewhere(path, target));
            }
        }
        Ok(())
    }

    fn elsewhere(&self, path: &str, target: &str) -> Unreadable {
        Unreadable::Elsewhere { layer: self.layer, path: path.to_owned(), target: target.to_owned() }
    }
}

fn built_from(elf: &Elf) -> Sight<Finding> {
    let go = go_binary::read(elf);
    if let Sight::There(part) = go {
        return Sight::There(Finding::Program(part));
    }
    match auditable::read(elf) {
        Sight::There(list) => Sight::There(list.map_or_else(Finding::Unread, Finding::Program)),
        Sight::Absent if go == Sight::Absent => Sight::Absent,
        _ => Sight::Unseen,
    }
}
