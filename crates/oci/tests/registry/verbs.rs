//! Resolve, read, write, tag, list, copy: against all registries.

use contract::Selector;
use oci::{Blob, Layout, Manifest, OciError, Repository, Stored, copy};
use testkit::{
    Scratch,
    relay::{relay, transcript},
    served::Served,
};

use crate::images::{at, by_tag, family, image, notes, tag};

/// All, because they differ.
fn all() -> [Served; 3] {
    [Served::crane(), Served::docker(""), Served::cuelabs()]
}

#[test]
fn what_is_written_is_read_back() {
    for served in all() {
        let registry = at(&served.authority(), "acme/app");
        assert_eq!(registry.resolve(&by_tag("1")).unwrap(), None);
        assert_eq!(registry.tags().unwrap(), []);
        let manifest = image(&registry, b"layer");
        assert_eq!(registry.tag(&tag("1"), &manifest).unwrap(), Stored::New);
        assert_eq!(registry.tag(&tag("1"), &manifest).unwrap(), Stored::AlreadyThere);
        let found = registry.resolve(&by_tag("1")).unwrap().unwrap();
        assert_eq!(&found, manifest.descriptor());
        let again = at(&served.authority(), "acme/app");
        assert_eq!(again.find(&by_tag("1")).unwrap().bytes(), manifest.bytes());
        assert_eq!(again.manifest(manifest.digest()).unwrap(), manifest);
        let layer = &manifest.image().unwrap().layers[0];
        assert!(again.has_blob(layer).unwrap());
        assert_eq!(again.blob_bytes(layer, 100).unwrap(), b"layer");
        assert_eq!(again.put_blob(Blob::new(layer.clone(), &b"layer"[..])).unwrap(), Stored::AlreadyThere);
        assert_eq!(again.tags().unwrap(), [tag("1")]);
    }
}

#[test]
fn a_tag_never_moves() {
    for served in all() {
        let registry = at(&served.authority(), "acme/app");
        let (one, two) = (image(&registry, b"one"), image(&registry, b"two"));
        registry.tag(&tag("1"), &one).unwrap();
        let refused = registry.tag(&tag("1"), &two).unwrap_err();
        let named = matches!(&refused, OciError::TagWouldMove { from, to, .. } if (*from, *to) == (one.digest(), two.digest()));
        assert!(named, "{refused}");
        assert_eq!(registry.resolve(&by_tag("1")).unwrap().unwrap().digest, one.digest());
    }
}

#[test]
fn a_retag_of_a_present_image_takes_three_requests() {
    for served in all() {
        let manifest = image(&at(&served.authority(), "acme/app"), b"layer");
        let relay = relay(&served.authority(), |_| None);
        let registry = at(&relay.authority(), "acme/app");
        let found = registry.find(&Selector::Digest(manifest.digest())).unwrap();
        registry.tag(&tag("1.2.3-860c190"), &found).unwrap();
        assert_eq!(transcript(&relay), ["GET manifests", "HEAD manifests", "PUT manifests"]);
    }
}

#[test]
fn a_copy_of_a_present_image_asks_the_destination_once() {
    let served = Served::docker("");
    let manifest = image(&at(&served.authority(), "acme/app"), b"layer");
    image(&at(&served.authority(), "acme/mirror"), b"layer");
    let relay = relay(&served.authority(), |_| None);
    let from = at(&served.authority(), "acme/app");
    let to = at(&relay.authority(), "acme/mirror");
    assert_eq!(copy(&from, &to, manifest.digest()).unwrap(), oci::Moved::default());
    assert_eq!(transcript(&relay), ["HEAD manifests"]);
}

#[test]
fn an_index_travels_with_its_children_and_evidence_between_registries_and_layouts() {
    let [crane, docker, cuelabs] = all();
    let scratch = Scratch::new();
    let layout = Layout::open_or_new(&scratch.join("layout")).unwrap();
    let index = family(&layout);
    let there = at(&crane.authority(), "acme/app");
    let onward = at(&docker.authority(), "acme/mirror");
    let listing = at(&cuelabs.authority(), "acme/mirror");
    let back = Layout::open_or_new(&scratch.join("back")).unwrap();
    let steps: [(&dyn Repository, &dyn Repository); 4] =
        [(&layout, &there), (&there, &onward), (&onward, &listing), (&listing, &back)];
    for (from, to) in steps {
        let moved = copy(from, to, index.digest()).unwrap();
        assert_eq!((moved.blobs, moved.manifests), (6, 5), "{}", to.location());
        assert_eq!(copy(from, to, index.digest()).unwrap(), oci::Moved::default(), "{}", to.location());
        assert_eq!(to.find(&Selector::Digest(index.digest())).unwrap().bytes(), index.bytes());
        assert_eq!(notes(to, &index), ["index"]);
        let child: Manifest = to.described(&index.children()[0]).unwrap();
        assert_eq!(notes(to, &child), ["child"]);
    }
}
