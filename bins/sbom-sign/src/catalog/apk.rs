//! Alpine's packages: the database `installed` (apk-installed-v2, apk-tools' doc/apk-v2.5.scd); never the files that they brought.

use super::{
    Licence, Malformed, Package, Part, Place, Purl, PurlType, Qualifier, os_release::Release, places_of,
};

/// Where the database lies: its place until apk-tools 2, and the one since `/lib` became a link.
pub const DATABASES: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
/// The distribution that a package counts to if the image does not say.
const VENDOR: &str = "alpine";

/// A package that is there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Record {
    name: String,
    version: String,
    architecture: String,
    licence: String,
    /// What it was built from.
    origin: String,
    depends: Vec<String>,
    provides: Vec<String>,
}

/// Whether this is the database.
pub fn is_database(path: &str) -> bool {
    DATABASES.contains(&path)
}

/// Reads the database. A line without an end is cut off: apk ends them all.
pub fn read(text: &str) -> Result<Vec<Record>, Malformed> {
    Malformed::unless_ended(text)?;
    let mut records = Vec::new();
    let mut open: Option<(Record, usize)> = None;
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            records.extend(open.take().map(finished).transpose()?);
            continue;
        }
        let wrong = || Malformed::in_line(number, "a line is no field: expected a letter and a colon");
        let (field, value) = line.split_once(':').filter(|(field, _)| field.len() == 1).ok_or_else(wrong)?;
        let (record, _) = open.get_or_insert_with(|| (Record::default(), number));
        let names = || value.split_whitespace().filter_map(bare);
        match field {
            "P" => value.clone_into(&mut record.name),
            "V" => value.clone_into(&mut record.version),
            "A" => value.clone_into(&mut record.architecture),
            "L" => value.clone_into(&mut record.licence),
            "o" => value.clone_into(&mut record.origin),
            "D" => record.depends.extend(names()),
            "p" => record.provides.extend(names()),
            _ => {}
        }
    }
    records.extend(open.take().map(finished).transpose()?);
    Ok(records)
}

fn finished((record, line): (Record, usize)) -> Result<Record, Malformed> {
    match (record.name.is_empty(), record.version.is_empty()) {
        (false, false) => Ok(record),
        (true, _) => Err(Malformed::in_line(line, "a package has no name (P)")),
        (false, true) => Err(Malformed::in_line(line, "a package has no version (V)")),
    }
}

/// What is wanted, without its version; what must not be there (`!name`) is nothing.
fn bare(wanted: &str) -> Option<String> {
    let name = wanted.split(['<', '>', '=', '~', '@']).next()?;
    (!name.is_empty() && !name.starts_with('!')).then(|| name.to_owned())
}

/// The packages as one graph.
pub fn part(found: Vec<(Record, Place)>, system: Option<&Release>) -> Part {
    let places = places_of(found.iter().map(|(record, _)| (&record.name, &record.provides)));
    let packages = found.into_iter().filter_map(|(record, place)| {
        let mut package = Package::new(record.purl(system)?);
        package.name.clone_from(&record.name);
        package.licences.extend(Licence::of(&record.licence));
        package.places.insert(place.into());
        package.needs = record.depends.iter().filter_map(|name| places.get(name)).copied().collect();
        Some(package)
    });
    Part { packages: packages.collect(), ..Part::default() }
}

impl Record {
    fn purl(&self, system: Option<&Release>) -> Option<Purl> {
        let vendor = system.map_or(VENDOR, |system| &system.id);
        let origin = if self.origin == self.name { "" } else { &self.origin };
        let purl = Purl::new(PurlType::Apk, &format!("{vendor}/{}", self.name)).ok()?;
        Some(
            purl.version(&self.version)
                .qualifier(Qualifier::Arch, &self.architecture)
                .qualifier(Qualifier::Distro, &system.map(Release::distro).unwrap_or_default())
                .qualifier(Qualifier::Upstream, origin),
        )
    }
}

#[cfg(test)]
mod tests;
