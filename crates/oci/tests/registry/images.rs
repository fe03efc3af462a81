//! Images to move, and places to move them to.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use contract::{Location, Selector, Tag};
use http::Retry;
use oci::{
    Access, Artifact, Blob, Descriptor, Image, Index, Manifest, Registry, Repository, Role, attach,
    media_type,
};

/// As anybody, with short pauses.
pub(crate) fn access() -> Access {
    quick(Access::default())
}

pub(crate) fn quick(access: Access) -> Access {
    access.retry(Retry { attempts_max: 4, backoff: Duration::from_millis(5) })
}

pub(crate) fn at(authority: &str, repository: &str) -> Registry {
    with(access(), authority, repository)
}

pub(crate) fn with(access: Access, authority: &str, repository: &str) -> Registry {
    let location = Location::Registry { host: authority.to_owned(), repository: repository.to_owned() };
    Registry::new(&location, &Arc::new(access)).unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub(crate) fn by_tag(text: &str) -> Selector {
    Selector::Tag(tag(text))
}

pub(crate) fn put(to: &dyn Repository, kind: &str, content: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(kind, content);
    to.put_blob(Blob::new(descriptor.clone(), content)).unwrap();
    descriptor
}

pub(crate) fn image(to: &dyn Repository, content: &[u8]) -> Manifest {
    let config = put(to, media_type::IMAGE_CONFIG, br#"{"os":"linux","architecture":"amd64"}"#);
    let layer = put(to, media_type::LAYER_TAR, content);
    let manifest = Image::new(config, vec![layer]).into_manifest().unwrap();
    to.put_manifest(&manifest, Role::Root).unwrap();
    manifest
}

/// Two images, a signature on one of them and one on the index.
pub(crate) fn family(to: &dyn Repository) -> Manifest {
    let children = [image(to, b"for amd64"), image(to, b"for arm64")];
    let index = Index::new(children.iter().map(|child| child.descriptor().clone()).collect());
    let index = index.into_manifest().unwrap();
    to.put_manifest(&index, Role::Root).unwrap();
    attach(to, children[0].digest(), &note("child")).unwrap();
    attach(to, index.digest(), &note("index")).unwrap();
    index
}

pub(crate) fn note(text: &str) -> Artifact {
    Artifact {
        artifact_type: "application/vnd.example.note".into(),
        content: text.into(),
        annotations: BTreeMap::from([("note".into(), text.into())]),
    }
}

pub(crate) fn notes(of: &dyn Repository, subject: &Manifest) -> Vec<String> {
    let mut found: Vec<String> = of
        .referrers(subject.digest())
        .unwrap()
        .into_iter()
        .map(|listed| {
            assert_eq!(listed.artifact_type.as_deref(), Some("application/vnd.example.note"));
            listed.annotations["note"].clone()
        })
        .collect();
    found.sort();
    found
}
