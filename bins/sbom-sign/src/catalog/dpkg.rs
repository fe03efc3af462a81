//! Debian's packages: the database `status` (dpkg(1), deb-control(5)), and `status.d` in images without dpkg; never their licences.

use super::{
    Few, Licence, Malformed, Package, Part, Place, Purl, PurlType, Qualifier, os_release::Release, paragraph,
    places_of,
};

/// The database.
pub const STATUS: &str = "var/lib/dpkg/status";
/// A directory with a file for each package, where there is no dpkg to read the database.
pub const STATUS_DIRECTORY: &str = "var/lib/dpkg/status.d/";
/// The distribution that a package counts to if the image does not say.
const VENDOR: &str = "debian";

/// A package that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    name: String,
    version: String,
    architecture: String,
    /// The source package, and its version where that is another.
    source: Option<(String, Option<String>)>,
    /// What it needs; one of each group will do.
    depends: Vec<Vec<String>>,
    provides: Vec<String>,
}

/// Whether this is the database, or a part of it.
pub fn is_database(path: &str) -> bool {
    path == STATUS || path.strip_prefix(STATUS_DIRECTORY).is_some_and(is_part)
}

/// Whether a file of this name, in the directory of one for each package, tells a package.
pub fn is_part(name: &str) -> bool {
    !name.ends_with(".md5sums")
}

/// Reads the database. What was removed and has left its configuration is not there. A line without an end is cut off, for dpkg too.
pub fn read(text: &str) -> Result<Vec<Record>, Malformed> {
    Malformed::unless_ended(text)?;
    paragraph::paragraphs(text)
        .filter_map(|paragraph| paragraph.and_then(|one| record(&one)).transpose())
        .collect()
}

fn record(paragraph: &paragraph::Paragraph<'_>) -> Result<Option<Record>, Malformed> {
    let needed = |name: &str| {
        let missing = || Malformed::in_line(paragraph.line, format!("a package has no {name}"));
        paragraph.first(name).map(str::to_owned).ok_or_else(missing)
    };
    let state = paragraph.first("Status").and_then(|status| status.split_whitespace().last());
    if matches!(state, Some("not-installed" | "config-files")) {
        return Ok(None);
    }
    let list = |name: &str| paragraph.joined(name).unwrap_or_default();
    let depends = ["Pre-Depends", "Depends"].map(list);
    let depends =
        depends.iter().flat_map(|list| list.split(',')).map(|group| group.split('|').filter_map(bare));
    let source = paragraph.first("Source").map(|source| match source.split_once('(') {
        Some((name, version)) => {
            (name.trim().to_owned(), Some(version.trim_end_matches(')').trim().to_owned()))
        }
        None => (source.to_owned(), None),
    });
    Ok(Some(Record {
        name: needed("Package")?,
        version: needed("Version")?,
        architecture: paragraph.first("Architecture").unwrap_or_default().to_owned(),
        source,
        depends: depends.map(Iterator::collect).collect(),
        provides: list("Provides").split(',').filter_map(bare).collect(),
    }))
}

/// A package's name without the version and the architecture that are wanted.
fn bare(wanted: &str) -> Option<String> {
    let name = wanted.trim().split(['(', ' ', ':', '[']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The packages as one graph.
pub fn part(
    found: Vec<(Record, Place)>,
    licences: &dyn Fn(&str) -> Few<Licence>,
    system: Option<&Release>,
) -> Part {
    let places = places_of(found.iter().map(|(record, _)| (&record.name, &record.provides)));
    let packages = found.into_iter().filter_map(|(record, place)| {
        let mut package = Package::new(record.purl(system)?);
        package.name.clone_from(&record.name);
        package.licences = licences(&record.name);
        package.places.insert(place.into());
        let one = |group: &Vec<String>| group.iter().find_map(|name| places.get(name)).copied();
        package.needs = record.depends.iter().filter_map(one).collect();
        Some(package)
    });
    Part { packages: packages.collect(), ..Part::default() }
}

impl Record {
    fn purl(&self, system: Option<&Release>) -> Option<Purl> {
        let vendor = system.map_or(VENDOR, |system| &system.id);
        let upstream = self.source.as_ref().map(|(name, version)| match version {
            Some(version) => format!("{name}@{version}"),
            None => name.clone(),
        });
        let purl = Purl::new(PurlType::Deb, &format!("{vendor}/{}", self.name)).ok()?;
        Some(
            purl.version(&self.version)
                .qualifier(Qualifier::Arch, &self.architecture)
                .qualifier(Qualifier::Distro, &system.map(Release::distro).unwrap_or_default())
                .qualifier(Qualifier::Upstream, &upstream.unwrap_or_default()),
        )
    }
}

#[cfg(test)]
mod tests;
