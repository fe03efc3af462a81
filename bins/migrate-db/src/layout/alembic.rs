//! Alembic's revisions and `alembic_version` (Alembic 1.20, `alembic/script/base.py`, `alembic/runtime/migration.py`): read as text, never run;
//! the table knows only the newest revision of each branch.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use ci::files;

use super::{
    Checksums, Migration, Script, Version,
    history::{Applied, Entry, HistoryTable, Place, Texts, add_version_as, text},
    tree::{Source, Tree},
};
use crate::{error::Error, tool::ToolError};

/// Where a project keeps what.
pub(super) struct Project {
    /// Where its program is started: the directory of its configuration.
    pub(super) home: PathBuf,
    /// Where `env.py` and `versions` lie.
    pub(super) scripts: PathBuf,
}

impl Project {
    /// The project of a directory, if it is one: that of `alembic.ini`, or that of `env.py`.
    pub(super) fn find(directory: &Path) -> Result<Option<Self>, Error> {
        for name in ["alembic.ini", "pyproject.toml"] {
            let file = directory.join(name);
            if file.is_file()
                && let Some(location) = location(&file)?
            {
                return Ok(Some(Self { home: directory.to_owned(), scripts: directory.join(location) }));
            }
        }
        if !directory.join("env.py").is_file() || !directory.join("versions").is_dir() {
            return Ok(None);
        }
        let above =
            directory.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Flask-Migrate keeps the configuration beside `env.py`, and is started above both.
        Ok(Some(Self { home: above.to_owned(), scripts: directory.to_owned() }))
    }
}

/// `script_location` of a configuration, if it has one.
fn location(file: &Path) -> Result<Option<String>, Error> {
    let text = files::read_text(file)?;
    let value = |name: &str| match file.extension() {
        Some(end) if end == "toml" => {
            let table = text.parse::<toml::Table>().ok()?;
            Some(table.get("tool")?.get("alembic")?.get(name)?.as_str()?.to_owned())
        }
        _ => of_ini(&text, name),
    };
    if value("version_locations").is_some_and(|value| !value.is_empty()) {
        let why = "keeps revisions where `version_locations` says, which only Alembic reads".to_owned();
        return Err(Error::Unsupported { file: file.to_owned(), why });
    }
    let Some(location) = value("script_location") else { return Ok(None) };
    let location = location.replace("%(here)s/", "").replace("%(here)s", ".");
    if location.contains([':', '%']) {
        let why = format!("keeps its scripts in `{location}`: name that directory with --dir");
        return Err(Error::Unsupported { file: file.to_owned(), why });
    }
    Ok(Some(location))
}

/// A value of the section `[alembic]`.
fn of_ini(text: &str, name: &str) -> Option<String> {
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line.trim_end() == "[alembic]";
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim_end() == name
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

/// The revisions, in an order in which each stands behind those it follows.
pub(super) fn read(tree: &Tree) -> Result<Vec<Migration>, Error> {
    let migrations: Vec<Migration> =
        tree.sources.iter().filter_map(|source| revision(source).transpose()).collect::<Result<_, _>>()?;
    if migrations.is_empty() {
        return Ok(migrations);
    }
    let known: BTreeSet<&str> = migrations.iter().map(|one| one.name.as_str()).collect();
    if known.len() < migrations.len() {
        return Ok(migrations);
    }
    for one in &migrations {
        if let Some(missing) = one.after.iter().find(|name| !known.contains(name.as_str())) {
            return Err(unsupported(
                &one.up.file,
                format!("follows the revision {missing}, which no file has"),
            ));
        }
    }
    let followed: BTreeSet<&str> = migrations.iter().flat_map(|one| &one.after).map(String::as_str).collect();
    let heads: Vec<&str> = known.difference(&followed).copied().collect();
    match heads.as_slice() {
        [_] => {}
        [] => return Err(unsupported(&tree.directory, "holds revisions that follow each other in a circle")),
        heads => {
            return Err(
                ToolError::Heads { directory: tree.directory.clone(), heads: heads.join(", ") }.into()
            );
        }
    }
    let count = migrations.len();
    let ordered = in_order(migrations, &BTreeSet::new());
    if ordered.len() < count {
        return Err(unsupported(&tree.directory, "holds revisions that follow each other in a circle"));
    }
    Ok(ordered)
}

fn unsupported(file: &Path, why: impl Into<String>) -> Error {
    Error::Unsupported { file: file.to_owned(), why: why.into() }
}

/// One file; none, if Alembic would not take it for a revision.
fn revision(source: &Source) -> Result<Option<Migration>, Error> {
    let text = source.text();
    let Some(value) = assigned(text, "revision") else { return Ok(None) };
    let wrong = |what: &str| unsupported(&source.path, format!("does not say its {what} as plain text"));
    let [name] = <[String; 1]>::try_from(names(value).unwrap_or_default()).map_err(|_| wrong("revision"))?;
    let mut after = Vec::new();
    for what in ["down_revision", "depends_on"] {
        if let Some(value) = assigned(text, what) {
            after.extend(names(value).ok_or_else(|| wrong(what))?);
        }
    }
    let is_plain = |name: &String| {
        name.chars().all(|one| one.is_ascii_alphanumeric() || "_.".contains(one)) && !name.starts_with('.')
    };
    if let Some(odd) = std::iter::once(&name).chain(&after).find(|name| !is_plain(name)) {
        return Err(unsupported(
            &source.path,
            format!("names the revision `{odd}`, which could be an option"),
        ));
    }
    let program = || Script::program(&source.path, text);
    Ok(Some(Migration {
        version: Version::name(&name),
        description: described(source),
        name,
        checksums: Checksums::default(),
        after,
        up: program(),
        down: goes_back(text).then(program),
    }))
}

/// What follows the `=` of an assignment at the left margin, with or without a type.
fn assigned<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix(name).map(str::trim_start);
        if let Some(rest) = rest.filter(|rest| rest.starts_with([':', '=']))
            && let Some(at) = rest.find('=')
        {
            let at = start + (line.len() - rest.len()) + at + 1;
            return text.get(at..);
        }
        start += line.len();
    }
    None
}

/// The texts of `None`, `"a"` or `("a", "b")`; nothing if it is another expression.
fn names(value: &str) -> Option<Vec<String>> {
    let value = value.trim_start_matches([' ', '\t']);
    let mut names = Vec::new();
    if value.starts_with("None") {
        return Some(names);
    }
    let (mut rest, ends) = match value.strip_prefix(['(', '[']) {
        Some(rest) => (rest, [')', ']']),
        None => (value, ['\n', '#']),
    };
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', '\r']);
        if ends[0] == ')' {
            rest = rest.trim_start();
        }
        if rest.is_empty() || rest.starts_with(ends) {
            return (!rest.is_empty() || ends[0] == '\n').then_some(names);
        }
        let quote = rest.chars().next().filter(|one| matches!(one, '"' | '\''))?;
        let (name, behind) = rest[1..].split_once(quote)?;
        if name.is_empty() || name.contains('\n') {
            return None;
        }
        names.push(name.to_owned());
        rest = behind;
    }
}

/// The first line of its docstring, or what its file is called.
fn described(source: &Source) -> String {
    let quoted = source.text().trim_start();
    let quoted = quoted.strip_prefix("\"\"\"").or_else(|| quoted.strip_prefix("'''"));
    let line =
        quoted.and_then(|text| text.lines().next()).map(|line| line.trim_end_matches(['"', '\'']).trim());
    let stem = source.file().trim_end_matches(".py");
    let name = || stem.split_once('_').map_or(stem, |(_, name)| name).replace('_', " ");
    line.filter(|line| !line.is_empty()).map_or_else(name, str::to_owned)
}

/// Whether `downgrade` does anything.
fn goes_back(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("def downgrade"));
    lines.next();
    let mut body = lines.take_while(|line| line.trim().is_empty() || line.starts_with([' ', '\t']));
    body.any(|line| {
        let line = line.trim();
        !line.is_empty()
            && line != "pass"
            && !line.starts_with(['#', '"', '\''])
            && !line.starts_with("raise ")
    })
}

/// Those first that are applied, then the others, each behind those it follows; what follows itself is left out.
fn in_order(migrations: Vec<Migration>, applied: &BTreeSet<String>) -> Vec<Migration> {
    let at: BTreeMap<String, usize> =
        migrations.iter().enumerate().map(|(at, one)| (one.name.clone(), at)).collect();
    let mut waits: Vec<usize> = migrations.iter().map(|one| one.after.len()).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); migrations.len()];
    for (number, one) in migrations.iter().enumerate() {
        for before in one.after.iter().filter_map(|name| at.get(name)) {
            followers[*before].push(number);
        }
    }
    let key = |number: usize| (!applied.contains(&migrations[number].name), number);
    let mut ready: BTreeSet<(bool, usize)> =
        (0..migrations.len()).filter(|number| waits[*number] == 0).map(key).collect();
    let mut order = Vec::new();
    while let Some((_, number)) = ready.pop_first() {
        order.push(number);
        for follower in &followers[number] {
            waits[*follower] -= 1;
            if waits[*follower] == 0 {
                ready.insert(key(*follower));
            }
        }
    }
    let mut left: Vec<Option<Migration>> = migrations.into_iter().map(Some).collect();
    let place = |(place, number): (usize, usize)| {
        let one = left[number].take()?;
        let version = Version::ordered_as(&one.name, format!("{place:08}"));
        Some(Migration { version, ..one })
    };
    order.into_iter().enumerate().filter_map(place).collect()
}

/// The names of these and of all that they follow.
fn with_ancestors(names: Vec<String>, migrations: &[Migration]) -> BTreeSet<String> {
    let after: BTreeMap<&str, &Vec<String>> =
        migrations.iter().map(|one| (one.name.as_str(), &one.after)).collect();
    let mut found = BTreeSet::new();
    let mut left = names;
    while let Some(name) = left.pop() {
        if !found.contains(&name) {
            left.extend(after.get(name.as_str()).into_iter().copied().flatten().cloned());
            found.insert(name);
        }
    }
    found
}

fn heads(rows: &[Texts]) -> Vec<String> {
    rows.iter().filter_map(|row| text(row, 0).ok().map(str::to_owned)).collect()
}

/// `alembic_version`
pub(super) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "alembic_version"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("version_num", true)
    }

    fn create(&self, at: &Place) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));",
            at.name()
        )
    }

    fn select(&self, at: &Place) -> String {
        format!("SELECT version_num FROM {} ORDER BY version_num", at.name())
    }

    fn settled(&self, rows: &[Texts], migrations: Vec<Migration>) -> Vec<Migration> {
        let applied = with_ancestors(heads(rows), &migrations);
        in_order(migrations, &applied)
    }

    fn applied(&self, rows: &[Texts], migrations: &[Migration]) -> Result<Vec<Applied>, String> {
        let names = with_ancestors(heads(rows), migrations);
        let known = migrations.iter().filter(|one| names.contains(&one.name));
        let mut applied: Vec<Applied> =
            known.map(|one| Applied::of(one.version.clone(), &one.description)).collect();
        let strange = names.iter().filter(|name| !migrations.iter().any(|one| one.name == **name));
        // Behind all that the files have: a newer release made it.
        applied.extend(strange.map(|name| Applied::of(Version::ordered_as(name, format!("~{name}")), "")));
        Ok(applied)
    }

    fn stamp(&self, at: &Place) -> String {
        format!("(SELECT count(*) || '/' || coalesce(max(version_num), '') FROM {})", at.name())
    }

    fn add(&self, at: &Place, entry: &Entry<'_>) -> String {
        let below = remove(at, entry.below);
        below + &add_version_as(at, "version_num", entry.version)
    }

    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String {
        let below = if entry.below.is_none() {
            String::new()
        } else {
            add_version_as(at, "version_num", entry.below)
        };
        remove(at, entry.version) + &below
    }
}

fn remove(at: &Place, version: &Version) -> String {
    format!("DELETE FROM {} WHERE version_num = {};", at.name(), at.literal(version.text()))
}

#[cfg(test)]
mod tests;
