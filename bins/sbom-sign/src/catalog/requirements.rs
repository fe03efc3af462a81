//! pip's requirements files (pip.pypa.io, "Requirements File Format", and PEP 508): what is to be installed, pinned or not, with hashes,
//! included files and constraints; it holds no graph.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Faulty, Hash, Malformed, Package, Part, Purl, PurlType, beside,
    purl::pypi_name,
    pyproject::{add_hashes, manifest, requirement_name},
    source,
    tree::Files,
};

/// How deep files may include one another.
const DEPTH_MAX: usize = 16;

/// What the files say, one after another.
#[derive(Default)]
struct Wanted {
    packages: Vec<Package>,
    /// Versions that constraints pin, by normalised names.
    constraints: BTreeMap<String, String>,
    /// Files that were included, and as what: one may be both.
    seen: BTreeSet<(String, Role)>,
}

/// Whether a file says what to install, or only in which version if it is installed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Requirements,
    Constraints,
}

/// Reads the text of a requirements file and of those that it includes.
pub fn read(path: &str, text: &str, files: &dyn Files) -> Result<Part, Faulty> {
    let mut wanted = Wanted::default();
    file(path, text, files, Role::Requirements, 0, &mut wanted)?;
    let Wanted { mut packages, constraints, .. } = wanted;
    for package in packages.iter_mut().filter(|package| package.version.is_none()) {
        if let (Some(version), Some(purl)) = (constraints.get(&pypi_name(&package.name)), &package.purl) {
            let name = package.name.clone();
            let pinned = Package::new(purl.clone().version(version)).named(&name);
            *package = Package { hashes: package.hashes.clone(), ..pinned };
        }
    }
    Ok(Part::flat(packages))
}

fn file(
    path: &str,
    text: &str,
    files: &dyn Files,
    role: Role,
    depth: usize,
    wanted: &mut Wanted,
) -> Result<(), Faulty> {
    if depth > DEPTH_MAX {
        return Err(Faulty::at(path, Malformed::whole(format!("it is included {DEPTH_MAX} files deep"))));
    }
    for (number, line) in lines(text) {
        let wrong = |why: String| Faulty::at(path, Malformed::in_line(number, why));
        let include = |short: &str, long: &str| option(&line, short, long);
        let included = include("-r", "--requirement").map(|file| (file, Role::Requirements));
        if let Some((name, inner)) =
            included.or_else(|| Some((include("-c", "--constraint")?, Role::Constraints)))
        {
            let role = if role == Role::Constraints { role } else { inner };
            let outside =
                || wrong(format!("it includes `{name}`, which is not in the tree, and nothing is fetched"));
            let other = beside(path, name).filter(|_| !name.contains("://")).ok_or_else(outside)?;
            if wanted.seen.insert((other.clone(), role)) {
                let text = files.text(&other)?.ok_or_else(outside)?;
                file(&other, &text, files, role, depth + 1, wanted)?;
            }
            continue;
        }
        let editable = include("-e", "--editable");
        if editable.is_none() && line.starts_with('-') {
            continue;
        }
        let found = requirement(editable.unwrap_or(&line), path, files).map_err(|error| match error {
            Faulty::Malformed { source, .. } => wrong(source.why),
            other @ Faulty::File(_) => other,
        })?;
        match (role, found) {
            (Role::Requirements, package) => wanted.packages.extend(package),
            (Role::Constraints, Some(Package { name, version: Some(version), .. })) => {
                wanted.constraints.insert(pypi_name(&name), version);
            }
            (Role::Constraints, _) => {}
        }
    }
    Ok(())
}

/// The logical lines with the numbers of those that they begin in: joined at a `\`, without comments, and without what is empty.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let line = if number == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let comment = line.starts_with('#');
        let (line, more) = match line.strip_suffix('\\') {
            Some(line) if !comment => (line, true),
            _ => (line, false),
        };
        let (start, mut whole) = open.take().unwrap_or((number + 1, String::new()));
        if !comment {
            whole.push_str(line);
        }
        if more { open = Some((start, whole)) } else { all.push((start, whole)) }
    }
    all.extend(open);
    let bare = |line: &str| {
        let end = [" #", "\t#"].iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len());
        line[..end].trim().to_owned()
    };
    all.into_iter().map(|(number, line)| (number, bare(&line))).filter(|(_, line)| !line.is_empty()).collect()
}

/// The value of an option: `-r file`, `-rfile`, `--requirement file`, `--requirement=file`.
fn option<'l>(line: &'l str, short: &str, long: &str) -> Option<&'l str> {
    let value = match line.strip_prefix(long) {
        Some(rest) => rest.strip_prefix(['=', ' ', '\t'])?,
        None => line.strip_prefix(short)?,
    };
    Some(value.trim().trim_matches(['"', '\'']))
}

/// One requirement: by name, by address, or by path; nothing where it is the tree itself and nothing says what that is called.
fn requirement(line: &str, path: &str, files: &dyn Files) -> Result<Option<Package>, Faulty> {
    let here = |error: Malformed| Faulty::at(path, error);
    let mut words = line.split_whitespace();
    let following = words.clone().skip(1).chain([""]);
    let options = words.clone().zip(following);
    let hashes = options.filter_map(|(word, next)| match word.strip_prefix("--hash")? {
        "" => Some(next),
        rest => rest.strip_prefix('='),
    });
    let hashes: Vec<&str> = hashes.collect();
    let bare = words.by_ref().take_while(|word| !word.starts_with("--")).collect::<Vec<_>>().join(" ");
    let text = bare.split(" ;").next().unwrap_or(&bare);
    let text = if text.contains("://") { text } else { text.split(';').next().unwrap_or(text) }.trim();
    let mut package = match text.split_once(" @ ").or_else(|| text.split_once("@ ")) {
        Some((name, url)) if requirement_name(name).is_some() => {
            addressed(url.trim(), requirement_name(name)).map_err(here)?
        }
        _ if text.contains("://") || text.starts_with("git+") => addressed(text, None).map_err(here)?,
        _ if is_path(text) => match local(text, path, files)? {
            Some(package) => package,
            None => return Ok(None),
        },
        _ => named(text).map_err(here)?,
    };
    add_hashes(&mut package, hashes.into_iter()).map_err(here)?;
    Ok(Some(package))
}

/// `name[extra]==1.0`: pinned only by `==` or `===` and a whole version, whatever other bounds stand beside it.
fn named(text: &str) -> Result<Package, Malformed> {
    let name =
        requirement_name(text).ok_or_else(|| Malformed::whole(format!("`{text}` is no requirement")))?;
    let rest = text[text.find(name).unwrap_or_default() + name.len()..].trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest).trim_start(),
        None => rest,
    };
    let rest = rest.trim_start_matches('(').trim_end_matches(')');
    if !rest.is_empty() && !rest.starts_with(['=', '<', '>', '!', '~']) {
        return Err(Malformed::whole(format!("`{text}` is no requirement")));
    }
    let mut exact = rest
        .split(',')
        .filter_map(|bound| Some(bound.trim().strip_prefix("==")?.trim_start_matches('=').trim()))
        .filter(|version| !version.contains('*'));
    let purl = Purl::new(PurlType::Pypi, name)?.version(exact.next().unwrap_or_default());
    Ok(Package::new(purl).named(name))
}

/// By its address: of a repository, or of an archive, whose name says what it is.
fn addressed(url: &str, name: Option<&str>) -> Result<Package, Malformed> {
    let (plain, fragment) = url.split_once('#').unwrap_or((url, ""));
    let egg = fragment.split('&').find_map(|pair| pair.strip_prefix("egg=")).and_then(requirement_name);
    let last =
        plain.split('?').next().unwrap_or(plain).trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let git = plain.starts_with("git+");
    let by_archive = if git { None } else { archive(last) };
    let repository = git.then(|| last.split('@').next().unwrap_or(last).trim_end_matches(".git"));
    let name =
        name.or(egg).or(by_archive.map(|(name, _)| name)).or(repository).filter(|name| !name.is_empty());
    let name =
        name.ok_or_else(|| Malformed::whole("an address that does not say what lies there: add #egg=NAME"))?;
    let purl = Purl::new(PurlType::Pypi, name)?.version(by_archive.map_or("", |(_, version)| version));
    if !git {
        let mut package = Package::new(source::from_archive(purl, plain)).named(name);
        let hash = fragment.split('&').find_map(|pair| Hash::prefixed(&pair.replacen('=', ":", 1)));
        package.hashes.extend(hash);
        return Ok(package);
    }
    // The commit stands behind the last @ of the path; one in the host is a user's.
    let path = plain.find("://").map_or(0, |at| at + 3);
    let path = plain[path..].find('/').map_or(plain.len(), |at| path + at);
    let at = plain[path..].rfind('@').map_or(plain.len(), |at| path + at);
    let commit = plain[at..].trim_start_matches('@');
    Ok(Package::new(source::from_git(purl, &plain[..at], commit)).named(name))
}

/// Name and version by the name of a wheel (PEP 427) or a source archive (PEP 625).
fn archive(file: &str) -> Option<(&str, &str)> {
    if let Some(wheel) = file.strip_suffix(".whl") {
        let mut parts = wheel.split('-');
        return Some((parts.next()?, parts.next()?));
    }
    let stem = [".tar.gz", ".zip", ".tar.bz2"].iter().find_map(|ending| file.strip_suffix(ending))?;
    stem.rsplit_once('-').filter(|(_, version)| version.starts_with(|one: char| one.is_ascii_digit()))
}

fn is_path(text: &str) -> bool {
    let path = text.split('[').next().unwrap_or(text);
    path.starts_with(['.', '/']) || path.contains('/') || archive(path).is_some()
}

/// By its path: a package of the tree itself, or an archive that lies in it. A project without a name is called by its directory; the
/// tree's own is none then.
fn local(text: &str, path: &str, files: &dyn Files) -> Result<Option<Package>, Faulty> {
    let directory = text.split('[').next().unwrap_or(text).trim_end_matches('/');
    let inside = beside(path, directory);
    let last = inside.as_deref().unwrap_or(directory).rsplit('/').next().unwrap_or_default();
    let here = |error: Malformed| Faulty::at(path, error);
    if let Some((name, version)) = archive(last) {
        let purl = Purl::new(PurlType::Pypi, name).map_err(|error| here(error.into()))?;
        return Ok(Some(Package::new(purl.version(version)).named(name)));
    }
    let project = inside.as_deref().map(|inside| format!("{inside}/{}", super::pyproject::FILE));
    let found =
        project.map(|project| manifest(project.trim_start_matches('/'), files)).transpose()?.flatten();
    if let Some(member) = found.and_then(|found| found.member) {
        return Ok(Some(member));
    }
    if matches!(last, "" | "." | "..") {
        return Ok(None);
    }
    let purl = Purl::new(PurlType::Pypi, last).map_err(|error| here(error.into()))?;
    Ok(Some(Package::member(purl).named(last)))
}

#[cfg(test)]
mod tests;
