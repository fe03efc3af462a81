//! Files on their way into an image and out again: the same bytes each time, and nothing outside the directory.
#![allow(clippy::unwrap_used, reason = "the fixtures of a test report by panicking")]

use std::{collections::BTreeMap, io::Write, os::unix::fs::symlink};

use ci::Failure;
use contract::{Digest, Selector};
use jiff::Timestamp;
use oci::{
    Blob, Descriptor, Image, Index, Layout, Manifest, Package, Platform, Recipe, Repository, Role, Stored,
    for_platform, media_type, unpack,
};
use tar::{EntryType, Header};
use testkit::Scratch;

fn recipe() -> Recipe {
    Recipe {
        platform: Platform::new("linux", "amd64"),
        created: Timestamp::UNIX_EPOCH,
        labels: BTreeMap::from([("org.opencontainers.image.version".into(), "1.0.0".into())]),
        entrypoint: vec!["/app".into()],
    }
}

fn layout(scratch: &Scratch) -> Layout {
    Layout::open_or_new(&scratch.join("layout")).unwrap()
}

/// A tree with what trees have: a program, an empty directory, a link, a long name, a name that is not UTF-8.
fn site(scratch: &Scratch) {
    scratch.script("site/bin/run", "exit 0");
    scratch.file("site/index.html", "<html>");
    scratch.file(&format!("site/{}/{}.txt", "deep".repeat(20), "name".repeat(20)), "long");
    scratch.directory("site/empty");
    symlink("../index.html", scratch.join("site/bin/home")).unwrap();
    let name = testkit::fixtures::not_utf8();
    std::fs::File::create(scratch.join("site").join(name)).unwrap().write_all(b"x").unwrap();
}

#[test]
fn the_same_files_are_the_same_image_whenever_and_wherever() {
    let one = Scratch::new();
    site(&one);
    let other = Scratch::new();
    site(&other);
    other.chmod("site/index.html", 0o600);
    other.chmod("site/bin/run", 0o700);
    let digest = |scratch: &Scratch| {
        Package::of(&scratch.join("site"), &recipe()).unwrap().manifest().digest().to_string()
    };
    assert_eq!(digest(&one), digest(&other));
    other.chmod("site/index.html", 0o755);
    assert_ne!(digest(&one), digest(&other));
    // Whoever changes these bytes breaks every rebuild that should prove something: say so in the changelog.
    let plain = Scratch::new();
    plain.file("site/a", "a");
    insta::assert_snapshot!(digest(&plain), @"sha256:2bc25be7160b51a2fb5bff5318311a6b696d864b85c05c4c5b1f248c2e909c04");
}

#[test]
fn what_is_packed_is_unpacked_again() {
    let scratch = Scratch::new();
    site(&scratch);
    let layout = layout(&scratch);
    let package = Package::of(&scratch.join("site"), &recipe()).unwrap();
    package.store(&layout).unwrap();
    package.store(&layout).unwrap();
    let image = layout.find(&Selector::Digest(package.manifest().digest())).unwrap();
    assert_eq!(unpack(&layout, &image, &scratch.join("out/site")).unwrap(), Stored::New);
    assert_eq!(unpack(&layout, &image, &scratch.join("out/site")).unwrap(), Stored::AlreadyThere);
    let tree = |name: &str| testkit::Tree::read(&scratch.join(name), &[]);
    assert_eq!(tree("site").difference(&tree("out/site")), "");
    scratch.file("out/site/index.html", "<html>!");
    let refused = unpack(&layout, &image, &scratch.join("out/site")).unwrap_err();
    assert_eq!(refused.code().as_str(), "unpack-target-differs");
    assert_eq!(scratch.read("out/site/index.html"), "<html>!");
    assert!(!scratch.has("out/.site.partial"));
}

#[test]
fn one_file_is_an_image_of_one_file() {
    let scratch = Scratch::new();
    scratch.script("app", "exit 0");
    let layout = layout(&scratch);
    let package = Package::of(&scratch.join("app"), &recipe()).unwrap();
    package.store(&layout).unwrap();
    unpack(&layout, package.manifest(), &scratch.join("out")).unwrap();
    assert_eq!(testkit::bin(scratch.join("out/app")).run().succeeds().stdout, "");
    let config = &package.manifest().image().unwrap().config;
    let config = String::from_utf8(layout.blob_bytes(config, 1 << 20).unwrap()).unwrap();
    assert!(config.contains(r#""created":"1970-01-01T00:00:00Z","architecture":"amd64","os":"linux""#));
    assert!(config.contains(r#""Entrypoint":["/app"]"#));
}

#[test]
fn files_that_change_while_they_are_packed_are_noticed() {
    let scratch = Scratch::new();
    scratch.file("site/a", "before");
    let layout = layout(&scratch);
    for content in ["after!", "shrunk", "s"] {
        let package = Package::of(&scratch.join("site"), &recipe()).unwrap();
        scratch.file("site/a", content);
        assert_eq!(package.store(&layout).unwrap_err().code().as_str(), "pack-source-changed");
    }
}

#[test]
fn what_is_no_file_or_leads_out_is_not_packed() {
    let scratch = Scratch::new();
    symlink("/etc", scratch.directory("absolute").join("x")).unwrap();
    symlink("../..", scratch.directory("above/a").join("x")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(scratch.directory("socket").join("s")).unwrap();
    for name in ["absolute", "above/a", "socket"] {
        let refused = Package::of(&scratch.join(name), &recipe()).unwrap_err();
        assert_eq!(refused.code().as_str(), "pack-file-kind", "{name}");
    }
    assert_eq!(Package::of(&scratch.join("none"), &recipe()).unwrap_err().code().as_str(), "file-missing");
}

/// An image of one layer with these bytes.
fn image_of(to: &Layout, kind: &str, layer: &[u8]) -> Manifest {
    let put = |kind: &str, bytes: &[u8]| {
        let descriptor = Descriptor::of(kind, bytes);
        to.put_blob(Blob::new(descriptor.clone(), bytes)).unwrap();
        descriptor
    };
    let manifest =
        Image::new(put(media_type::IMAGE_CONFIG, b"{}"), vec![put(kind, layer)]).into_manifest().unwrap();
    to.put_manifest(&manifest, Role::Root).unwrap();
    manifest
}

/// One entry; the name goes into the header as it is, which the tar crate's own writer would refuse.
fn entry(kind: EntryType, name: &str, target: &str, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o4755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![0; 1024]].concat()
}

#[test]
fn no_entry_leaves_the_directory() {
    let (file, link, hard) = (EntryType::Regular, EntryType::Symlink, EntryType::Link);
    let evil: &[(&str, Vec<Vec<u8>>)] = &[
        ("an absolute path", vec![entry(file, "/tmp/evil", "", b"x")]),
        ("a path upwards", vec![entry(file, "../evil", "", b"x")]),
        ("a path upwards in the middle", vec![entry(file, "a/../../evil", "", b"x")]),
        ("an absolute link", vec![entry(link, "a", "/etc/passwd", b"")]),
        ("a link upwards", vec![entry(link, "a", "../evil", b"")]),
        ("a link upwards behind a name", vec![entry(link, "d/a", "b/../../evil", b"")]),
        (
            "a file through a link",
            vec![
                entry(EntryType::Directory, "d/", "", b""),
                entry(link, "a", "d", b""),
                entry(file, "a/x", "", b"x"),
            ],
        ),
        (
            "two links that only together lead out",
            vec![entry(link, "x/y/up", "../..", b""), entry(link, "out", "x/y/up/..", b"")],
        ),
        ("a hard link to a path outside", vec![entry(hard, "a", "../../../../etc/passwd", b"")]),
        ("a hard link to a link", vec![entry(link, "a", "b", b""), entry(hard, "c", "a", b"")]),
        ("a device", vec![entry(EntryType::Char, "null", "", b"")]),
        ("a pipe", vec![entry(EntryType::Fifo, "pipe", "", b"")]),
        ("a whiteout", vec![entry(file, "d/.wh.secret", "", b"")]),
        ("a file in place of a directory", vec![entry(file, "d/x", "", b"x"), entry(file, "d", "", b"x")]),
        ("a file without a name", vec![entry(file, "./", "", b"x")]),
    ];
    for (case, entries) in evil {
        let scratch = Scratch::new();
        let layout = layout(&scratch);
        let image = image_of(&layout, media_type::LAYER_TAR, &archive(entries));
        let before = scratch.tree(&[]);
        let refused = unpack(&layout, &image, &scratch.join("out")).expect_err(case);
        assert_eq!(refused.code().as_str(), "unpack-unsafe", "{case}: {refused}");
        assert_eq!(before.difference(&scratch.tree(&[])), "", "{case}");
    }
}

#[test]
fn what_later_entries_replace_is_replaced_and_never_written_through() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let image = image_of(
        &layout,
        media_type::LAYER_TAR,
        &archive(&[
            entry(EntryType::Regular, "./b", "", b"old"),
            entry(EntryType::Symlink, "a", "b", b""),
            entry(EntryType::Regular, "a", "", b"new"),
            entry(EntryType::Link, "c", "b", b""),
        ]),
    );
    unpack(&layout, &image, &scratch.join("out")).unwrap();
    assert_eq!(["a", "b", "c"].map(|name| scratch.read(&format!("out/{name}"))), ["new", "old", "old"]);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&scratch.join("out/a").metadata().unwrap().permissions());
    assert_eq!(mode & 0o7000, 0, "set-user-ID does not survive");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_layers_are_read_and_endless_headers_are_not() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let good = gzip(&archive(&[entry(EntryType::Regular, "a", "", b"x")]));
    let code = |kind: &str, bytes: &[u8]| {
        let image = image_of(&layout, kind, bytes);
        unpack(&layout, &image, &scratch.join("out")).map_err(|error| error.code().as_str())
    };
    assert_eq!(code(media_type::LAYER_TAR_GZIP, &good), Ok(Stored::New));
    assert_eq!(code(media_type::LAYER_TAR_GZIP, b"no gzip"), Err("layer-invalid"));
    assert_eq!(code(media_type::LAYER_TAR, b"no archive at all"), Err("layer-invalid"));
    let endless = archive(&[entry(EntryType::GNULongName, "././@LongLink", "", &vec![b'a'; 8 << 20])]);
    assert_eq!(code(media_type::LAYER_TAR_GZIP, &gzip(&endless)), Err("layer-invalid"));
    assert_eq!(code("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", b""), Err("unpack-no-files"));
}

#[test]
fn a_damaged_layer_leaves_nothing() {
    let scratch = Scratch::new();
    scratch.file("site/a", "content");
    let layout = layout(&scratch);
    let package = Package::of(&scratch.join("site"), &recipe()).unwrap();
    package.store(&layout).unwrap();
    let layer = package.manifest().image().unwrap().layers[0].digest;
    let name = format!("layout/blobs/sha256/{}", layer.hex());
    let bytes = scratch.bytes(&name).unwrap();
    scratch.file(&name, String::from_utf8(bytes).unwrap().replace("content", "CONTENT"));
    let before = scratch.tree(&[]);
    let refused = unpack(&layout, package.manifest(), &scratch.join("out")).unwrap_err();
    assert_eq!(refused.code().as_str(), "digest-mismatch");
    assert_eq!(before.difference(&scratch.tree(&[])), "");
}

#[test]
fn an_index_gives_the_image_of_the_platform() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let child = |platform: &str| {
        let image = image_of(&layout, media_type::LAYER_TAR, platform.as_bytes());
        let mut descriptor = image.descriptor().clone();
        descriptor.platform = Some(platform.parse().unwrap());
        descriptor
    };
    let (amd, arm) = (child("linux/amd64"), child("linux/arm64/v8"));
    let index = Index::new(vec![amd.clone(), arm.clone(), child("unknown/unknown")]).into_manifest().unwrap();
    let pick = |platform: &str| -> Result<Digest, &str> {
        for_platform(&layout, index.clone(), &platform.parse().unwrap())
            .map(|image| image.digest())
            .map_err(|error| error.code().as_str())
    };
    assert_eq!(pick("linux/amd64"), Ok(amd.digest));
    assert_eq!(pick("linux/arm64"), Ok(arm.digest));
    assert_eq!(pick("darwin/arm64"), Err("unpack-no-files"));
    let mut nested = index.clone();
    for _ in 0..oci::DEPTH_MAX {
        layout.put_manifest(&nested, Role::Child).unwrap();
        let mut inner = nested.descriptor().clone();
        inner.platform.clone_from(&amd.platform);
        nested = Index::new(vec![inner]).into_manifest().unwrap();
    }
    let endless = for_platform(&layout, nested, &Platform::new("linux", "amd64")).unwrap_err();
    assert_eq!(endless.code().as_str(), "image-endless");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_archive_makes_it_panic_or_write_outside(
        names in proptest::collection::vec(("[ab./]{1,8}", "[ab./]{0,8}", 0..4_usize), 0..8),
    ) {
        let scratch = Scratch::new();
        let layout = layout(&scratch);
        let kinds = [EntryType::Regular, EntryType::Symlink, EntryType::Link, EntryType::Directory];
        let entries: Vec<_> =
            names.iter().map(|(name, target, kind)| entry(kinds[*kind], name, target, b"")).collect();
        let image = image_of(&layout, media_type::LAYER_TAR, &archive(&entries));
        let before = scratch.tree(&["out"]);
        let _ = unpack(&layout, &image, &scratch.join("out"));
        proptest::prop_assert_eq!(before.difference(&scratch.tree(&["out"])), "");
        for (path, entry) in &testkit::Tree::read(&scratch.join("out"), &[]).0 {
            if let testkit::Entry::Link(_) = entry {
                // A link that leads somewhere leads somewhere inside.
                if let Ok(end) = scratch.join("out").join(path).canonicalize() {
                    proptest::prop_assert!(end.starts_with(scratch.join("out").canonicalize().unwrap()), "{}", path);
                }
            }
        }
    }
}
