//! A catalog as CycloneDX 1.5 (cyclonedx.org/docs/1.5/json): rooted, sorted, and the same bytes for the same catalog and time; never
//! licences that nobody has stated, never a path.

use contract::Digest;
use cyclonedx_bom::{
    models::{
        component::Classification,
        dependency::{Dependencies, Dependency},
        hash::{Hash, HashAlgorithm, HashValue, Hashes},
        tool::Tools,
    },
    prelude::{Bom, Component, Components, DateTime, Metadata, Purl, SpecVersion, UrnUuid},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    catalog::{Catalog, Package, Root},
    error::Error,
};

/// What a workspace is called: a lock file does not name it.
const WORKSPACE: &str = "workspace";

/// The SBOM as JSON. Its serial number comes from its content, so that it says something.
pub fn json(catalog: &Catalog, now: Timestamp) -> Result<Vec<u8>, Error> {
    let bom = |serial_number, timestamp| Bom {
        version: 1,
        serial_number,
        metadata: Some(metadata(catalog, timestamp)),
        components: Some(Components(components(catalog))),
        dependencies: Some(Dependencies(dependencies(catalog))),
        spec_version: SpecVersion::V1_5,
        services: None,
        external_references: None,
        compositions: None,
        properties: None,
        vulnerabilities: None,
        signature: None,
        annotations: None,
        formulation: None,
    };
    let serial = serial_number(Digest::of(&written(bom(None, None))?));
    let time = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let time = DateTime::try_from(time).map_err(Error::bom)?;
    let mut json = written(bom(Some(serial), Some(time)))?;
    json.push(b'\n');
    Ok(json)
}

fn written(bom: Bom) -> Result<Vec<u8>, Error> {
    let mut json = Vec::new();
    bom.output_as_json(&mut json, SpecVersion::V1_5).map_err(Error::bom)?;
    Ok(json)
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
    let component = match &catalog.root {
        Root::Package(place) => component(&catalog.packages[*place], Classification::Application),
        Root::Workspace(_) => Component {
            version: None,
            ..Component::new(Classification::Application, WORKSPACE, "", Some(WORKSPACE.to_owned()))
        },
    };
    Metadata {
        timestamp,
        tools: Some(Tools::Object { services: None, components: Some(Components(vec![tool])) }),
        component: Some(component),
        ..Metadata::default()
    }
}

/// How many components an SBOM of this catalog lists, beside the root.
pub fn component_count(catalog: &Catalog) -> usize {
    catalog.packages.len() - usize::from(matches!(catalog.root, Root::Package(_)))
}

/// All but the root, which stands in the metadata.
fn components(catalog: &Catalog) -> Vec<Component> {
    let packages = catalog.packages.iter().enumerate();
    let others = packages.filter(|(place, _)| catalog.root != Root::Package(*place));
    others.map(|(_, package)| component(package, Classification::Library)).collect()
}

fn component(package: &Package, kind: Classification) -> Component {
    let hash = |digest: Digest| Hash { alg: HashAlgorithm::SHA_256, content: HashValue(digest.hex()) };
    Component {
        purl: package.purl.parse::<Purl>().ok(),
        hashes: package.sha256.map(|digest| Hashes(vec![hash(digest)])),
        ..Component::new(kind, &package.name, &package.version, Some(package.reference.clone()))
    }
}

fn dependencies(catalog: &Catalog) -> Vec<Dependency> {
    let reference = |place: &usize| catalog.packages[*place].reference.clone();
    let of = |dependency_ref: String, needs: &[usize]| Dependency {
        dependency_ref,
        dependencies: needs.iter().map(reference).collect(),
    };
    let mut all = Vec::with_capacity(catalog.packages.len() + 1);
    if let Root::Workspace(tops) = &catalog.root {
        all.push(of(WORKSPACE.to_owned(), tops));
    }
    all.extend(catalog.packages.iter().map(|package| of(package.reference.clone(), &package.needs)));
    all
}

#[cfg(test)]
mod tests;
