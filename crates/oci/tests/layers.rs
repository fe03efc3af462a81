//! Layers as a stream of entries: what each means, and what no layer may be.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "the fixtures of a test report by panicking and write what they like"
)]

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use ci::Failure as _;
use oci::{Allowance, Blob, Descriptor, Image, Layout, OciError, Repository as _, media_type, read_layer};
use tar::{EntryType, Header};
use testkit::Scratch;

fn layout(scratch: &Scratch) -> Layout {
    Layout::open_or_new(&scratch.join("layout")).unwrap()
}

fn put(to: &Layout, bytes: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(media_type::LAYER_TAR, bytes);
    to.put_blob(Blob::new(descriptor.clone(), bytes)).unwrap();
    descriptor
}

fn archive(entries: &[(EntryType, &str, &str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, name, target, content) in entries {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn file<'a>(name: &'a str, content: &'a [u8]) -> (EntryType, &'a str, &'a str, &'a [u8]) {
    (EntryType::Regular, name, "", content)
}

/// The entries, each as a line.
fn told(from: &Layout, layer: &Descriptor) -> Result<String, OciError> {
    let mut lines = String::new();
    read_layer(from, layer, &Allowance::default(), &mut |entry| {
        let mut content = String::new();
        // Every second entry is left unread, as most of an image is.
        if lines.lines().count().is_multiple_of(2) {
            entry.read_to_string(&mut content).unwrap();
        }
        lines.push_str(format!("{:?} {} {content}", entry.kind, entry.path).trim());
        lines.push('\n');
        Ok::<_, OciError>(())
    })?;
    Ok(lines)
}

fn code(result: &Result<String, OciError>) -> &str {
    result.as_ref().map_or_else(|error| error.code().as_str(), String::as_str)
}

#[test]
fn entries_are_told_with_what_they_mean() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let long = "deep/".repeat(19);
    let layer = archive(&[
        (EntryType::Directory, "./", "", b""),
        (EntryType::Directory, "./etc/", "", b""),
        file("./etc/passwd", b"root"),
        file("/usr//./bin/x", b"not read"),
        (EntryType::Symlink, "bin", "../usr/bin", b""),
        (EntryType::Link, "sh", "./usr/bin/x", b""),
        file("etc/.wh.shadow", b""),
        file("etc/.wh..wh..opq", b""),
        file(".wh.old", b""),
        file(".wh..wh.plnk", b""),
        (EntryType::Char, "dev/null", "", b""),
        file(&long, b"long"),
    ]);
    insta::assert_snapshot!(told(&layout, &put(&layout, &layer)).unwrap().replace(long.trim_end_matches('/'), "<long>"), @r#"
    Directory
    Directory etc
    File etc/passwd root
    File usr/bin/x
    SymbolicLink("../usr/bin") bin
    HardLink("usr/bin/x") sh
    Removed etc/shadow
    Emptied etc
    Removed old
    Special dev/null
    File <long> long
    "#);
}

/// As the specification and overlayfs's differs write it; ours had a dot less, in the tests too, so that nothing was ever emptied.
#[test]
fn an_opaque_directory_was_taken_for_a_file_of_aufs() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let layer =
        archive(&[file(".wh..wh..opq", b""), file("a/.wh..wh..opq", b""), file("b/.wh..wh.opq", b"")]);
    insta::assert_snapshot!(told(&layout, &put(&layout, &layer)).unwrap(), @r"
    Emptied
    Emptied a
    ");
}

#[test]
fn names_that_are_not_utf8_stay_different() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let mut layer = archive(&[file("a", b""), file("b", b"")]);
    let second = layer.len() - 1024 - 512;
    for (at, byte) in [(0, 0xff), (second, 0xfe)] {
        let mut header = Header::from_byte_slice(&layer[at..at + 512]).clone();
        header.as_old_mut().name[0] = byte;
        header.set_cksum();
        layer[at..at + 512].copy_from_slice(header.as_bytes());
    }
    assert_eq!(told(&layout, &put(&layout, &layer)).unwrap(), "File \\xff\nFile \\xfe\n");
}

#[test]
fn a_path_that_leaves_the_image_is_refused() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    for entry in
        [file("a/../../etc/passwd", b""), file("..", b""), (EntryType::Link, "x", "../etc/passwd", b"")]
    {
        assert_eq!(code(&told(&layout, &put(&layout, &archive(&[entry])))), "unpack-unsafe");
    }
}

/// What the real tool makes of it.
fn compressed(tool: &str, flags: &[&str], bytes: &[u8]) -> Vec<u8> {
    let mut command = Command::new(tool);
    let mut child = command
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{tool} is missing ({error}): script/setup installs it"));
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn layers_of_every_compression_say_the_same() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let random: Vec<u8> =
        (0..300_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    let first = archive(&[file("a", b"a"), file("b", &random), file("c", b"c")]);
    let plain = told(&layout, &put(&layout, &first)).unwrap();
    assert_eq!(plain, "File a a\nFile b\nFile c c\n");
    for (tool, flags) in [
        ("gzip", &["-1"][..]),
        ("zstd", &["-q", "-1"]),
        ("zstd", &["-q", "-19"]),
        ("zstd", &["-q", "--long=27", "-9"]),
        ("zstd", &["-q", "--no-check"]),
    ] {
        let whole = compressed(tool, flags, &first);
        assert_eq!(told(&layout, &put(&layout, &whole)).unwrap(), plain, "{tool} {flags:?}");
        // In pieces, as tools write them that want to read single files.
        let (head, tail) = first.split_at(1024);
        let mut pieces = compressed(tool, flags, head);
        if tool == "zstd" {
            pieces.extend([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        }
        pieces.extend(compressed(tool, flags, tail));
        assert_eq!(told(&layout, &put(&layout, &pieces)).unwrap(), plain, "{tool} {flags:?} in pieces");
        let cut = &whole[..whole.len() - 20];
        assert_eq!(code(&told(&layout, &put(&layout, cut))), "layer-invalid", "{tool} {flags:?} cut off");
    }
}

#[test]
fn a_layer_that_is_not_what_its_digest_says_is_told_as_that() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let good = archive(&[file("a", b"content")]);
    let gzip = compressed("gzip", &[], &good);
    for bytes in [good, gzip] {
        let layer = put(&layout, &bytes);
        let name = format!("layout/blobs/sha256/{}", layer.digest.hex());
        for (changed, wanted) in [
            (bytes.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>(), "digest-mismatch"),
            (bytes[..bytes.len() - 1].to_vec(), "size-mismatch"),
            ([&bytes[..], b"x"].concat(), "size-mismatch"),
        ] {
            std::fs::write(scratch.join(&name), changed).unwrap();
            assert_eq!(code(&told(&layout, &layer)), wanted);
        }
    }
}

#[test]
fn an_archive_that_is_cut_off_is_none() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let whole = archive(&[file("a", b"a"), file("b", &[b'b'; 2000])]);
    for length in [100, 512, 700, 1024 + 512, 1024 + 512 + 1999, 1024 + 512 + 2000] {
        assert_eq!(code(&told(&layout, &put(&layout, &whole[..length]))), "layer-invalid", "{length}");
    }
}

#[test]
fn links_of_a_megabyte_each_were_kept_in_memory() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let long = |length: usize| "long/".repeat(length.div_ceil(5))[..length].to_owned();
    let mut header = Header::new_gnu();
    header.set_size(0);
    for (length, wanted) in [(4096, None), (4097, Some("unpack-unsafe")), (1 << 19, Some("unpack-unsafe"))] {
        let mut linked = tar::Builder::new(Vec::new());
        header.set_entry_type(EntryType::Symlink);
        linked.append_link(&mut header, "link", long(length)).unwrap();
        let mut named = tar::Builder::new(Vec::new());
        header.set_entry_type(EntryType::Regular);
        named.append_data(&mut header, long(length), &b""[..]).unwrap();
        for layer in [linked, named] {
            let told = told_nothing(&layout, &put(&layout, &layer.into_inner().unwrap()));
            assert_eq!(told.err().map(|error| error.code().as_str()), wanted, "{length}");
        }
    }
}

#[test]
fn a_bomb_is_put_out_early() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let header = &archive(&[file("zeros", b"")])[..512];
    let mut header = Header::from_byte_slice(header).clone();
    header.set_size(4 << 30);
    header.set_cksum();
    for (tool, flags) in [("gzip", &["-9"][..]), ("zstd", &["-q", "-19"])] {
        // 256 MiB of zeros, again and again: members and frames simply follow each other.
        let zeros = compressed(tool, flags, &vec![0; 256 << 20]);
        let mut bomb = compressed(tool, flags, header.as_bytes());
        (0..16).for_each(|_| bomb.extend_from_slice(&zeros));
        let begun = std::time::Instant::now();
        assert_eq!(code(&told_nothing(&layout, &put(&layout, &bomb))), "content-too-large", "{tool}");
        assert!(begun.elapsed().as_secs() < 60, "{tool}");
    }
}

/// Goes through without keeping anything.
fn told_nothing(from: &Layout, layer: &Descriptor) -> Result<String, OciError> {
    read_layer(from, layer, &Allowance::default(), &mut |_| Ok::<_, OciError>(())).map(|()| String::new())
}

#[test]
fn a_layer_of_another_kind_is_refused() {
    let scratch = Scratch::new();
    let layout = layout(&scratch);
    let image = |kind: &str| {
        let layers = vec![Descriptor::of(kind, b"")];
        Image::new(put(&layout, b"{}"), layers).into_manifest().unwrap()
    };
    for good in [
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ] {
        assert_eq!(oci::layers(&image(good)).unwrap().len(), 1, "{good}");
    }
    for bad in ["application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "application/spdx+json", ""] {
        assert_eq!(oci::layers(&image(bad)).unwrap_err().code().as_str(), "unpack-no-files", "{bad}");
    }
    let empty = Image::new(put(&layout, b"{}"), Vec::new()).into_manifest().unwrap();
    assert_eq!(oci::layers(&empty).unwrap_err().code().as_str(), "unpack-no-files");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_make_it_panic(start in 0..4_usize, bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2048)) {
        let starts: [&[u8]; 4] = [&[0x1f, 0x8b, 8], &[0x28, 0xb5, 0x2f, 0xfd], &[0x50, 0x2a, 0x4d, 0x18], b""];
        let scratch = Scratch::new();
        let layout = layout(&scratch);
        let _ = told_nothing(&layout, &put(&layout, &[starts[start], &bytes].concat()));
    }
}
