//! The crates that a Rust program was built from, where `cargo auditable` has left them (cargo-auditable's PARSING.md); never a Cargo.lock.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::{
    Kind, Malformed, Package, Part, Purl, PurlType,
    elf::{Elf, Sight},
};

/// The section that holds the list.
const SECTION: &[u8] = b".dep-v0";
/// How long the list may be, compressed and not, in bytes.
const LIST_BYTES_MAX: u64 = 8 << 20;

#[derive(Deserialize)]
struct List {
    packages: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    source: String,
    #[serde(default)]
    kind: Need,
    #[serde(default)]
    dependencies: Vec<usize>,
    #[serde(default)]
    root: bool,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Need {
    #[default]
    Runtime,
    Build,
    Development,
    #[serde(other)]
    Other,
}

/// The crates of a program; not there if nobody has left them.
pub fn read(elf: &Elf) -> Sight<Result<Part, Malformed>> {
    match elf.section(SECTION, LIST_BYTES_MAX) {
        Sight::There(section) => Sight::There(list(section)),
        Sight::Absent => Sight::Absent,
        Sight::Unseen => Sight::Unseen,
    }
}

fn list(section: &[u8]) -> Result<Part, Malformed> {
    let mut json = Vec::new();
    let wrong = |why: String| Malformed::whole(format!("its list of crates (.dep-v0) can't be read: {why}"));
    let inflated = ZlibDecoder::new(section).take(LIST_BYTES_MAX + 1).read_to_end(&mut json);
    inflated.map_err(|error| wrong(error.to_string()))?;
    if json.len() as u64 > LIST_BYTES_MAX {
        return Err(wrong(format!("it is longer than {LIST_BYTES_MAX} bytes")));
    }
    let List { packages: entries } =
        serde_json::from_slice(&json).map_err(|error| wrong(error.to_string()))?;
    let mut part = Part::default();
    for entry in &entries {
        let purl = Purl::new(PurlType::Cargo, &entry.name).map_err(|error| wrong(error.to_string()))?;
        let mut package = Package::new(purl.version(&entry.version));
        if entry.root {
            package.kind = Kind::Application;
            part.tops.insert(part.packages.len());
        }
        if entry.source != "crates.io" {
            package.properties.insert("seaworthy:cargo:source".into(), entry.source.clone());
        }
        let builds = |place: &&usize| entries.get(**place).is_some_and(|one| one.kind != Need::Runtime);
        let known = entry.dependencies.iter().filter(|place| **place < entries.len());
        let (building, running): (Vec<_>, Vec<_>) = known.partition(builds);
        package.needs = running.into_iter().copied().collect();
        package.development = building.into_iter().copied().collect();
        part.packages.push(package);
    }
    Ok(part)
}

#[cfg(test)]
mod tests;
