//! OCI image layouts on a real disk: what is read back, what is refused, and what two writers leave.
#![allow(clippy::unwrap_used, reason = "the fixtures of a test report by panicking")]

use std::{collections::BTreeMap, fs, thread};

use ci::Failure;
use contract::{Digest, Selector, Tag};
use oci::{
    Artifact, Blob, Descriptor, Image, Index, Layout, Manifest, OciError, Repository, Role, Stored, attach,
    copy, media_type, validate,
};
use testkit::Scratch;

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn by_tag(text: &str) -> Selector {
    Selector::Tag(tag(text))
}

fn blob(to: &Layout, kind: &str, content: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(kind, content);
    to.put_blob(Blob::new(descriptor.clone(), content)).unwrap();
    descriptor
}

fn image(to: &Layout, content: &str) -> Manifest {
    let config = blob(to, media_type::IMAGE_CONFIG, br#"{"os":"linux","architecture":"amd64"}"#);
    let layer = blob(to, media_type::LAYER_TAR, content.as_bytes());
    let manifest = Image::new(config, vec![layer]).into_manifest().unwrap();
    to.put_manifest(&manifest, Role::Child).unwrap();
    manifest
}

fn note(text: &str) -> Artifact {
    Artifact {
        artifact_type: "text/plain".into(),
        content: text.into(),
        annotations: BTreeMap::from([("note".into(), text.into())]),
    }
}

fn blob_name(digest: Digest) -> String {
    format!("a/b/blobs/sha256/{}", digest.hex())
}

fn scratch() -> (Scratch, Layout) {
    let directory = Scratch::new();
    let layout = Layout::open_or_new(&directory.join("a/b")).unwrap();
    (directory, layout)
}

#[test]
fn a_new_layout_is_made_by_the_first_write_only() {
    let (directory, layout) = scratch();
    let root = directory.join("a/b");
    assert_eq!(layout.resolve(&by_tag("1")).unwrap(), None);
    assert!(!root.exists());
    assert!(matches!(Layout::open(&root), Err(OciError::LayoutMissing(_))));
    let manifest = image(&layout, "x");
    assert_eq!(layout.tag(&tag("1"), &manifest).unwrap(), Stored::New);
    assert_eq!(layout.tag(&tag("1"), &manifest).unwrap(), Stored::AlreadyThere);
    assert_eq!(directory.read("a/b/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#);
    let again = Layout::open(&root).unwrap();
    assert_eq!(again.find(&by_tag("1")).unwrap(), manifest);
    assert_eq!(again.tags().unwrap(), [tag("1")]);
}

#[test]
fn a_tag_does_not_move_and_both_digests_are_named() {
    let (_directory, layout) = scratch();
    let (one, two) = (image(&layout, "one"), image(&layout, "two"));
    layout.tag(&tag("1"), &one).unwrap();
    let refused = layout.tag(&tag("1"), &two).unwrap_err();
    assert_eq!(refused.code().as_str(), "tag-would-move");
    let message = refused.to_string();
    assert!(message.contains(&one.digest().to_string()) && message.contains(&two.digest().to_string()));
    assert_eq!(layout.find(&by_tag("1")).unwrap(), one);
}

#[test]
fn an_index_goes_with_its_children_and_all_their_evidence() {
    let (directory, from) = scratch();
    let (amd, arm) = (image(&from, "amd"), image(&from, "arm"));
    let index = Index::new(vec![amd.descriptor().clone(), arm.descriptor().clone()]).into_manifest().unwrap();
    from.tag(&tag("1"), &index).unwrap();
    let sbom = attach(&from, index.digest(), &note("sbom")).unwrap();
    let of_child = attach(&from, arm.digest(), &note("tested")).unwrap();
    let of_sbom = attach(&from, sbom.digest, &note("signed")).unwrap();

    let to = Layout::open_or_new(&directory.join("to")).unwrap();
    let moved = copy(&from, &to, index.digest()).unwrap();
    assert_eq!((moved.blobs, moved.manifests), (7, 6));
    assert_eq!(to.referrers(index.digest()).unwrap(), std::slice::from_ref(&sbom));
    assert_eq!(to.referrers(arm.digest()).unwrap(), [of_child]);
    assert_eq!(to.referrers(sbom.digest).unwrap(), [of_sbom]);
    assert_eq!(to.manifest(index.digest()).unwrap().bytes(), index.bytes());
    assert_eq!(sbom.annotations["note"], "sbom");

    let before = directory.tree(&[]);
    assert_eq!(copy(&from, &to, index.digest()).unwrap(), oci::Moved::default());
    assert_eq!(directory.tree(&[]), before);
}

#[test]
fn attaching_the_same_twice_changes_nothing() {
    let (directory, layout) = scratch();
    let subject = image(&layout, "x");
    let first = attach(&layout, subject.digest(), &note("n")).unwrap();
    let before = directory.tree(&[]);
    assert_eq!(attach(&layout, subject.digest(), &note("n")).unwrap(), first);
    assert_eq!(directory.tree(&[]), before);
}

#[test]
fn content_that_is_not_what_its_digest_says_is_never_used() {
    let (directory, from) = scratch();
    let manifest = image(&from, "layer");
    let layer = manifest.image().unwrap().layers[0].clone();
    let to = Layout::open_or_new(&directory.join("to")).unwrap();
    let code = |content: &str, path: Digest| {
        directory.file(&blob_name(path), content);
        copy(&from, &to, manifest.digest()).unwrap_err().code().as_str()
    };
    assert_eq!(code("LAYER", layer.digest), "digest-mismatch");
    assert_eq!(code("lay", layer.digest), "size-mismatch");
    assert!(!directory.has(&blob_name(layer.digest).replace("a/b", "to")));
    fs::remove_file(directory.join(&blob_name(layer.digest))).unwrap();
    assert_eq!(copy(&from, &to, manifest.digest()).unwrap_err().code().as_str(), "content-missing");
    assert_eq!(code("{}", manifest.digest()), "digest-mismatch");
}

#[test]
fn a_damaged_image_does_not_hide_the_evidence_of_another() {
    let (directory, layout) = scratch();
    let (good, bad) = (image(&layout, "good"), image(&layout, "bad"));
    layout.tag(&tag("1"), &good).unwrap();
    layout.tag(&tag("2"), &bad).unwrap();
    let evidence = attach(&layout, good.digest(), &note("n")).unwrap();
    let name = blob_name(bad.digest());
    directory.file(&name, directory.read(&name).replace("layers", "layerz"));
    assert_eq!(layout.referrers(good.digest()).unwrap(), std::slice::from_ref(&evidence));
    assert_eq!(layout.find(&by_tag("2")).unwrap_err().code().as_str(), "digest-mismatch");
    // What can't be read at all might be evidence: "could not look" is no empty answer.
    directory.file(&blob_name(evidence.digest), "");
    assert_eq!(layout.referrers(good.digest()).unwrap_err().code().as_str(), "manifest-invalid");
}

#[test]
fn an_index_that_names_itself_is_refused() {
    let (directory, layout) = scratch();
    let digest = image(&layout, "x").digest();
    let entry = Descriptor::new(media_type::IMAGE_INDEX, digest, 0);
    let bytes = Index::new(vec![entry]).into_manifest().unwrap().bytes().to_vec();
    directory.file(&blob_name(digest), bytes);
    let to = Layout::open_or_new(&directory.join("to")).unwrap();
    assert_eq!(copy(&layout, &to, digest).unwrap_err().code().as_str(), "digest-mismatch");
}

#[test]
fn indexes_in_indexes_have_an_end() {
    let (directory, layout) = scratch();
    let mut top = image(&layout, "x");
    for _ in 0..=oci::DEPTH_MAX {
        top = Index::new(vec![top.descriptor().clone()]).into_manifest().unwrap();
        layout.put_manifest(&top, Role::Child).unwrap();
    }
    let to = Layout::open_or_new(&directory.join("to")).unwrap();
    assert_eq!(copy(&layout, &to, top.digest()).unwrap_err().code().as_str(), "image-endless");
    assert!(!directory.join("to").exists());
}

#[test]
fn an_index_that_names_its_children_over_and_over_is_read_once() {
    let (directory, layout) = scratch();
    let mut top = image(&layout, "x");
    for _ in 1..oci::DEPTH_MAX {
        top = Index::new(vec![top.descriptor().clone(); 100]).into_manifest().unwrap();
        layout.put_manifest(&top, Role::Child).unwrap();
    }
    validate(&layout, top.digest()).unwrap();
    let to = Layout::open_or_new(&directory.join("to")).unwrap();
    assert_eq!(copy(&layout, &to, top.digest()).unwrap().blobs, 2);
}

#[test]
fn an_image_that_is_not_whole_is_not_valid() {
    let (directory, layout) = scratch();
    let child = image(&layout, "layer");
    let index = Index::new(vec![child.descriptor().clone()]).into_manifest().unwrap();
    layout.tag(&tag("1"), &index).unwrap();
    let layer = blob_name(child.image().unwrap().layers[0].digest);
    let code = || validate(&layout, index.digest()).unwrap_err().code().as_str();
    directory.file(&layer, "LAYER");
    assert_eq!(code(), "digest-mismatch");
    fs::remove_file(directory.join(&layer)).unwrap();
    assert_eq!(code(), "content-missing");
}

#[test]
fn a_link_among_the_blobs_once_had_its_target_overwritten() {
    let (directory, layout) = scratch();
    image(&layout, "x");
    directory.file("victim", "precious");
    let descriptor = Descriptor::of(media_type::EMPTY, b"{}");
    let planted = format!("a/b/blobs/sha256/.{}.partial", descriptor.digest.hex());
    std::os::unix::fs::symlink(directory.join("victim"), directory.join(&planted)).unwrap();
    let refused = layout.put_blob(Blob::new(descriptor, &b"{}"[..])).unwrap_err();
    assert_eq!(refused.code().as_str(), "file-unwritable");
    assert_eq!(directory.read("victim"), "precious");
}

#[test]
fn a_referrer_with_a_novel_in_its_annotations_once_made_the_layout_unreadable() {
    let (_directory, layout) = scratch();
    let subject = image(&layout, "x");
    let novel = |letter: &str| Artifact {
        annotations: BTreeMap::from([("novel".into(), letter.repeat(3 << 20))]),
        ..note(letter)
    };
    attach(&layout, subject.digest(), &novel("a")).unwrap();
    let refused = attach(&layout, subject.digest(), &novel("b")).unwrap_err();
    assert_eq!(refused.code().as_str(), "file-too-large");
    assert_eq!(layout.referrers(subject.digest()).unwrap().len(), 1);
}

#[test]
fn huge_and_foreign_files_are_refused() {
    let (directory, layout) = scratch();
    let root = directory.join("a/b");
    let manifest = image(&layout, "x");
    layout.tag(&tag("1"), &manifest).unwrap();
    let resolve = || layout.resolve(&by_tag("1")).unwrap_err().code().as_str();
    let name = blob_name(manifest.digest());
    testkit::fixtures::huge_file(&directory.join(&name), 10 << 20);
    assert_eq!(resolve(), "content-too-large");
    fs::remove_file(directory.join(&name)).unwrap();
    directory.directory(&name);
    assert_eq!(resolve(), "file-not-a-file");
    directory.file("a/b/index.json", "[]");
    assert_eq!(resolve(), "layout-invalid");
    directory.file("a/b/oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#);
    assert_eq!(Layout::open(&root).unwrap_err().code().as_str(), "layout-invalid");
}

#[test]
fn a_directory_of_other_files_never_becomes_a_layout() {
    let directory = Scratch::new();
    directory.file("thesis.tex", "");
    assert_eq!(Layout::open_or_new(directory.path()).unwrap_err().code().as_str(), "layout-invalid");
}

#[test]
fn many_writers_lose_nothing() {
    let (directory, layout) = scratch();
    let root = directory.join("a/b");
    thread::scope(|scope| {
        for writer in 0..8 {
            let root = &root;
            scope.spawn(move || {
                let layout = Layout::open_or_new(root).unwrap();
                for number in 0..8 {
                    // Half of the content is the same for all of them.
                    let manifest = image(&layout, &format!("{}-{number}", writer % 2));
                    layout.tag(&tag(&format!("{writer}-{number}")), &manifest).unwrap();
                }
            });
        }
    });
    assert_eq!(layout.tags().unwrap().len(), 64);
    for tag in layout.tags().unwrap() {
        layout.find(&Selector::Tag(tag)).unwrap();
    }
    let left = fs::read_dir(root.join("blobs/sha256")).unwrap().count();
    assert_eq!(left, 16 + 16 + 1);
}

#[test]
fn what_belongs_to_an_image_by_the_name_of_a_tag_goes_along_with_the_tag() {
    let (_directory, layout) = scratch();
    let (one, two) = (image(&layout, "one"), image(&layout, "two"));
    let children = vec![one.descriptor().clone(), two.descriptor().clone()];
    let index = Index::new(children).into_manifest().unwrap();
    layout.put_manifest(&index, Role::Root).unwrap();
    let mut tags = Vec::new();
    for (of, ending) in [(&index, "sig"), (&index, "att"), (&one, "sbom"), (&two, "sig")] {
        let tag = oci::legacy_tag(of.digest(), ending).unwrap();
        layout.tag(&tag, &image(&layout, tag.as_str())).unwrap();
        tags.push(tag);
    }
    let other = oci::legacy_tag(Digest::of(b"another image"), "sig").unwrap();
    layout.tag(&other, &image(&layout, "other")).unwrap();

    let (_elsewhere, to) = scratch();
    copy(&layout, &to, index.digest()).unwrap();
    for tag in &tags {
        let named = Selector::Tag(tag.clone());
        assert_eq!(to.resolve(&named).unwrap(), layout.resolve(&named).unwrap(), "{tag}");
    }
    assert_eq!(to.resolve(&Selector::Tag(other)).unwrap(), None);
    assert_eq!(copy(&layout, &to, index.digest()).unwrap().manifests, 0);
}
