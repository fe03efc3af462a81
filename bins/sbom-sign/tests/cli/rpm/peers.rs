//! What syft lists of the same images, package by package; and the databases of real distributions that syft's own reader is tested with.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
};

use serde_json::Value;
use testkit::Scratch;

use super::{BACKENDS, RHEL, install, with, with_log};
use crate::contents::{bom, said, sbom};

/// Where they lie: in a module that syft is built with.
const REAL: &str = "github.com/anchore/go-rpmdb@v0.2.2";

/// The packages of an image by their package URLs, with the version of each.
type Listed = BTreeMap<String, String>;

fn listed(packages: &Value) -> Listed {
    let one = |one: &Value| Some((one["purl"].as_str()?.to_owned(), one["version"].as_str()?.to_owned()));
    let all = packages.as_array().unwrap().iter().filter_map(one);
    all.filter(|(purl, _)| purl.starts_with("pkg:rpm/")).collect()
}

fn ours(desk: &Scratch) -> Listed {
    sbom(desk, "").succeeds();
    listed(&bom(desk)["components"])
}

fn theirs(desk: &Scratch) -> Listed {
    let output = Command::new("syft")
        .args(["scan", "--quiet", "--output", "json", "oci-dir:registry"])
        .current_dir(desk.path())
        .env("HOME", desk.path())
        .env("SYFT_CHECK_FOR_APP_UPDATE", "false")
        .output()
        .unwrap_or_else(|error| panic!("syft is not there, see script/setup --peers: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    listed(&serde_json::from_slice::<Value>(&output.stdout).unwrap()["artifacts"])
}

/// Why they differ: keys that packages are signed with are none, to us.
fn without_keys(mut theirs: Listed) -> (Listed, usize) {
    let all = theirs.len();
    theirs.retain(|purl, _| !purl.contains("/gpg-pubkey@"));
    let keys = all - theirs.len();
    (theirs, keys)
}

#[test]
#[ignore = "peers: needs syft, see script/setup --peers"]
fn peers_syft_lists_the_same_packages_of_every_kind_of_database() {
    let desk = Scratch::new();
    install(&desk, 100);
    for backend in BACKENDS {
        let database = backend.of(&desk, &Vec::new());
        let path = format!("var/lib/rpm/{}", backend.file());
        with(&desk, &[("etc/os-release", RHEL.as_bytes()), (&path, &database)]);
        let ours = ours(&desk);
        assert_eq!(ours.len(), 103, "{backend:?}");
        assert_eq!(ours, theirs(&desk), "{backend:?}");
    }
}

/// A change that is only in the log is none to syft; we refuse such an image.
#[test]
#[ignore = "peers: needs syft, see script/setup --peers"]
fn peers_syft_does_not_heed_the_log() {
    let desk = Scratch::new();
    install(&desk, 0);
    let [database, log] = with_log(&desk);
    with(&desk, &[("var/lib/rpm/rpmdb.sqlite", &database), ("var/lib/rpm/rpmdb.sqlite-wal", &log)]);
    assert_eq!(theirs(&desk).len(), 3, "two are left, by the log");
}

/// syft tells of the packages of such a list neither whose they are nor of which release, so that nothing can be looked up for them.
#[test]
#[ignore = "peers: needs syft, see script/setup --peers"]
fn peers_syft_reads_the_list_of_an_image_without_rpm() {
    let desk = Scratch::new();
    let manifest = "bash\t5.2.15-3.azl3\t1\t1\tx\t(none)\t7\tx86_64\t0\tbash-5.2.15-3.azl3.src.rpm\n\
        openssl\t3.3.0-1.azl3\t1\t1\tx\t1\t7\tx86_64\t1\topenssl-3.3.0-1.azl3.src.rpm\n";
    let system: &[u8] = b"ID=azurelinux\nVERSION_ID=\"3.0\"\n";
    let path = "var/lib/rpmmanifest/container-manifest-2";
    with(&desk, &[("etc/os-release", system), (path, manifest.as_bytes())]);
    let ours = ours(&desk).into_iter();
    let bare = |purl: String| purl.replace("azurelinux/", "").replace("distro=azurelinux-3.0&", "");
    assert_eq!(ours.map(|(purl, version)| (bare(purl), version)).collect::<Listed>(), theirs(&desk));
}

#[test]
#[ignore = "peers: needs syft, see script/setup --peers"]
fn peers_databases_of_real_distributions_are_read_as_syft_reads_them() {
    let desk = Scratch::new();
    let module = said("go", &["mod", "download", "-json", REAL], desk.path());
    let module: Value = serde_json::from_str(&module).unwrap();
    let directory = PathBuf::from(module["Dir"].as_str().unwrap()).join("pkg/testdata");
    let (mut compared, mut keys) = (BTreeSet::new(), 0);
    for distribution in fs::read_dir(directory).unwrap().map(|one| one.unwrap().path()) {
        for file in BACKENDS.map(super::Backend::file).into_iter().collect::<BTreeSet<_>>() {
            let Ok(database) = fs::read(distribution.join(file)) else { continue };
            let path = format!("var/lib/rpm/{file}");
            with(&desk, &[("etc/os-release", RHEL.as_bytes()), (&path, &database)]);
            let (theirs, with_keys) = without_keys(theirs(&desk));
            assert_eq!(ours(&desk), theirs, "{}", distribution.display());
            keys += with_keys;
            compared.insert(distribution.file_name().unwrap().to_owned());
        }
    }
    assert!(compared.len() > 15, "{compared:?}");
    assert!(keys > 0, "syft lists no keys any more: docs/sbom-sign.md says that it does");
}
