//! Python packages as they are installed: the METADATA of a dist-info and the PKG-INFO of an egg (the PyPA's "Core metadata
//! specifications"); never what a lock file wanted.

use std::collections::{BTreeMap, BTreeSet};

use super::{Few, Licence, Malformed, Package, Part, Place, Purl, PurlType, paragraph, purl::pypi_name};

/// How much a licence may say to be taken for its name, in bytes: some packages put the whole text there.
const LICENCE_BYTES_MAX: usize = 128;

/// A package that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    name: String,
    version: String,
    licences: Few<Licence>,
    /// What it needs whatever was asked of it, by normalised names.
    requires: BTreeSet<String>,
}

/// Whether this file says what an installed package is.
pub fn is_metadata(path: &str) -> bool {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    let lies_in = |ending| directory.ends_with(ending);
    match file {
        "METADATA" => lies_in(".dist-info") || lies_in(".DIST-INFO"),
        "PKG-INFO" => lies_in(".egg-info") || lies_in("EGG-INFO"),
        // distutils wrote a file where others write a directory.
        _ => file.ends_with(".egg-info"),
    }
}

/// Reads the headers; the description behind them is left alone.
pub fn read(text: &str) -> Result<Record, Malformed> {
    let headers =
        paragraph::paragraphs(text).next().unwrap_or_else(|| Ok(paragraph::Paragraph::default()))?;
    let needed = |name: &str| {
        let missing = || Malformed::in_line(1, format!("it has no {name}"));
        headers.first(name).map(str::to_owned).ok_or_else(missing)
    };
    let requires = headers.all("Requires-Dist").filter(|required| {
        let marker = required.split_once(';').map_or("", |(_, marker)| marker);
        !marker.contains("extra")
    });
    let bare = |required: &str| {
        let legal = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let end = required.find(|letter| !legal(letter)).unwrap_or(required.len());
        pypi_name(&required[..end])
    };
    Ok(Record {
        name: needed("Name")?,
        version: needed("Version")?,
        licences: licences(&headers),
        requires: requires.map(bare).filter(|name| !name.is_empty()).collect(),
    })
}

/// The expression (PEP 639), else what stands in the old field if it is short, else the classifiers.
fn licences(headers: &paragraph::Paragraph<'_>) -> Few<Licence> {
    let said =
        |text: &str| Licence::of(text).filter(|_| text.len() <= LICENCE_BYTES_MAX && text != "UNKNOWN");
    let one = headers.first("License-Expression").or_else(|| headers.first("License"));
    if let Some(licence) = one.and_then(said) {
        return Few::from([licence]);
    }
    let classified = headers.all("Classifier").filter_map(|one| one.strip_prefix("License :: "));
    classified
        .filter_map(|one| one.rsplit(" :: ").next())
        .filter(|one| *one != "OSI Approved")
        .filter_map(said)
        .collect()
}

/// The packages as one graph. A requirement is met by the package of that name; which one, where there are several, Python's path decides.
pub fn part(found: Vec<(Record, Place)>) -> Part {
    let named = found.iter().enumerate().map(|(place, (record, _))| (pypi_name(&record.name), place));
    let places: BTreeMap<String, usize> = named.collect();
    let packages = found.into_iter().filter_map(|(record, place)| {
        let purl = Purl::new(PurlType::Pypi, &record.name).ok()?.version(&record.version);
        let mut package = Package::new(purl).named(&record.name);
        package.licences = record.licences;
        package.places.insert(place.into());
        package.needs = record.requires.iter().filter_map(|name| places.get(name)).copied().collect();
        Some(package)
    });
    Part { packages: packages.collect(), ..Part::default() }
}

#[cfg(test)]
mod tests;
