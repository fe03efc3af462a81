//! Which package of a database needs which (rpm's docs/manual/dependencies.md and boolean_dependencies.md), by the names that packages need
//! and those that they provide, and by files; never whether the versions fit: whoever installed them has seen to that.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    Malformed,
    header::{Header, Tag},
};

/// How much all packages of a database may need together, how long one requirement may be in bytes, and in how many directories one may have
/// files: far more than those of any distribution do.
const NAMES_MAX: usize = 1 << 19;
const REQUIREMENT_BYTES_MAX: usize = 64 << 10;
const DIRECTORIES_MAX: usize = 1 << 20;

/// The words between the parts of a condition.
const OPERATORS: [&[u8]; 5] = [b"and", b"or", b"with", b"without", b"else"];
/// Behind these stands under which condition something is needed.
const CONDITIONS: [&[u8]; 3] = [b"if", b"unless", b"without"];
/// Behind these stands a version.
const COMPARISONS: [&[u8]; 5] = [b"<", b"<=", b"=", b">=", b">"];

/// Names with their numbers.
type Numbered = HashMap<Box<[u8]>, usize>;

/// What is needed by whom, and who has it. It is told first what all packages need, and then what each has: so nothing is kept of the many
/// names and files that nobody asks for.
#[derive(Default)]
pub(super) struct Graph {
    /// What anybody needs, numbered.
    wanted: Numbered,
    /// The files among it, by directory and name.
    files: HashMap<Box<[u8]>, Numbered>,
    /// What each package needs; one of each group will do.
    groups: Vec<Vec<Vec<usize>>>,
    /// Who has it.
    holders: Vec<Option<usize>>,
    names: usize,
}

impl Graph {
    /// The next package needs this.
    pub(super) fn wants(&mut self, header: &Header<'_>) -> Result<(), Malformed> {
        let mut groups = Vec::new();
        for requirement in header.texts(Tag::Requires)? {
            let requirement = requirement?;
            if requirement.len() > REQUIREMENT_BYTES_MAX {
                let why = format!("a package needs something of more than {REQUIREMENT_BYTES_MAX} bytes");
                return Err(Malformed::whole(why));
            }
            for group in alternatives(requirement) {
                self.names += group.len();
                if self.names > NAMES_MAX {
                    return Err(Malformed::whole(format!("its packages need more than {NAMES_MAX} things")));
                }
                groups.push(group.into_iter().map(|name| self.number(name)).collect());
            }
        }
        self.groups.push(groups);
        Ok(())
    }

    fn number(&mut self, name: &[u8]) -> usize {
        if let Some(number) = self.wanted.get(name) {
            return *number;
        }
        let number = self.holders.len();
        self.holders.push(None);
        self.wanted.insert(name.into(), number);
        if let Some(slash) = name.iter().rposition(|byte| *byte == b'/').filter(|_| name.starts_with(b"/")) {
            let (directory, file) = name.split_at(slash + 1);
            self.files.entry(directory.into()).or_default().insert(file.into(), number);
        }
        number
    }

    /// All needs are told, and these are the names of the packages: who is called like it has it, whoever else provides it.
    pub(super) fn named<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        for (package, name) in names.enumerate() {
            if let Some(holder) =
                self.wanted.get(name.as_bytes()).and_then(|number| self.holders.get_mut(*number))
            {
                *holder = Some(package);
            }
        }
    }

    /// A package has this. What it has itself it needs of nobody.
    pub(super) fn has(&mut self, package: usize, header: &Header<'_>) -> Result<(), Malformed> {
        let mut own = HashSet::new();
        for name in header.texts(Tag::Provides)? {
            own.extend(self.wanted.get(name?));
        }
        if !self.files.is_empty() {
            self.files_of(header, &mut own)?;
        }
        for number in &own {
            if let Some(holder) = self.holders.get_mut(*number) {
                holder.get_or_insert(package);
            }
        }
        if let Some(groups) = self.groups.get_mut(package) {
            groups.retain(|group| !group.iter().any(|number| own.contains(number)));
        }
        Ok(())
    }

    /// Directories are looked up once each, whatever number of files they have.
    fn files_of(&self, header: &Header<'_>, own: &mut HashSet<usize>) -> Result<(), Malformed> {
        let mut directories = Vec::new();
        for name in header.texts(Tag::Directories)? {
            if directories.len() == DIRECTORIES_MAX {
                return Err(Malformed::whole(format!(
                    "a package has files in more than {DIRECTORIES_MAX} directories"
                )));
            }
            directories.push(self.files.get(name?));
        }
        for (name, directory) in header.texts(Tag::FileNames)?.zip(header.numbers(Tag::DirectoryNumbers)?) {
            let name = name?;
            let directory = usize::try_from(directory).ok().and_then(|number| directories.get(number));
            if let Some(Some(files)) = directory {
                own.extend(files.get(name));
            }
        }
        Ok(())
    }

    /// Which packages each needs, by their places.
    pub(super) fn needs(self) -> Vec<BTreeSet<usize>> {
        let Self { groups, holders, .. } = self;
        let holder = |number: &usize| holders.get(*number).copied().flatten();
        let needs = |(package, groups): (usize, Vec<Vec<usize>>)| {
            let one = |group: &Vec<usize>| group.iter().find_map(holder).filter(|other| *other != package);
            groups.iter().filter_map(one).collect()
        };
        groups.into_iter().enumerate().map(needs).collect()
    }
}

/// What one requirement asks for: all of these, and of each group one. A condition is not looked at: what is only needed beside something
/// else, and is there, is needed.
fn alternatives(requirement: &[u8]) -> Vec<Vec<&[u8]>> {
    if !requirement.starts_with(b"(") {
        return vec![vec![requirement]];
    }
    let mut words = requirement.split(u8::is_ascii_whitespace);
    let (mut names, mut any) = (Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        let word = bare(word);
        if CONDITIONS.contains(&word) {
            break;
        }
        if COMPARISONS.contains(&word) {
            words.next();
        } else if OPERATORS.contains(&word) {
            any.extend((word == b"or").then_some(()));
        } else if !word.is_empty() {
            names.push(word);
        }
    }
    if any.is_empty() { names.into_iter().map(|name| vec![name]).collect() } else { vec![names] }
}

/// A name without the brackets around it; those in it are its own: `libc.so.6()(64bit)`.
fn bare(mut word: &[u8]) -> &[u8] {
    while let Some(rest) = word.strip_prefix(b"(") {
        word = rest;
    }
    let count = |bracket: u8| memchr::memchr_iter(bracket, word).count();
    let extra = count(b')').saturating_sub(count(b'('));
    let closing = word.iter().rev().take(extra).take_while(|byte| **byte == b')').count();
    word.get(..word.len() - closing).unwrap_or_default()
}

#[cfg(test)]
mod tests;
