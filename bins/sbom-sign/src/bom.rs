//! A catalog as CycloneDX 1.5 (cyclonedx.org/docs/1.5/json), or 1.6 and 1.7 where asked: rooted, sorted, and the same bytes for the same
//! catalog and time; never licences that nobody has stated, never a path of the machine.

use std::ops::Range;

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
    prelude::{Bom, Component, Components, DateTime, Metadata, Purl, SpecVersion as CycloneDx, UrnUuid},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap as _, SerializeSeq as _},
};
use serde_json::{Map, Value};

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

/// What stands for the serial number until the content is known from which it comes.
const NO_SERIAL: &str = "urn:uuid:00000000-0000-0000-0000-000000000000";
/// How many bytes a package takes, more or less.
const PACKAGE_BYTES: usize = 1 << 10;
/// How many packages are held in CycloneDX's model at a time.
const PACKAGES_TOGETHER: usize = 32;

/// The SBOM as JSON. Its serial number comes from its content without number and time, so that it says something.
pub fn json(catalog: &Catalog, version: SpecVersion, now: Timestamp) -> Result<Vec<u8>, Error> {
    let time = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let time = DateTime::try_from(time).map_err(Error::bom)?;
    let mut json = Vec::with_capacity(catalog.packages.len() * PACKAGE_BYTES);
    let written = Written::new(catalog, version, UrnUuid(NO_SERIAL.to_owned()), time)?;
    serde_json::to_writer_pretty(&mut json, &written).map_err(Error::bom)?;
    let serial = line(&json, "\n  \"serialNumber\": ")?;
    let time = line(&json, "\n    \"timestamp\": ")?;
    let content = [&json[..serial.start], &json[serial.end..time.start], &json[time.end..]];
    let number = serial_number(Digest::of_pieces(content));
    // Behind it stand a quotation mark and a comma.
    let end = serial.end - 2;
    json[end - number.len()..end].copy_from_slice(number.as_bytes());
    json.push(b'\n');
    Ok(json)
}

/// The first line that begins like this, with the line break before it: no text within quotation marks has one.
fn line(json: &[u8], start: &str) -> Result<Range<usize>, Error> {
    let found = json.windows(start.len()).position(|some| some == start.as_bytes());
    let found = found.and_then(|first| {
        let length = json[first + 1..].iter().position(|byte| *byte == b'\n')?;
        Some(first..first + 1 + length)
    });
    found.ok_or_else(|| Error::bom(format!("no line {}", start.trim())))
}

/// An SBOM on its way out, in which only some packages are held twice at a time.
struct Written<'c> {
    catalog: &'c Catalog,
    version: SpecVersion,
    /// All but the lists.
    frame: Map<String, Value>,
}

/// A list of an SBOM.
struct List<'c> {
    of: &'c Written<'c>,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Components,
    Dependencies,
}

impl<'c> Written<'c> {
    fn new(
        catalog: &'c Catalog,
        version: SpecVersion,
        serial: UrnUuid,
        time: DateTime,
    ) -> Result<Self, Error> {
        let metadata = Some(metadata(catalog, time));
        let mut frame = in_json(Bom { metadata, ..bom(Some(serial), Some(Vec::new()), Some(Vec::new())) })
            .map_err(Error::bom)?;
        frame["specVersion"] = match version {
            SpecVersion::V1_5 => "1.5",
            SpecVersion::V1_6 => "1.6",
            SpecVersion::V1_7 => "1.7",
        }
        .into();
        if let Some(component) = frame.get_mut("metadata").and_then(|metadata| metadata.get_mut("component"))
        {
            acknowledge(component, version);
        }
        Ok(Self { catalog, version, frame })
    }
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.frame {
            match key.as_str() {
                "components" => map.serialize_entry(key, &List { of: self, what: What::Components })?,
                "dependencies" => map.serialize_entry(key, &List { of: self, what: What::Dependencies })?,
                _ => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

impl List<'_> {
    /// The entries for these packages; the root stands in the metadata and not among the components.
    fn entries(&self, first: usize, packages: &[Package]) -> serde_json::Result<Vec<Value>> {
        let Written { catalog, version, .. } = self.of;
        let (bom, list) = match self.what {
            What::Components => {
                let numbered = packages.iter().zip(first..).filter(|(_, place)| *place != catalog.root);
                let components = numbered.map(|(package, _)| component(package)).collect();
                (bom(None, Some(components), None), "components")
            }
            What::Dependencies => (bom(None, None, Some(dependencies(catalog, packages))), "dependencies"),
        };
        let Some(Value::Array(mut entries)) = in_json(bom)?.remove(list) else { return Ok(Vec::new()) };
        if let What::Components = self.what {
            for component in &mut entries {
                acknowledge(component, *version);
            }
        }
        Ok(entries)
    }
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (number, packages) in self.of.catalog.packages.chunks(PACKAGES_TOGETHER).enumerate() {
            for entry in self.entries(number * PACKAGES_TOGETHER, packages).map_err(S::Error::custom)? {
                list.serialize_element(&entry)?;
            }
        }
        list.end()
    }
}

/// An SBOM with these lists alone.
fn bom(
    serial_number: Option<UrnUuid>,
    components: Option<Vec<Component>>,
    dependencies: Option<Vec<Dependency>>,
) -> Bom {
    Bom {
        version: 1,
        serial_number,
        metadata: None,
        components: components.map(Components),
        dependencies: dependencies.map(Dependencies),
        spec_version: CycloneDx::V1_5,
        services: None,
        external_references: None,
        compositions: None,
        properties: None,
        vulnerabilities: None,
        signature: None,
        annotations: None,
        formulation: None,
    }
}

fn in_json(bom: Bom) -> serde_json::Result<Map<String, Value>> {
    let mut json = Vec::new();
    bom.output_as_json(&mut json, CycloneDx::V1_5).map_err(serde_json::Error::custom)?;
    serde_json::from_slice(&json)
}

/// Since 1.6 a licence says whose word it is: these are the packages' own, and nobody has looked into their files.
fn acknowledge(component: &mut Value, version: SpecVersion) {
    if version == SpecVersion::V1_5 {
        return;
    }
    let licences = component.get_mut("licenses").and_then(Value::as_array_mut);
    for licence in licences.into_iter().flatten() {
        let stated = if licence.get("license").is_some() { &mut licence["license"] } else { licence };
        stated["acknowledgement"] = "declared".into();
    }
}

/// A UUID of version 8 (RFC 9562, section 5.8) made from the digest.
fn serial_number(digest: Digest) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut padded = [0; 32];
    padded[..16].copy_from_slice(&bytes);
    let hex = Digest::from_bytes(padded).hex();
    let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]];
    format!("urn:uuid:{}", groups.join("-"))
}

fn metadata(catalog: &Catalog, timestamp: DateTime) -> Metadata {
    let tool = Component::new(Classification::Application, "sbom-sign", env!("CARGO_PKG_VERSION"), None);
    let component = component(&catalog.packages[catalog.root]);
    Metadata {
        timestamp: Some(timestamp),
        tools: Some(Tools::Object { services: None, components: Some(Components(vec![tool])) }),
        component: Some(component),
        ..Metadata::default()
    }
}

/// How many components an SBOM of this catalog lists, beside the root.
pub fn component_count(catalog: &Catalog) -> usize {
    catalog.packages.len() - 1
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
    Hash { alg, content: HashValue(hash.digits()) }
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

fn dependencies(catalog: &Catalog, packages: &[Package]) -> Vec<Dependency> {
    let reference = |place: &usize| catalog.packages[*place].reference.clone();
    let of = |package: &Package| Dependency {
        dependency_ref: package.reference.clone(),
        dependencies: package.needs.union(&package.development).map(reference).collect(),
    };
    packages.iter().map(of).collect()
}

#[cfg(test)]
mod tests;
