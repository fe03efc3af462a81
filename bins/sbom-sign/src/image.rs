//! What an image is made of: its layers are streamed, one after the other, and what they say becomes one catalog whose root is the image;
//! never a source tree, and never a file on disk.

mod error;
pub mod finding;
pub mod layers;
mod places;
mod scan;
pub mod tree;

use std::collections::BTreeMap;

use contract::{Digest, ImageRef, Location, Platform};
use oci::{Manifest, Repository};

use crate::catalog::{
    Catalog, Few, Kind, Licence, Malformed, Origin, Package, Part, Place, Purl, PurlType, Qualifier, apk,
    dist_info, dpkg, node_modules,
    os_release::{self, Release},
    rpm,
};
pub use error::Unreadable;
use finding::Finding;
pub use tree::Scope;
use tree::{Found, Tree};

/// What an image without a name of its own is called.
const NAMELESS: &str = "image";
/// The annotation that names it (OCI image specification 1.1, "Pre-Defined Annotation Keys").
const TITLE: &str = "org.opencontainers.image.title";

/// What is made of an image, and what could not be read of it.
pub struct Contents {
    /// What it is made of.
    pub catalog: Catalog,
    /// Files of single packages that can't be read, by path.
    pub unread: Vec<(String, Malformed)>,
}

/// Reads an image: of an index the one for this platform.
pub fn read(
    named: &ImageRef,
    from: &dyn Repository,
    found: Manifest,
    platform: &Platform,
    scope: Scope,
) -> Result<Contents, Unreadable> {
    let asked = found.digest();
    let image = oci::for_platform(from, found, platform)?;
    let tree = layers::read(from, oci::layers(&image)?, scope)?;
    let mut unread = Vec::new();
    let mut parts = parts(&tree, scope, &mut unread)?;
    parts.retain(|part| !part.packages.is_empty());
    if parts.is_empty() {
        return Err(Unreadable::Nothing { digest: image.digest() });
    }
    let mut root = root(named, &image);
    if asked != image.digest() {
        root.properties.insert("seaworthy:image:index".into(), asked.to_string());
        root.properties.insert("seaworthy:image:platform".into(), platform.to_string());
    }
    Ok(Contents { catalog: Catalog::of_image(root, parts), unread })
}

/// The image as a component. What it says depends on how the image was named, because that is what its package URL tells.
fn root(named: &ImageRef, image: &Manifest) -> Package {
    let digest = image.digest().to_string();
    let (name, repository) = match named.location() {
        Location::Registry { host, repository } => {
            (repository.rsplit('/').next().unwrap_or(repository), format!("{host}/{repository}"))
        }
        // Where a layout lies is this machine's business.
        Location::Layout(_) => {
            (image.annotations().get(TITLE).map_or(NAMELESS, String::as_str), String::new())
        }
    };
    let tag = named.tag().map(ToString::to_string).unwrap_or_default();
    let purl = Purl::new(PurlType::Oci, name).or_else(|_| Purl::new(PurlType::Oci, NAMELESS));
    let package = match purl {
        Ok(purl) => Package::new(
            purl.version(&digest)
                .qualifier(Qualifier::RepositoryUrl, &repository)
                .qualifier(Qualifier::Tag, &tag),
        ),
        Err(_) => Package::other(Kind::Container, NAMELESS, Some(&digest)),
    };
    Package { kind: Kind::Container, origin: Origin::Tree, ..package }
}

/// What a database of packages holds, with the place of each.
type Records<R> = BTreeMap<Option<Digest>, Vec<(R, Place)>>;

/// The findings as parts of a catalog. In one file system the packages of one kind belong together; across layers those of each layer do.
fn parts(tree: &Tree, scope: Scope, unread: &mut Vec<(String, Malformed)>) -> Result<Vec<Part>, Unreadable> {
    let system = os_release::PATHS.iter().find_map(|path| system(tree.at(&tree.follow(path).ok()?)?));
    let system = system.as_ref();
    let mut parts = Vec::new();
    let (mut debian, mut alpine) = (Records::new(), Records::new());
    let (mut python, mut npm) = (Records::new(), Records::new());
    for found in tree.findings() {
        let place = Place { path: found.path.clone(), layer: Some(found.layer) };
        let group = match scope {
            Scope::Squashed => None,
            Scope::AllLayers => Some(found.layer),
        };
        let placed = |place: &Place| place.clone();
        match found.finding.clone() {
            Finding::Dpkg(records) => {
                debian.entry(group).or_default().extend(records.into_iter().map(|one| (one, placed(&place))));
            }
            Finding::Apk(records) => {
                alpine.entry(group).or_default().extend(records.into_iter().map(|one| (one, placed(&place))));
            }
            Finding::Python(record) => python.entry(group).or_default().push((record, place)),
            Finding::Npm(record) => npm.entry(group).or_default().push((record, place)),
            Finding::System(release) => parts.push(release.part(&place)),
            Finding::Program(part) => parts.push(part.found_at(&place)),
            Finding::Rpm(records) => parts.push(rpm::part(records, &place, system)),
            Finding::RpmLog(changes) => none_unfinished(tree, found, changes)?,
            Finding::Unread(wrong) => unread.push((place.path, wrong)),
            Finding::Link(link) => unread.extend(link.unread(tree, &place.path).map(|why| (place.path, why))),
            Finding::Licences(_) => {}
        }
    }
    let licences = |name: &str| licences(tree, name);
    parts.extend(debian.into_values().map(|found| dpkg::part(found, &licences, system)));
    parts.extend(alpine.into_values().map(|found| apk::part(found, system)));
    parts.extend(python.into_values().map(dist_info::part));
    parts.extend(npm.into_values().map(|found| node_modules::part(&found)));
    Ok(parts)
}

/// A database of RPM is read without the log beside it, so nothing may be in there alone.
fn none_unfinished(tree: &Tree, log: &Found, changes: rpm::Changes) -> Result<(), Unreadable> {
    let Some(database) = rpm::database_of(&log.path).filter(|_| changes == rpm::Changes::Unfinished) else {
        return Ok(());
    };
    let is_it = |found: &Found| found.path == database && matches!(found.finding, Finding::Rpm(_));
    if tree.findings().any(is_it) {
        let database = database.to_owned();
        return Err(Unreadable::RpmUnfinished { layer: log.layer, log: log.path.clone(), database });
    }
    Ok(())
}

fn system(found: &Found) -> Option<Release> {
    match &found.finding {
        Finding::System(release) => Some(release.clone()),
        _ => None,
    }
}

/// The licences of a Debian package, whose copyright file may lie with another package.
fn licences(tree: &Tree, name: &str) -> Few<Licence> {
    let path = tree.follow(&format!("usr/share/doc/{name}/copyright"));
    match path.ok().and_then(|path| tree.at(&path)).map(|found| &found.finding) {
        Some(Finding::Licences(licences)) => licences.clone(),
        _ => Few::new(),
    }
}
