//! Images that nobody should trust: cut off, changed, endless, or not what they seem.
#![allow(clippy::disallowed_methods, reason = "a test reads and writes what it likes")]

use std::{fs, time::Duration};

use testkit::{Cmd, Scratch, bin};

use crate::{
    contents::{LIBC, STATUS, bom, image, image_of, listed, packed, said, sbom},
    desk::{LOCK, sbom_sign},
};

/// How much memory the binary may take when its input is larger, in kilobytes.
const MEMORY_KB_MAX: u32 = 96 << 10;

#[test]
fn a_list_of_packages_that_cannot_be_read_is_no_shorter_list() {
    let database = |files: &[(&str, &str)], code: &str| {
        let desk = Scratch::new();
        image_of(&desk, &[files]);
        let run = sbom(&desk, "").fails(2, code);
        assert!(!desk.has("bom.json"));
        run.stderr.clone()
    };
    let told = database(&[(STATUS, &format!("{LIBC}\nPackage: curl\n"))], "package-database-malformed");
    assert!(
        told.contains("/var/lib/dpkg/status, line 7,") && told.contains("a package has no Version"),
        "{told}"
    );
    database(&[("lib/apk/db/installed", "P:x\n")], "package-database-malformed");
    database(&[("etc/passwd", "root")], "image-without-packages");
    let desk = Scratch::new();
    desk.directory("layer/var/lib/dpkg");
    std::os::unix::fs::symlink("/data/status", desk.join("layer").join(STATUS)).unwrap();
    image(&desk, &[packed(&desk, "layer", &["-z"])]);
    sbom(&desk, "").fails(2, "package-database-elsewhere");
}

/// An image of one layer with these symbolic links beside its files.
fn with_links(files: &[(&str, &str)], links: &[(&str, &str)]) -> Scratch {
    let desk = Scratch::new();
    for (path, text) in files {
        desk.file(&format!("layer/{path}"), text);
    }
    for (path, target) in links {
        let path = desk.join("layer").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }
    image(&desk, &[packed(&desk, "layer", &["-z"])]);
    desk
}

#[test]
fn a_list_below_a_directory_that_is_a_link_was_lost_without_a_word() {
    const NPM: (&str, &str) = ("srv/package.json", r#"{"name":"p","version":"1.0.0"}"#);
    const APK: &str = "P:musl\nV:1.2.5-r0\nA:x86_64\n\n";
    for (place, link, target, text, kind, wanted) in [
        (
            "usr/lib/sysimage/dpkg/status",
            "var/lib/dpkg",
            "/usr/lib/sysimage/dpkg",
            LIBC,
            "deb",
            "libc6@2.36-9",
        ),
        ("data/var/lib/dpkg/status", "var", "data/var", LIBC, "deb", "libc6@2.36-9"),
        ("opt/status", STATUS, "../../../opt/status", LIBC, "deb", "libc6@2.36-9"),
        ("opt/sd/libc6", "var/lib/dpkg/status.d", "/opt/sd", LIBC, "deb", "libc6@2.36-9"),
        ("data/apk/db/installed", "lib/apk", "/data/apk", APK, "apk", "musl@1.2.5-r0"),
    ] {
        let desk = with_links(&[NPM, (place, text), ("opt/sd/libc6.md5sums", "0 x\n")], &[(link, target)]);
        for scope in ["squashed", "all-layers"] {
            sbom(&desk, &format!("--scope {scope}")).succeeds();
            assert_eq!(listed(&bom(&desk), kind), [wanted.to_owned()].into(), "{link}");
            let place_told =
                bom(&desk)["components"].to_string().contains(&format!("\"location\":\"{place}\""));
            assert!(place_told, "{place}");
        }
    }
    let rpm = with_links(&[NPM, ("data/rpm/rpmdb.sqlite", "x")], &[("var/lib/rpm", "/data/rpm")]);
    sbom(&rpm, "").fails(2, "package-database-malformed");
    let deep = ("a/b/c/d/e/f/h/status", LIBC);
    let deep = with_links(&[NPM, deep], &[("var/lib/dpkg", "/a/b/c/d/e/f/g"), ("a/b/c/d/e/f/g", "h")]);
    sbom(&deep, "").fails(2, "package-database-elsewhere");
    // A link that leads to nothing of the kind is no list.
    let none = with_links(&[NPM, ("data/var/lib/x", "")], &[("var", "data/var")]);
    sbom(&none, "").succeeds();
}

#[test]
fn the_lists_of_file_systems_inside_the_image_were_passed_over_in_silence() {
    let apk = ("opt/rootfs/lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n\n");
    let lists = [apk, ("opt/rootfs/var/lib/dpkg/status", LIBC), ("mnt/var/lib/rpm/Packages", "x")];
    let desk = with_links(
        &[&lists[..], &[(STATUS, LIBC), ("srv/status", "x"), ("opt/installed", "x")]].concat(),
        &[],
    );
    let run = sbom(&desk, "").succeeds();
    assert_eq!(run.observed().outputs["unread"], "3");
    for (path, _) in lists {
        assert!(run.observed().summary.contains(path), "{path}: {}", run.observed().summary);
    }
    assert_eq!(listed(&bom(&desk), "deb"), ["libc6@2.36-9".to_owned()].into());
    assert!(listed(&bom(&desk), "apk").is_empty());
}

#[test]
fn a_package_that_is_a_link_to_another_name_was_neither_listed_nor_named() {
    let python = "Name: six\nVersion: 1.16.0\n";
    let npm = |name: &str| format!(r#"{{"name":"{name}","version":"1.0.0"}}"#);
    let desk = with_links(
        &[
            ("srv/package.json", &npm("p")),
            ("share/pj", &npm("q")),
            ("share/m", python),
            ("store/six/METADATA", python),
        ],
        &[
            ("lnk/package.json", "/share/pj"),
            ("site/six-1.dist-info/METADATA", "../../share/m"),
            ("site/six-2.dist-info", "../store/six"),
            // What is read under its own name is not missing.
            ("bin/package.json", "../srv/package.json"),
            ("node_modules", "/srv"),
        ],
    );
    let run = sbom(&desk, "").succeeds();
    assert_eq!(run.observed().outputs["unread"], "3");
    for words in [
        "/lnk/package.json",
        "/site/six-1.dist-info/METADATA",
        "/site/six-2.dist-info",
        "a link to /share/pj",
    ] {
        assert!(run.observed().summary.contains(words), "{words}: {}", run.observed().summary);
    }
    assert_eq!(listed(&bom(&desk), "npm"), ["p@1.0.0".to_owned()].into());
}

#[test]
fn files_of_single_packages_that_cannot_be_read_are_named() {
    let desk = Scratch::new();
    let huge = format!(r#"{{"name":"x","version":"1","y":"{}"}}"#, "y".repeat(9 << 20));
    image_of(
        &desk,
        &[&[
            ("a/package.json", "{"),
            ("b/package.json", r#"{"name":"b","version":"1.0.0"}"#),
            ("huge/package.json", &huge),
            ("x.dist-info/METADATA", "Name: x\n"),
        ]],
    );
    let run = sbom(&desk, "").succeeds();
    assert_eq!(run.observed().outputs["unread"], "3");
    for words in ["/a/package.json", "/huge/package.json", "longer than 8388608 bytes", "it has no Version"] {
        assert!(run.observed().summary.contains(words), "{words}: {}", run.observed().summary);
    }
}

#[test]
fn what_files_tell_together_is_no_more_than_memory_holds() {
    let desk = Scratch::new();
    let long = "x".repeat(7 << 20);
    let first =
        desk.file("layer/0/package.json", format!(r#"{{"name":"p","version":"1.0.0","x":"{long}"}}"#));
    for number in 1..=160 {
        desk.directory(&format!("layer/{number}"));
        fs::hard_link(&first, desk.join(&format!("layer/{number}/package.json"))).unwrap();
    }
    image(&desk, &[packed(&desk, "layer", &["-z"])]);
    sbom(&desk, "").fails(2, "image-packages-endless");
    assert!(!desk.has("bom.json"));
}

#[test]
fn a_layer_that_was_changed_is_refused_and_nothing_written() {
    let desk = Scratch::new();
    image_of(&desk, &[&[(STATUS, LIBC)]]);
    let blobs = fs::read_dir(desk.join("registry/blobs/sha256")).unwrap().map(|one| one.unwrap().path());
    let layer = blobs.into_iter().find(|path| fs::read(path).unwrap().starts_with(&[0x1f, 0x8b])).unwrap();
    let good = fs::read(&layer).unwrap();
    let mut changed = good.clone();
    changed[20] ^= 1;
    for (bytes, code) in [(changed, "digest-mismatch"), (good[..good.len() - 9].to_vec(), "size-mismatch")] {
        fs::write(&layer, bytes).unwrap();
        sbom(&desk, "").fails(1, code);
        assert!(!desk.has("bom.json"));
    }
}

#[test]
fn an_argument_that_could_be_two_things_is_refused() {
    let desk = Scratch::new();
    image_of(&desk, &[&[(STATUS, LIBC)]]);
    desk.file("tree/Cargo.lock", LOCK);
    desk.file("oci:registry:app/Cargo.lock", LOCK);
    let run = |words: &str| sbom_sign(&desk, &format!("sbom {words} --output bom.json")).run();
    run("oci:registry:app").fails(2, "path-or-image");
    run("./oci:registry:app").succeeds();
    run("tree --platform linux/amd64").fails(2, "flag-of-images");
    run("tree --scope squashed").fails(2, "flag-of-images");
    run("oci:registry:app --exclude x").fails(2, "path-or-image");
    run("oci:nowhere:app --exclude x").fails(2, "flag-of-trees");
    run("oci:registry").fails(2, "image-incomplete");
    run("oci:nowhere:app").fails(2, "layout-missing");
    run("nowhere").fails(2, "file-missing");
}

#[test]
fn a_million_entries_cost_time_and_no_memory() {
    let desk = Scratch::new();
    // All entries but the last are one header, again and again: what they are called makes no difference to what is kept.
    desk.file("layer/some/file", "");
    let tar = packed(&desk, "layer", &[]);
    let header = tar.chunks(512).find(|block| block[156] == b'0').unwrap();
    let many = header.repeat(1000);
    let mut archive = Vec::new();
    let piece = gzip(&desk, &many);
    (0..1000).for_each(|_| archive.extend_from_slice(&piece));
    desk.file("status/var/lib/dpkg/status", LIBC);
    archive.extend(packed(&desk, "status", &["-z"]));
    image(&desk, &[archive]);
    let run = within(&desk, MEMORY_KB_MAX, "sbom oci:registry:app --output bom.json");
    run.timeout(Duration::from_mins(5)).run().succeeds();
    assert_eq!(listed(&bom(&desk), "deb").len(), 1);
}

#[test]
fn a_large_program_costs_time_and_no_memory() {
    let desk = Scratch::new();
    desk.file("layer/var/lib/dpkg/status", LIBC);
    let program = [&b"\x7fELF\x02\x01\x01"[..], &vec![0xcc; 1 << 20]].concat();
    desk.file("layer/usr/lib/large.so", program);
    let large = fs::OpenOptions::new().write(true).open(desk.join("layer/usr/lib/large.so")).unwrap();
    large.set_len(127 << 20).unwrap();
    image(&desk, &[packed(&desk, "layer", &["-z"])]);
    let run = within(&desk, MEMORY_KB_MAX, "sbom oci:registry:app --output bom.json");
    run.timeout(Duration::from_mins(5)).run().succeeds();
}

fn gzip(desk: &Scratch, bytes: &[u8]) -> Vec<u8> {
    let file = desk.file("piece", bytes);
    said("gzip", &["-1", "-k", "-f", file.to_str().unwrap()], desk.path());
    fs::read(desk.join("piece.gz")).unwrap()
}

/// The binary, with so little memory that it can't keep what it reads.
fn within(desk: &Scratch, kilobytes: u32, line: &str) -> Cmd {
    // glibc would reserve 64 MB of addresses for each thread, and under the limit it would try so at every allocation.
    let script = format!("ulimit -v {kilobytes} && MALLOC_ARENA_MAX=1 exec \"$0\" {line}");
    bin("/bin/sh").args(["-c", &script, env!("CARGO_BIN_EXE_sbom-sign")]).dir(desk.path())
}

/// Layers are read side by side, and what one says by itself is not yet what it means.
#[test]
fn a_link_of_a_lower_layer_decides_what_a_file_is() {
    let layers = |path: &str| {
        let desk = Scratch::new();
        desk.directory("links/var/lib/dpkg");
        desk.file("links/etc/passwd", "root");
        std::os::unix::fs::symlink("var/lib/dpkg", desk.join("links/data")).unwrap();
        std::os::unix::fs::symlink("/opt", desk.join("links/lib")).unwrap();
        desk.file(&format!("files/{path}"), LIBC);
        fs::hard_link(desk.join("files").join(path), desk.join("files/another")).unwrap();
        // Without entries for directories, which would stand in the place of the links.
        said("tar", &["-czf", "files.tar", "-C", "files", path, "another"], desk.path());
        image(&desk, &[packed(&desk, "links", &["-z"]), desk.bytes("files.tar").unwrap()]);
        desk
    };
    let desk = layers("data/status");
    sbom(&desk, "").succeeds();
    let bom = bom(&desk);
    assert_eq!(listed(&bom, "deb").len(), 1);
    let component = &bom["components"][0];
    assert_eq!(component["evidence"]["occurrences"][0]["location"], "var/lib/dpkg/status");
    // It is /opt/apk/db/installed, where apk finds its database; and this is none.
    sbom(&layers("lib/apk/db/installed"), "").fails(2, "package-database-malformed");
}

#[test]
fn of_a_wrong_list_in_a_wrong_layer_the_layer_is_what_is_told() {
    let desk = Scratch::new();
    image_of(&desk, &[&[(STATUS, "no list")], &[("etc/passwd", "root")]]);
    let first = packed(&desk, "layer0", &["-z"]);
    let path = desk.join("registry/blobs/sha256").join(contract::Digest::of(&first).hex());
    let mut changed = first;
    // The time in the header of gzip, so that all else is as it was.
    changed[4] ^= 1;
    fs::write(path, changed).unwrap();
    sbom(&desk, "").fails(1, "digest-mismatch");
}
