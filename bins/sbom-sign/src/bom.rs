//! A catalog as CycloneDX 1.5 (cyclonedx.org/docs/1.5/json), or 1.6 and 1.7 where asked: rooted, sorted, and the same bytes for the same
//! catalog and time; never licences that nobody has stated, never a path of the machine.

use contract::Digest;
use cyclonedx_bom::{
    models::{
        component::{Classification, ComponentEvidence, Occurrence, Occurrences, Scope},
        dependency::{Dependencies, Dependency},
        hash::{Hash, HashAlgorithm, HashValue, Hashes},
        license::{LicenseChoice, Licenses},
        property::{Properties, Property},
        tool::Tools,
    },
    prelude::{Bom, Component, Components, DateTime, Metadata, Purl, SpecVersion as Written, UrnUuid},
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::{
    catalog::{self, Algorithm, Catalog, Kind, Licence, Package},
    error::Error,
};

/// The property that holds the layer in which a file was found, with the file's path after the digest.
const LAYER: &str = "seaworthy:layer";

/// A version of the CycloneDX specification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, clap::ValueEnum)]
pub enum SpecVersion {
    /// 1.5
    #[value(name = "1.5")]
    V1_5,
    /// 1.6 (ECMA-424, first edition)
    #[value(name = "1.6")]
    V1_6,
    /// 1.7 (ECMA-424, second edition)
    #[value(name = "1.7")]
    V1_7,
}

/// The SBOM as JSON. Its serial number comes from its content, so that it says something.
pub fn json(catalog: &Catalog, version: SpecVersion, now: Timestamp) -> Result<Vec<u8>, Error> {
    let bom = |serial_number, timestamp| Bom {
        version: 1,
        serial_number,
        metadata: Some(metadata(catalog, timestamp)),
        components: Some(Components(components(catalog))),
        dependencies: Some(Dependencies(dependencies(catalog))),
        spec_version: Written::V1_5,
        services: None,
        external_references: None,
        compositions: None,
        properties: None,
        vulnerabilities: None,
        signature: None,
        annotations: None,
        formulation: None,
    };
    let serial = serial_number(Digest::of(&written(bom(None, None), version)?));
    let time = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let time = DateTime::try_from(time).map_err(Error::bom)?;
    let mut json = written(bom(Some(serial), Some(time)), version)?;
    json.push(b'\n');
    Ok(json)
}

fn written(bom: Bom, version: SpecVersion) -> Result<Vec<u8>, Error> {
    let mut json = Vec::new();
    bom.output_as_json(&mut json, Written::V1_5).map_err(Error::bom)?;
    let number = match version {
        SpecVersion::V1_5 => return Ok(json),
        SpecVersion::V1_6 => "1.6",
        SpecVersion::V1_7 => "1.7",
    };
    let mut later: Value = serde_json::from_slice(&json).map_err(Error::bom)?;
    later["specVersion"] = number.into();
    let components = later.get_mut("components").and_then(Value::as_array_mut);
    for component in components.into_iter().flatten() {
        acknowledge(component);
    }
    if let Some(component) = later.pointer_mut("/metadata/component") {
        acknowledge(component);
    }
    serde_json::to_vec_pretty(&later).map_err(Error::bom)
}

/// Since 1.6 a licence says whose word it is: these are the packages' own, and nobody has looked into their files.
fn acknowledge(component: &mut Value) {
    let licences = component.get_mut("licenses").and_then(Value::as_array_mut);
    for licence in licences.into_iter().flatten() {
        let stated = if licence.get("license").is_some() { &mut licence["license"] } else { licence };
        stated["acknowledgement"] = "declared".into();
    }
}

/// A UUID of version 8 (RFC 9562, section 5.8) made from the digest.
fn serial_number(digest: Digest) -> UrnUuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut padded = [0; 32];
    padded[..16].copy_from_slice(&bytes);
    let hex = Digest::from_bytes(padded).hex();
    let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]];
    UrnUuid(format!("urn:uuid:{}", groups.join("-")))
}

fn metadata(catalog: &Catalog, timestamp: Option<DateTime>) -> Metadata {
    let tool = Component::new(Classification::Application, "sbom-sign", env!("CARGO_PKG_VERSION"), None);
    let component = component(&catalog.packages[catalog.root]);
    Metadata {
        timestamp,
        tools: Some(Tools::Object { services: None, components: Some(Components(vec![tool])) }),
        component: Some(component),
        ..Metadata::default()
    }
}

/// How many components an SBOM of this catalog lists, beside the root.
pub fn component_count(catalog: &Catalog) -> usize {
    catalog.packages.len() - 1
}

/// All but the root, which stands in the metadata.
fn components(catalog: &Catalog) -> Vec<Component> {
    let packages = catalog.packages.iter().enumerate();
    packages.filter(|(place, _)| *place != catalog.root).map(|(_, package)| component(package)).collect()
}

fn component(package: &Package) -> Component {
    let version = package.version.as_deref().unwrap_or_default();
    let purl = package.purl.as_ref().map(ToString::to_string);
    Component {
        version: package.version.as_deref().map(Into::into),
        // The absent scope is `required`, and most formats do not tell.
        scope: (package.scope == catalog::Scope::Optional).then_some(Scope::Optional),
        hashes: some(package.hashes.iter().map(hash).collect()).map(Hashes),
        licenses: some(licences(package)).map(Licenses),
        purl: purl.and_then(|purl| purl.parse::<Purl>().ok()),
        properties: some(properties(package)).map(Properties),
        evidence: some(occurrences(package)).map(|found| ComponentEvidence {
            licenses: None,
            copyright: None,
            occurrences: Some(Occurrences(found)),
            callstack: None,
            identity: None,
        }),
        ..Component::new(
            classification(package.kind),
            &package.name,
            version,
            Some(package.reference.clone()),
        )
    }
}

/// An empty list is left out.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

const fn classification(kind: Kind) -> Classification {
    match kind {
        Kind::Library => Classification::Library,
        Kind::Application => Classification::Application,
        Kind::Container => Classification::Container,
        Kind::OperatingSystem => Classification::OperatingSystem,
        Kind::File => Classification::File,
    }
}

fn hash(hash: &catalog::Hash) -> Hash {
    let alg = match hash.algorithm() {
        Algorithm::Md5 => HashAlgorithm::MD5,
        Algorithm::Sha1 => HashAlgorithm::SHA1,
        Algorithm::Sha256 => HashAlgorithm::SHA_256,
        Algorithm::Sha384 => HashAlgorithm::SHA_384,
        Algorithm::Sha512 => HashAlgorithm::SHA_512,
    };
    Hash { alg, content: HashValue(hash.digits().to_owned()) }
}

/// One expression stands alone, and there may be no other entry beside it: several are one expression in which all hold, unless one of them
/// is no expression.
fn licences(package: &Package) -> Vec<LicenseChoice> {
    let expressions: Option<Vec<&str>> = package
        .licences
        .iter()
        .map(|licence| match licence {
            Licence::Expression(text) => Some(text.as_str()),
            Licence::Name(_) => None,
        })
        .collect();
    match expressions.as_deref() {
        Some([]) => Vec::new(),
        Some([one]) => vec![LicenseChoice::expression(one)],
        Some(several) => {
            let enclosed = several
                .iter()
                .map(|one| if one.contains(' ') { format!("({one})") } else { (*one).to_owned() });
            vec![LicenseChoice::expression(&enclosed.collect::<Vec<_>>().join(" AND "))]
        }
        None => package.licences.iter().map(|licence| LicenseChoice::license(&licence.to_string())).collect(),
    }
}

fn properties(package: &Package) -> Vec<Property> {
    let stated = package.properties.iter().map(|(name, value)| Property::new(name, value));
    let layers = package.places.iter().filter_map(|place| {
        let layer = place.layer?;
        Some(Property::new(LAYER, &format!("{layer} {}", place.path)))
    });
    stated.chain(layers).collect()
}

/// Each path once, however many layers hold it.
fn occurrences(package: &Package) -> Vec<Occurrence> {
    let mut paths: Vec<&str> = package.places.iter().map(|place| place.path.as_str()).collect();
    paths.dedup();
    paths.into_iter().map(Occurrence::new).collect()
}

fn dependencies(catalog: &Catalog) -> Vec<Dependency> {
    let reference = |place: &usize| catalog.packages[*place].reference.clone();
    let of = |package: &Package| Dependency {
        dependency_ref: package.reference.clone(),
        dependencies: package.needs.union(&package.development).map(reference).collect(),
    };
    catalog.packages.iter().map(of).collect()
}

#[cfg(test)]
mod tests;
