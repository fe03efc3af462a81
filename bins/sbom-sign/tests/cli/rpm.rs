//! Images with RPM packages: each kind of database as its own writer makes it, and what nobody should take for a whole list.
#![allow(clippy::disallowed_methods, reason = "a test reads and writes what it likes")]

mod changed;
mod databases;
mod peers;

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use testkit::Scratch;

use crate::{
    contents::{self, bom, image_of, listed, packed, said, sbom},
    desk::sbom_sign,
};
use databases::{BACKENDS, Backend, Headers, headers, install, listed_by_rpm, remove};

const RHEL: &str = "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.4 (Plow)\"\n";

/// Puts files into a directory.
fn put(desk: &Scratch, directory: &str, files: &[(&str, &[u8])]) {
    for (path, content) in files {
        desk.file(&format!("{directory}/{path}"), content);
    }
}

/// One more name for a file of the layer.
fn hard_link(desk: &Scratch, file: &str, name: &str) {
    let name = desk.join("layer").join(name);
    fs::create_dir_all(name.parent().unwrap()).unwrap();
    fs::hard_link(desk.join("layer").join(file), name).unwrap();
}

/// An image of one layer with these files.
fn with(desk: &Scratch, files: &[(&str, &[u8])]) {
    let _ = fs::remove_dir_all(desk.join("layer"));
    put(desk, "layer", files);
    image(desk, &[packed(desk, "layer", &["-z"])]);
}

/// An image anew: nobody moves the tag of another.
fn image(desk: &Scratch, layers: &[Vec<u8>]) {
    let _ = fs::remove_dir_all(desk.join("registry"));
    contents::image(desk, layers);
}

/// The components and what each needs, a line each.
fn drawn(bom: &Value) -> String {
    let purl = |reference: &Value| reference.as_str().unwrap().trim_start_matches("pkg:rpm/").to_owned();
    let line = |one: &Value| {
        let licence = &one["licenses"][0];
        let licence = licence["expression"].as_str().or_else(|| licence["license"]["name"].as_str());
        let licence = licence.unwrap_or("no licence");
        let mut line = vec![format!("{} = {} ({licence})", one["purl"].as_str()?, one["version"].as_str()?)];
        let mut properties = one["properties"].as_array().into_iter().flatten();
        let module = properties.find(|one| one["name"] == "seaworthy:rpm:module");
        line.extend(module.map(|one| format!("  module {}", one["value"].as_str().unwrap())));
        let needs = bom["dependencies"].as_array()?.iter().find(|needs| needs["ref"] == one["bom-ref"]);
        let needs = needs.and_then(|one| one["dependsOn"].as_array()).into_iter().flatten();
        line.extend(needs.map(|one| format!("  → {}", purl(one))));
        Some(line.join("\n"))
    };
    bom["components"].as_array().unwrap().iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_kind_of_database_gives_the_same_list_licences_and_graph() {
    let desk = Scratch::new();
    install(&desk, 0);
    for backend in BACKENDS {
        let database = backend.of(&desk, &Vec::new());
        with(
            &desk,
            &[("etc/os-release", RHEL.as_bytes()), (&format!("var/lib/rpm/{}", backend.file()), &database)],
        );
        let run = sbom(&desk, "").succeeds();
        assert_eq!(run.observed().outputs["unread"], "0");
        insta::allow_duplicates! {
            insta::assert_snapshot!(drawn(&bom(&desk)), @r"
            pkg:rpm/redhat/app@1.4-3.el9?arch=x86_64&distro=rhel-9.4&epoch=2&upstream=app-1.4-3.el9.src.rpm = 2:1.4-3.el9 (GPLv2+ and MIT)
              module app:rhel9:1:a
              → redhat/data@7~rc1-3.el9?arch=noarch&distro=rhel-9.4&epoch=2&upstream=app-1.4-3.el9.src.rpm
              → redhat/tool@2.0-3.el9?arch=x86_64&distro=rhel-9.4&epoch=0&upstream=app-1.4-3.el9.src.rpm
            pkg:rpm/redhat/data@7~rc1-3.el9?arch=noarch&distro=rhel-9.4&epoch=2&upstream=app-1.4-3.el9.src.rpm = 2:7~rc1-3.el9 (Apache-2.0 OR MIT)
              module app:rhel9:1:a
              → redhat/app@1.4-3.el9?arch=x86_64&distro=rhel-9.4&epoch=2&upstream=app-1.4-3.el9.src.rpm
            pkg:rpm/redhat/tool@2.0-3.el9?arch=x86_64&distro=rhel-9.4&epoch=0&upstream=app-1.4-3.el9.src.rpm = 0:2.0-3.el9 (MIT)
              module app:rhel9:1:a
            ");
        }
    }
}

#[test]
fn hundreds_of_packages_are_listed_as_rpm_lists_them_and_removed_ones_are_not() {
    let desk = Scratch::new();
    install(&desk, 400);
    let before = headers(&desk);
    let all = |desk: &Scratch, gone: &Headers, theirs: &[String]| {
        for backend in BACKENDS {
            let database = backend.of(desk, gone);
            if backend == Backend::Berkeley {
                // rpm still reads what it does not write any more.
                desk.file("berkeley/Packages", &database);
                assert_eq!(listed_by_rpm(desk, "berkeley", "bdb_ro"), theirs);
            }
            with(desk, &[(&format!("usr/lib/sysimage/rpm/{}", backend.file()), &database)]);
            sbom(desk, "").succeeds();
            assert_eq!(listed(&bom(desk), "rpm").into_iter().collect::<Vec<_>>(), theirs, "{backend:?}");
        }
    };
    let theirs = listed_by_rpm(&desk, "rpm", "sqlite");
    assert_eq!(theirs.len(), 403);
    all(&desk, &Vec::new(), &theirs);
    let names: Vec<String> =
        (0..400).filter(|number| number % 3 > 0).map(|number| format!("many{number}")).collect();
    remove(&desk, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let left: BTreeSet<u32> = headers(&desk).into_iter().map(|(number, _)| number).collect();
    let gone = before.into_iter().filter(|(number, _)| !left.contains(number)).collect();
    let theirs = listed_by_rpm(&desk, "rpm", "sqlite");
    assert_eq!(theirs.len(), 137);
    all(&desk, &gone, &theirs);
}

#[test]
fn a_database_that_is_cut_off_or_none_is_refused() {
    let desk = Scratch::new();
    install(&desk, 0);
    let refused = |file: &str, bytes: &[u8]| {
        with(
            &desk,
            &[
                (&format!("var/lib/rpm/{file}"), bytes),
                ("srv/package.json", br#"{"name":"p","version":"1.0.0"}"#),
            ],
        );
        let run = sbom(&desk, "").fails(2, "package-database-malformed");
        assert!(run.stderr.contains(&format!("/var/lib/rpm/{file}, of layer")), "{}", run.stderr);
        assert!(!desk.has("bom.json"));
    };
    for backend in BACKENDS {
        let database = backend.of(&desk, &Vec::new());
        for length in [0, 1, 100, 4096, database.len() / 2, database.len() - 4096, database.len() - 1] {
            refused(backend.file(), &database[..length]);
        }
        refused(backend.file(), &[b'x'; 8192]);
    }
    with(&desk, &[("var/lib/rpmmanifest/container-manifest-2", b"bash\t5.2-1\n")]);
    sbom(&desk, "").fails(2, "package-database-malformed");
}

#[test]
fn an_empty_database_is_an_empty_list() {
    let desk = Scratch::new();
    install(&desk, 0);
    remove(&desk, &["app", "tool", "data"]);
    for backend in BACKENDS {
        let database = (format!("var/lib/rpm/{}", backend.file()), backend.of(&desk, &Vec::new()));
        with(&desk, &[(&database.0, &database.1)]);
        sbom(&desk, "").fails(2, "image-without-packages");
        with(&desk, &[(&database.0, &database.1), ("var/lib/dpkg/status", contents::LIBC.as_bytes())]);
        sbom(&desk, "").succeeds();
        assert!(listed(&bom(&desk), "rpm").is_empty());
    }
}

/// A database with a log as SQLite leaves it whose writer was killed: one package is removed only there.
fn with_log(desk: &Scratch) -> [Vec<u8>; 2] {
    let change = "PRAGMA wal_autocheckpoint=0; DELETE FROM Packages WHERE hnum = 1;";
    let copy = |name: &str| format!(".system cp rpm/{name} {name}");
    let (database, log) = (copy("rpmdb.sqlite"), copy("rpmdb.sqlite-wal"));
    said("sqlite3", &["rpm/rpmdb.sqlite", "PRAGMA journal_mode=WAL", change, &database, &log], desk.path());
    ["rpmdb.sqlite", "rpmdb.sqlite-wal"].map(|name| desk.bytes(name).unwrap())
}

#[test]
fn changes_that_are_only_in_the_log_are_not_passed_over() {
    let desk = Scratch::new();
    install(&desk, 0);
    let [database, log] = with_log(&desk);
    let journal = [&[0xd9, 0xd5, 5, 0xf9, 0x20, 0xa1, 0x63, 0xd7][..], &[0; 504]].concat();
    let place = |name: &str| format!("var/lib/rpm/{name}");
    for (name, log) in [("rpmdb.sqlite-wal", &log), ("rpmdb.sqlite-journal", &journal)] {
        with(&desk, &[(&place("rpmdb.sqlite"), &database), (&place(name), log)]);
        let run = sbom(&desk, "").fails(2, "rpm-database-unfinished");
        assert!(run.stderr.contains(&format!("/var/lib/rpm/{name}, of layer")), "{}", run.stderr);
    }
    // What is not done counts for nothing, to SQLite too.
    for log in [&[][..], &log[..31], &log[..4000], &[0; 512]] {
        with(&desk, &[(&place("rpmdb.sqlite"), &database), (&place("rpmdb.sqlite-wal"), log)]);
        sbom(&desk, "").succeeds();
        assert_eq!(listed(&bom(&desk), "rpm").len(), 3);
    }
    // Whose database is gone, or never was there.
    with(&desk, &[("etc/os-release", RHEL.as_bytes()), (&place("rpmdb.sqlite-wal"), &log)]);
    sbom(&desk, "").succeeds();
}

#[test]
fn a_log_counts_where_its_database_is_seen() {
    let desk = Scratch::new();
    install(&desk, 0);
    let [database, log] = with_log(&desk);
    let layer = |name: &str, files: &[(&str, &[u8])]| {
        put(&desk, &format!("{name}/var/lib/rpm"), files);
        packed(&desk, name, &["-z"])
    };
    let lower = layer("lower", &[("rpmdb.sqlite", &database), ("rpmdb.sqlite-wal", &log)]);
    let replaced = layer("replaced", &[("rpmdb.sqlite", &database)]);
    let finished = layer("finished", &[("rpmdb.sqlite", &database), ("rpmdb.sqlite-wal", b"")]);
    let removed = layer("removed", &[(".wh.rpmdb.sqlite-wal", b"")]);
    // rpm would heed the log of the lower layer in the container, whatever replaces the database.
    image(&desk, &[lower.clone(), replaced]);
    sbom(&desk, "").fails(2, "rpm-database-unfinished");
    for upper in [finished, removed] {
        image(&desk, &[lower.clone(), upper]);
        sbom(&desk, "").succeeds();
        // What the lower layer was by itself nobody can tell without the log.
        sbom(&desk, "--scope all-layers").fails(2, "rpm-database-unfinished");
    }
}

#[test]
fn links_lead_to_the_database_and_to_its_log() {
    let desk = Scratch::new();
    install(&desk, 0);
    let [database, log] = with_log(&desk);
    let linked = |files: &[(&str, &[u8])], links: &[(&str, &str)]| {
        let _ = fs::remove_dir_all(desk.join("layer"));
        put(&desk, "layer", files);
        for (path, target) in links {
            let path = desk.join("layer").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, path).unwrap();
        }
        image(&desk, &[packed(&desk, "layer", &["-z"])]);
    };
    let directory = [("var/lib/rpm", "../../usr/lib/sysimage/rpm")];
    let moved = [("var/lib/rpm", "/data/rpm")];
    let file = [("var/lib/rpm/rpmdb.sqlite", "/data/rpm/rpmdb.sqlite")];
    for (place, links) in [("usr/lib/sysimage/rpm", directory), ("data/rpm", moved), ("data/rpm", file)] {
        let place = |name: &str| format!("{place}/{name}");
        for scope in ["squashed", "all-layers"] {
            linked(&[(&place("rpmdb.sqlite"), &database), (&place("rpmdb.sqlite-wal"), b"")], &links);
            sbom(&desk, &format!("--scope {scope}")).succeeds();
            assert_eq!(listed(&bom(&desk), "rpm").len(), 3);
            let told = format!("\"location\":\"{}\"", place("rpmdb.sqlite"));
            assert!(bom(&desk)["components"].to_string().contains(&told), "{told}");
            linked(&[(&place("rpmdb.sqlite"), &database), (&place("rpmdb.sqlite-wal"), &log)], &links);
            sbom(&desk, &format!("--scope {scope}")).fails(2, "rpm-database-unfinished");
        }
    }
}

/// As in images of ostree, where every file is a link to an object and all empty ones are the same.
#[test]
fn hard_links_are_read_by_their_names() {
    let desk = Scratch::new();
    install(&desk, 0);
    let [database, log] = with_log(&desk);
    for (log, status) in [(&b""[..], 0), (&log, 2)] {
        let _ = fs::remove_dir_all(desk.join("layer"));
        put(&desk, "layer/sysroot/objects", &[("a.file", &database), ("b.file", log)]);
        hard_link(&desk, "sysroot/objects/a.file", "usr/share/rpm/rpmdb.sqlite");
        hard_link(&desk, "sysroot/objects/b.file", "usr/share/rpm/rpmdb.sqlite-wal");
        image(&desk, &[packed(&desk, "layer", &["-z"])]);
        if status == 0 {
            let run = sbom(&desk, "").succeeds();
            assert_eq!(run.observed().outputs["unread"], "0");
            assert_eq!(listed(&bom(&desk), "rpm").len(), 3);
        } else {
            sbom(&desk, "").fails(status, "rpm-database-unfinished");
        }
    }
}

/// OSTree has one object for all files of the same content: the first of its names said what all of them are.
#[test]
fn a_database_that_is_also_linked_as_something_else_was_lost() {
    let desk = Scratch::new();
    install(&desk, 0);
    let database = Backend::Sqlite.of(&desk, &Vec::new());
    put(&desk, "layer", &[("o/x", &database), ("app/package.json", br#"{"name": "p", "version": "1.0.0"}"#)]);
    hard_link(&desk, "o/x", "usr/lib/sysimage/rpm/rpmdb.sqlite-wal");
    hard_link(&desk, "o/x", "var/lib/rpm/rpmdb.sqlite");
    image(&desk, &[packed(&desk, "layer", &["-z"])]);
    sbom(&desk, "").succeeds();
    assert_eq!(listed(&bom(&desk), "rpm").len(), 3);
}

#[test]
fn databases_beside_each_other_and_in_layers_are_one_list() {
    let desk = Scratch::new();
    install(&desk, 0);
    let older = Backend::Berkeley.of(&desk, &Vec::new());
    remove(&desk, &["data"]);
    let newer = Backend::Sqlite.of(&desk, &Vec::new());
    let names = |desk: &Scratch| listed(&bom(desk), "rpm").into_iter().collect::<Vec<_>>().join(" ");
    // What was left behind by an upgrade may list what is gone, but what is there is never missing.
    with(&desk, &[("var/lib/rpm/Packages", &older), ("var/lib/rpm/rpmdb.sqlite", &newer)]);
    sbom(&desk, "").succeeds();
    assert_eq!(names(&desk), "app@2:1.4-3.el9 data@2:7~rc1-3.el9 tool@0:2.0-3.el9");
    let app = bom(&desk)["components"][0].clone();
    assert_eq!(app["evidence"]["occurrences"].as_array().unwrap().len(), 2, "{app}");
    let layer = |name: &str, database: &[u8]| {
        desk.file(&format!("{name}/var/lib/rpm/rpmdb.sqlite"), database);
        packed(&desk, name, &["-z"])
    };
    let layers = [layer("one", &older), layer("two", &newer)];
    image(&desk, &layers);
    sbom(&desk, "").succeeds();
    assert_eq!(names(&desk), "app@2:1.4-3.el9 tool@0:2.0-3.el9");
    sbom(&desk, "--scope all-layers").succeeds();
    assert_eq!(names(&desk), "app@2:1.4-3.el9 data@2:7~rc1-3.el9 tool@0:2.0-3.el9");
}

#[test]
fn the_list_of_an_image_without_rpm_is_read() {
    let desk = Scratch::new();
    let manifest = "bash\t5.2.15-3.azl3\t1717\t1717\tMicrosoft Corporation\t(none)\t7\tx86_64\t0\tbash-5.2.15-3.azl3.src.rpm\n\
        openssl-libs\t3.3.0-1.azl3\t1717\t1717\tMicrosoft Corporation\t1\t7\tx86_64\t1\topenssl-3.3.0-1.azl3.src.rpm\n\
        gpg-pubkey\t3135ce90-5e6fda74\t1717\t1588\t(none)\t(none)\t0\t(none)\t0\t(none)\n";
    let system = "ID=azurelinux\nVERSION_ID=\"3.0\"\n";
    image_of(&desk, &[&[("etc/os-release", system), ("var/lib/rpmmanifest/container-manifest-2", manifest)]]);
    sbom(&desk, "").succeeds();
    insta::assert_snapshot!(drawn(&bom(&desk)), @r"
    pkg:rpm/azurelinux/bash@5.2.15-3.azl3?arch=x86_64&distro=azurelinux-3.0&upstream=bash-5.2.15-3.azl3.src.rpm = 5.2.15-3.azl3 (no licence)
    pkg:rpm/azurelinux/openssl-libs@3.3.0-1.azl3?arch=x86_64&distro=azurelinux-3.0&epoch=1&upstream=openssl-3.3.0-1.azl3.src.rpm = 1:3.3.0-1.azl3 (no licence)
    ");
}

#[test]
fn what_is_listed_is_found_in_a_distributions_own_records() {
    let desk = Scratch::new();
    install(&desk, 0);
    let database = Backend::Sqlite.of(&desk, &Vec::new());
    for (system, ecosystem) in [
        ("ID=\"almalinux\"\nVERSION_ID=\"9.4\"\n", "AlmaLinux:9"),
        ("ID=\"rocky\"\nVERSION_ID=\"9.4\"\n", "Rocky Linux:9"),
        (RHEL, "Red Hat:enterprise_linux:9::appstream"),
        ("ID=\"sles\"\nVERSION_ID=\"15.6\"\n", "SUSE:Linux Enterprise Server 15 SP6"),
        ("ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\n", "openSUSE:Leap 15.6"),
    ] {
        let record = |id: &str, name: &str, fixed: &str| {
            let record = format!(
                r#"{{"id": "{id}", "modified": "2027-01-01T00:00:00Z", "affected": [{{
                    "package": {{"ecosystem": "{ecosystem}", "name": "{name}"}},
                    "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]}}]}}"#
            );
            desk.file(&format!("db/{}/{id}.json", ecosystem.split(':').next().unwrap()), record);
        };
        // The second is fixed in what is installed: without its epoch, it would not be.
        record("X-1", "tool", "0:2.1-1.el9");
        record("X-2", "data", "2:7~rc1-3.el9");
        with(&desk, &[("etc/os-release", system.as_bytes()), ("var/lib/rpm/rpmdb.sqlite", &database)]);
        sbom(&desk, "").succeeds();
        let check = "check bom.json --database db --fail-on critical --allow-unknown-severity --format json";
        let run = sbom_sign(&desk, check).run().succeeds();
        assert!(run.stdout.contains("X-1") && !run.stdout.contains("X-2"), "{ecosystem}: {}", run.stdout);
    }
}
