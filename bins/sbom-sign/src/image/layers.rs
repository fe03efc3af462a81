//! Goes through what the layers of an image say, one layer after the other, and keeps what counts of it; what a layer could not say by
//! itself is read in a second pass. Nothing is written, and nothing but what was read is kept.

use std::{collections::BTreeMap, sync::mpsc::Receiver};

use contract::Digest;
use oci::{Allowance, Descriptor, Entry, EntryKind, Repository, Room};

use super::{
    Unreadable,
    finding::{Finding, Link, Wanted},
    places::{self, Places},
    scan::{self, KEPT_BYTES_MAX, Message, Said, Seen, Unfit},
    tree::{Found, Scope, Tree},
};
use crate::catalog::Malformed;

/// How long a program may be that has to be read as a whole, in bytes.
const PROGRAM_BYTES_MAX: u64 = 256 << 20;

/// What a file of a second pass is.
enum Again {
    /// A program that was not understood from pieces, or a file that is none of those its own name made it seem.
    Program,
    /// What a hard link at these paths is, or a file that a link of a lower layer puts where it is read.
    Linked(Vec<(String, Wanted)>),
}

/// Reads all layers; once more if links put lists of packages where nobody would look for one, which shows only at the end.
pub fn read(from: &dyn Repository, layers: &[Descriptor], scope: Scope) -> Result<Tree, Unreadable> {
    let (room, room_again) = (Room::of(KEPT_BYTES_MAX), Room::of(KEPT_BYTES_MAX));
    let (mut walk, moved) = walk(from, layers, scope, Places::default(), &room)?;
    if !moved.is_empty() {
        (walk, _) = self::walk(from, layers, scope, moved, &room_again)?;
    }
    walk.no_database_elsewhere()?;
    Ok(walk.tree)
}

/// Goes through all layers, and tells where lists of packages really lie.
fn walk<'r>(
    from: &dyn Repository,
    layers: &[Descriptor],
    scope: Scope,
    places: Places,
    room: &'r Room,
) -> Result<(Walk<'r>, Places), Unreadable> {
    let allowance = Allowance::default();
    scan::side_by_side(from, layers, &allowance, room, |received| {
        let mut moved = Places::default();
        let mut walk = Walk {
            tree: Tree::new(scope),
            places,
            layer: Digest::of(&[]),
            room,
            again: BTreeMap::new(),
            linked: Vec::new(),
        };
        for (layer, received) in layers.iter().zip(received) {
            walk.layer = layer.digest;
            walk.tree.next_layer();
            walk.all_of(&received)?;
            let again = std::mem::take(&mut walk.again);
            if !again.is_empty() {
                oci::read_layer(from, layer, &allowance, &mut |entry| walk.again(entry, &again))?;
                walk.all_linked(&again)?;
            }
            if scope == Scope::AllLayers {
                moved.add(&walk.tree);
            }
        }
        moved.add(&walk.tree);
        Ok((walk, moved))
    })
}

struct Walk<'r> {
    tree: Tree,
    room: &'r Room,
    places: Places,
    layer: Digest,
    again: BTreeMap<String, Again>,
    /// Databases that are symbolic links.
    linked: Vec<String>,
}

impl Walk<'_> {
    /// Goes through a layer. If it is not what it should be, that is the error, whatever else was wrong.
    fn all_of(&mut self, received: &Receiver<Message>) -> Result<(), Unreadable> {
        let mut walked = Ok(());
        // Who reads the layer sends an end, or panics and takes this along.
        for message in received {
            match message {
                Message::Seen(heap) if walked.is_ok() => {
                    walked = heap.into_iter().try_for_each(|seen| self.entry(seen));
                }
                Message::Seen(_) => {}
                Message::End(read) => read?,
            }
        }
        walked
    }

    fn entry(&mut self, entry: Seen) -> Result<(), Unreadable> {
        let Ok(path) = self.tree.real(&entry.path) else {
            // Nothing can be below a circle of links, so nothing that is there is hidden.
            return Ok(());
        };
        match entry.kind {
            EntryKind::Directory => self.tree.directory(&path),
            EntryKind::Removed => self.tree.remove(&path),
            EntryKind::Emptied => self.tree.empty(&path),
            EntryKind::Special => self.tree.replace(&path),
            EntryKind::SymbolicLink(target) => self.symbolic_link(path, &target)?,
            EntryKind::HardLink(target) => self.hard_link(path, &target)?,
            EntryKind::File => {
                self.again.remove(&path);
                self.tree.replace(&path);
                self.file(entry.said, path, entry.bytes)?;
            }
        }
        Ok(())
    }

    fn symbolic_link(&mut self, path: String, target: &str) -> Result<(), Unreadable> {
        self.tree.replace(&path);
        let full = |_| Unreadable::TooManyLinks { layer: self.layer };
        self.tree.link(&path, target).map_err(full)?;
        if self.places.lead_through(&path) && self.tree.target(&path).is_none() {
            // It lies deeper than links are kept.
            return Err(self.elsewhere(&path, target));
        }
        if self.places.wanted(&path).is_some_and(|wanted| wanted.is_database()) {
            self.linked.push(path);
        } else if let Some(link) = Link::at(&path, target) {
            let bytes = (path.len() + target.len()) as u64;
            self.keep(Finding::Link(link), path, bytes)?;
        }
        Ok(())
    }

    fn file(&mut self, said: Said, path: String, bytes: u64) -> Result<(), Unreadable> {
        let finding = match (self.places.wanted(&path), said) {
            (_, Said::TooMuch) => return Err(self.too_much()),
            (Some(wanted), Said::Wanted(read, said)) if read == wanted => self.fit(&path, *said)?,
            (Some(wanted), _) => {
                self.again.insert(path.clone(), Again::Linked(vec![(path, wanted)]));
                return Ok(());
            }
            (None, _) if places::of_another_root(&path) => {
                Some(Finding::Unread(Malformed::whole("it lists packages of a file system inside this one")))
            }
            (None, Said::Wanted(..) | Said::Unseen) => {
                self.again.insert(path, Again::Program);
                return Ok(());
            }
            (None, Said::Program(finding)) => Some(*finding),
            (None, Said::Nothing) => None,
        };
        if let Some(finding) = finding {
            self.tree.insert(Found { finding, path, layer: self.layer, bytes });
        }
        Ok(())
    }

    /// Keeps what nobody has taken room for yet.
    fn keep(&mut self, finding: Finding, path: String, bytes: u64) -> Result<(), Unreadable> {
        if !self.room.take(bytes) {
            return Err(self.too_much());
        }
        self.tree.insert(Found { finding, path, layer: self.layer, bytes });
        Ok(())
    }

    const fn too_much(&self) -> Unreadable {
        Unreadable::TooMuch { layer: self.layer, limit: KEPT_BYTES_MAX }
    }

    fn fit(&self, path: &str, read: scan::Read) -> Result<Option<Finding>, Unreadable> {
        let (layer, path) = (self.layer, path.to_owned());
        read.map_err(|unfit| match unfit {
            Unfit::TooLong(limit) => Unreadable::TooLong { layer, path, limit },
            Unfit::Malformed(source) => Unreadable::Malformed { layer, path, source },
        })
    }

    /// Another name for a file: it says the same.
    fn hard_link(&mut self, path: String, target: &str) -> Result<(), Unreadable> {
        let target = self.tree.real(target).unwrap_or_default();
        if path == target {
            return Ok(());
        }
        self.tree.replace(&path);
        // Any program is found under its first name.
        let Some(wanted) = self.places.wanted(&path) else { return Ok(()) };
        let same = self.tree.at(&target).filter(|_| self.places.wanted(&target).as_ref() == Some(&wanted));
        if let Some(found) = same.cloned() {
            self.keep(found.finding, path, found.bytes)?;
        } else if self.again.contains_key(&target)
            || wanted.is_database()
            || self.places.wanted(&target).as_ref() != Some(&wanted)
        {
            let linked = self.again.entry(target).or_insert_with(|| Again::Linked(Vec::new()));
            if let Again::Linked(paths) = linked {
                paths.push((path, wanted));
            }
        }
        Ok(())
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
                let finding = scan::whole_program(entry, PROGRAM_BYTES_MAX);
                if let Some(finding) = finding.map_err(|source| scan::broken(self.layer, source))? {
                    let bytes = scan::bytes_of_program(&finding);
                    self.keep(finding, path, bytes)?;
                }
            }
            Some(Again::Linked(links)) => {
                let content = scan::content(entry, links.iter().map(|(_, wanted)| wanted.bytes_max()));
                let content = content.map_err(|source| scan::broken(self.layer, source))?;
                // One content may be linked as files of several kinds, an empty one above all, and it is read once as each.
                let mut links: Vec<&(String, Wanted)> = links.iter().collect();
                links.sort_by(|(_, one), (_, other)| one.cmp(other));
                for alike in links.chunk_by(|(_, one), (_, other)| one == other) {
                    self.linked_alike(entry, &path, &content, alike)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps what a content says as one kind of file, under each of these names.
    fn linked_alike(
        &mut self,
        entry: &Entry<'_>,
        path: &str,
        content: &[u8],
        links: &[&(String, Wanted)],
    ) -> Result<(), Unreadable> {
        let Some((first, wanted)) = links.first() else { return Ok(()) };
        let said = self.fit(first, scan::understood(content, entry.size, wanted))?;
        let bytes = scan::bytes_of(entry, wanted, said.as_ref());
        for (name, _) in links {
            let nothing = || (name != path).then(|| Finding::Unread(Malformed::whole("it says nothing")));
            if let Some(finding) = said.clone().or_else(nothing) {
                self.keep(finding, name.clone(), bytes)?;
            }
        }
        Ok(())
    }

    /// A hard link whose other end was not in its layer leads into the unknown.
    fn all_linked(&self, again: &BTreeMap<String, Again>) -> Result<(), Unreadable> {
        let links = again.iter().filter_map(|(target, again)| match again {
            Again::Linked(paths) => Some(paths.iter().map(move |(path, _)| (path, target))),
            Again::Program => None,
        });
        match links.flatten().find(|(path, target)| path != target && self.tree.at(path).is_none()) {
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
