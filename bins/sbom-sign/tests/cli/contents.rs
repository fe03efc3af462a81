//! What an image is made of: real files in real layers, against what the tools say that own them; and images that nobody should trust.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a test finds its tools itself, and fails by panicking"
)]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use contract::{Digest, Selector};
use oci::{Blob, Descriptor, Image, Index, Layout, Repository as _, Role, media_type};
use serde_json::Value;
use testkit::{
    Run, Scratch,
    served::Served,
    tools::{self, tool},
};

use crate::desk::sbom_sign;

/// What a tool says when it is run.
pub(crate) fn said(program: impl AsRef<std::ffi::OsStr>, args: &[&str], place: &Path) -> String {
    let program = program.as_ref();
    let output = Command::new(program).args(args).current_dir(place).output().unwrap_or_else(|error| {
        panic!("{} is missing ({error}): script/setup installs it", program.display())
    });
    assert!(
        output.status.success(),
        "{} {args:?}: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn layout(desk: &Scratch) -> Layout {
    Layout::open_or_new(&desk.join("registry")).unwrap()
}

fn put(desk: &Scratch, kind: &str, bytes: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(kind, bytes);
    layout(desk).put_blob(Blob::new(descriptor.clone(), bytes)).unwrap();
    descriptor
}

/// An image whose layers are these archives, under the tag `app`.
pub(crate) fn image(desk: &Scratch, layers: &[Vec<u8>]) -> Digest {
    let layers = layers.iter().map(|layer| put(desk, media_type::LAYER_TAR_GZIP, layer)).collect();
    let config = put(desk, media_type::IMAGE_CONFIG, b"{}");
    let manifest = Image::new(config, layers).into_manifest().unwrap();
    layout(desk).put_manifest(&manifest, Role::Root).unwrap();
    layout(desk).tag(&"app".parse().unwrap(), &manifest).unwrap();
    manifest.digest()
}

/// The files of a directory, packed by the real tar.
pub(crate) fn packed(desk: &Scratch, directory: &str, flags: &[&str]) -> Vec<u8> {
    let file = desk.join(&format!("{directory}.tar"));
    let place = desk.join(directory);
    let words =
        [&["-c", "--sort=name", "-f", file.to_str().unwrap(), "-C", place.to_str().unwrap()], flags, &["."]];
    said("tar", &words.concat(), desk.path());
    fs::read(file).unwrap()
}

/// An image of one layer for each list of files.
pub(crate) fn image_of(desk: &Scratch, layers: &[&[(&str, &str)]]) -> Digest {
    let layers: Vec<Vec<u8>> = layers
        .iter()
        .enumerate()
        .map(|(number, files)| {
            let name = format!("layer{number}");
            desk.directory(&name);
            files.iter().for_each(|(path, content)| drop(desk.file(&format!("{name}/{path}"), content)));
            packed(desk, &name, &["-z"])
        })
        .collect();
    image(desk, &layers)
}

pub(crate) fn sbom(desk: &Scratch, flags: &str) -> Run {
    sbom_sign(desk, &format!("sbom oci:registry:app --output bom.json {flags}")).on_runner().run()
}

pub(crate) fn bom(desk: &Scratch) -> Value {
    serde_json::from_str(&desk.read("bom.json")).unwrap()
}

/// `name@version` of all components of an ecosystem.
pub(crate) fn listed(bom: &Value, kind: &str) -> BTreeSet<String> {
    let start = format!("pkg:{kind}/");
    let components = bom["components"].as_array().unwrap().iter();
    let ours = components.filter(|one| one["purl"].as_str().is_some_and(|purl| purl.starts_with(&start)));
    ours.map(|one| {
        format!("{}@{}", one["name"].as_str().unwrap(), one["version"].as_str().unwrap_or_default())
    })
    .collect()
}

fn component<'b>(bom: &'b Value, name: &str) -> &'b Value {
    bom["components"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

const OS: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n";
pub(crate) const LIBC: &str =
    "Package: libc6\nStatus: install ok installed\nSource: glibc\nVersion: 2.36-9\nArchitecture: amd64\n";
const CURL: &str = "\nPackage: curl\nStatus: install ok installed\nVersion: 7.88.1-10\nArchitecture: amd64\nDepends: libc6 (>= 2.34)\n";
pub(crate) const STATUS: &str = "var/lib/dpkg/status";

#[test]
fn an_image_is_told_with_its_graph_licences_and_layers() {
    let desk = Scratch::new();
    let copyright = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: curl\n\nFiles: x\nLicense: GPL-2+\n";
    let digest = image_of(
        &desk,
        &[
            &[("etc/os-release", OS), (STATUS, LIBC)],
            &[(STATUS, &format!("{LIBC}{CURL}")), ("usr/share/doc/curl/copyright", copyright)],
            &[(
                "app/node_modules/left-pad/package.json",
                r#"{"name":"left-pad","version":"1.3.0","license":"WTFPL"}"#,
            )],
        ],
    );
    let run = sbom(&desk, "").succeeds();
    assert_eq!(
        (run.observed().outputs["components"].as_str(), run.observed().outputs["unread"].as_str()),
        ("4", "0")
    );
    let bom = bom(&desk);
    let root = &bom["metadata"]["component"];
    assert_eq!(root["purl"], format!("pkg:oci/image@{digest}?tag=app"));
    assert_eq!(root["type"], "container");
    let curl = component(&bom, "curl");
    assert_eq!(curl["purl"], "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12");
    assert_eq!(curl["licenses"][0]["expression"], "GPL-2.0-or-later AND curl");
    assert_eq!(curl["evidence"]["occurrences"][0]["location"], STATUS);
    let layers = layout(&desk).find(&Selector::Digest(digest)).unwrap().image().unwrap().layers.clone();
    assert_eq!(
        curl["properties"][0]["value"],
        format!("{} {STATUS}", layers[1].digest),
        "the layer that brought it"
    );
    let needs = |of: &Value| {
        let all = bom["dependencies"].as_array().unwrap().iter();
        let one = all.clone().find(|one| one["ref"] == of["bom-ref"]).unwrap();
        one["dependsOn"].as_array().map_or(0, Vec::len)
    };
    // libc6 is reached through curl, all else hangs below the image.
    assert_eq!((needs(root), needs(component(&bom, "curl")), needs(component(&bom, "libc6"))), (3, 1, 0));
    let before = desk.read("bom.json");
    assert_eq!(sbom(&desk, "").succeeds().observed().outputs["state"], "unchanged");
    assert_eq!(desk.read("bom.json"), before);
    // By digest there is no tag to tell.
    sbom_sign(&desk, &format!("sbom oci:registry@{digest} --output bom.json")).run().succeeds();
    assert_eq!(self::bom(&desk)["metadata"]["component"]["purl"], format!("pkg:oci/image@{digest}"));
}

#[test]
fn debians_own_list_of_this_machine_is_ours() {
    let desk = Scratch::new();
    let status = fs::read_to_string("/var/lib/dpkg/status").expect("the tests run on Debian or Ubuntu");
    let system = fs::read_to_string("/etc/os-release").unwrap();
    image_of(&desk, &[&[("etc/os-release", &system), (STATUS, &status)]]);
    sbom(&desk, "").succeeds();
    let format = "${Package}@${Version} ${db:Status-Status}\n";
    let theirs = said("dpkg-query", &["--show", &format!("--showformat={format}")], desk.path());
    let there = theirs.lines().filter_map(|line| line.strip_suffix(" installed")).map(str::to_owned);
    assert_eq!(listed(&bom(&desk), "deb"), there.collect());
}

#[test]
fn pythons_own_list_of_an_environment_is_ours() {
    let desk = Scratch::new();
    let environments =
        fs::read_dir(tools::directory()).expect("script/setup has made it").map(|one| one.unwrap().path());
    let environment =
        environments.into_iter().find(|path| path.to_string_lossy().contains("/check-jsonschema-")).unwrap();
    let find =
        said("find", &[".", "-path", "*-packages", "-type", "d", "-name", "site-packages"], &environment);
    let packages = environment.join(find.lines().next().expect("an environment has site-packages"));
    let list = "import importlib.metadata as m,sys\nfor d in m.distributions(path=[sys.argv[1]]): print(d.metadata['Name']+'@'+d.version)";
    let theirs = said("python3", &["-c", list, packages.to_str().unwrap()], desk.path());
    let tar = packed_from(&desk, &environment);
    image(&desk, &[tar]);
    sbom(&desk, "").succeeds();
    let theirs: BTreeSet<String> = theirs.lines().map(str::to_owned).collect();
    assert!(theirs.len() > 5, "{theirs:?}");
    // Packages bring copies of others along, which no list of Python's shows: ours may be longer.
    let ours = listed(&bom(&desk), "pypi");
    assert!(theirs.is_subset(&ours), "missing: {:?}", theirs.difference(&ours));
}

fn packed_from(desk: &Scratch, directory: &Path) -> Vec<u8> {
    let file = desk.join("from.tar");
    said(
        "tar",
        &["-c", "-z", "-f", file.to_str().unwrap(), "-C", directory.to_str().unwrap(), "."],
        desk.path(),
    );
    fs::read(file).unwrap()
}

/// A real program of each kind, small and large, as its own tool builds it.
#[test]
fn programs_tell_what_they_were_built_from() {
    let desk = Scratch::new();
    desk.file("go/go.mod", "module example.com/app\n\ngo 1.20\n\nrequire example.com/lib v1.2.3\n\nreplace example.com/lib => ../lib\n");
    desk.file("go/main.go", "package main\n\nimport \"example.com/lib\"\n\nfunc main() { lib.Do() }\n");
    desk.file("lib/go.mod", "module example.com/lib\n\ngo 1.20\n");
    desk.file("lib/lib.go", "package lib\n\nfunc Do() { println(\"done\") }\n");
    let build = |place: &str, program: PathBuf, words: &[&str]| {
        let path = format!("{}:{}", tools::directory().join("bin").display(), env::var("PATH").unwrap());
        let output = Command::new(&program)
            .args(words)
            .current_dir(desk.join(place))
            .env("PATH", path)
            .env("GOFLAGS", "-mod=mod")
            .env("GOTOOLCHAIN", "local")
            .env_remove("RUSTFLAGS")
            .env("CARGO_TARGET_DIR", desk.join("target"))
            .output()
            .unwrap_or_else(|error| {
                panic!("{} is missing ({error}): script/setup installs it", program.display())
            });
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    build("go", "go".into(), &["build", "-o", "../image/usr/bin/app", "."]);
    desk.file("rust/Cargo.toml", "[package]\nname = \"tool\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\n[dependencies]\npart = { path = \"part\" }\n");
    desk.file("rust/src/main.rs", "fn main() { part::done() }\n");
    desk.file(
        "rust/part/Cargo.toml",
        "[package]\nname = \"part\"\nversion = \"0.4.0\"\nedition = \"2024\"\n",
    );
    desk.file("rust/part/src/lib.rs", "pub fn done() { println!(\"done\") }\n");
    build("rust", env!("CARGO").into(), &["auditable", "build", "--offline"]);
    fs::copy(desk.join("target/debug/tool"), desk.join("image/usr/bin/tool")).unwrap();
    // So long that it is not kept in memory as a whole at first: the list is found in the second pass.
    let mut large = fs::read(desk.join("target/debug/tool")).unwrap();
    fs::write(desk.join("image/usr/bin/small"), &large).unwrap();
    large.resize(large.len() + (9 << 20), 0);
    fs::write(desk.join("image/usr/bin/large"), &large).unwrap();
    let tar = packed(&desk, "image", &["-z"]);
    image(&desk, &[tar]);
    sbom(&desk, "").succeeds();
    let bom = bom(&desk);
    assert_eq!(listed(&bom, "cargo"), ["part@0.4.0", "tool@0.3.0"].map(str::to_owned).into());
    let golang = listed(&bom, "golang");
    assert!(golang.contains("example.com/app@") && golang.contains("example.com/lib@"), "{golang:?}");
    assert_eq!(component(&bom, "example.com/app")["type"], "application");
    let places: Vec<&Value> = component(&bom, "tool")["evidence"]["occurrences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["location"])
        .collect();
    assert_eq!(places.len(), 3, "{places:?}");
}

#[test]
fn what_a_later_layer_removes_is_told_only_when_asked() {
    let desk = Scratch::new();
    let json = |name: &str| format!(r#"{{"name":"{name}","version":"1.0.0"}}"#);
    image_of(
        &desk,
        &[
            &[
                ("a/package.json", &json("a")),
                ("b/c/package.json", &json("c")),
                ("d/package.json", &json("d")),
            ],
            &[(".wh.a", ""), ("b/.wh..wh..opq", ""), ("b/e/package.json", &json("e"))],
        ],
    );
    sbom(&desk, "").succeeds();
    assert_eq!(listed(&bom(&desk), "npm"), ["d@1.0.0", "e@1.0.0"].map(str::to_owned).into());
    sbom(&desk, "--scope all-layers").succeeds();
    let all = bom(&desk);
    assert_eq!(listed(&all, "npm"), ["a@1.0.0", "c@1.0.0", "d@1.0.0", "e@1.0.0"].map(str::to_owned).into());
    let first = component(&all, "a")["properties"].to_string();
    assert!(first.contains("seaworthy:layer") && first.contains("a/package.json"), "{first}");
}

#[test]
fn links_lead_to_what_they_name() {
    let desk = Scratch::new();
    desk.file("layer/usr/lib/apk/db/installed", "P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n");
    desk.file("layer/store/METADATA", "Name: six\nVersion: 1.16.0\n\n");
    desk.directory("layer/site/six-1.16.0.dist-info");
    fs::hard_link(desk.join("layer/store/METADATA"), desk.join("layer/site/six-1.16.0.dist-info/METADATA"))
        .unwrap();
    let link =
        |target: &str, path: &str| std::os::unix::fs::symlink(target, desk.join("layer").join(path)).unwrap();
    link("usr/lib", "lib");
    link("loop2", "loop");
    link("loop", "loop2");
    // The other name comes first, so that the wanted one is the link.
    desk.file(
        "order",
        "./store/METADATA\n./site/six-1.16.0.dist-info/METADATA\n./usr\n./lib\n./loop\n./loop2\n",
    );
    let order = desk.join("order");
    let file = desk.join("layer.tar");
    said(
        "tar",
        &["-c", "-z", "-f", file.to_str().unwrap(), "-C", "layer", "-T", order.to_str().unwrap()],
        desk.path(),
    );
    image(&desk, &[fs::read(file).unwrap()]);
    sbom(&desk, "").succeeds();
    let bom = bom(&desk);
    assert_eq!(listed(&bom, "apk"), ["musl@1.2.5-r0".to_owned()].into());
    assert_eq!(listed(&bom, "pypi"), ["six@1.16.0".to_owned()].into());
}

#[test]
fn an_index_gives_the_image_of_the_platform() {
    let desk = Scratch::new();
    let child = |platform: &str, name: &str| {
        desk.file(&format!("{name}/package.json"), format!(r#"{{"name":"{name}","version":"1.0.0"}}"#));
        let layer = put(&desk, media_type::LAYER_TAR_GZIP, &packed(&desk, name, &["-z"]));
        let config = put(&desk, media_type::IMAGE_CONFIG, b"{}");
        let manifest = Image::new(config, vec![layer]).into_manifest().unwrap();
        layout(&desk).put_manifest(&manifest, Role::Child).unwrap();
        let mut descriptor = manifest.descriptor().clone();
        descriptor.platform = Some(platform.parse().unwrap());
        descriptor
    };
    let children = vec![child("linux/amd64", "one"), child("linux/s390x", "two")];
    let two = children[1].digest;
    let index = Index::new(children).into_manifest().unwrap();
    layout(&desk).put_manifest(&index, Role::Root).unwrap();
    layout(&desk).tag(&"app".parse().unwrap(), &index).unwrap();
    sbom(&desk, "--platform linux/s390x").succeeds();
    let bom = bom(&desk);
    assert_eq!(listed(&bom, "npm"), ["two@1.0.0".to_owned()].into());
    assert_eq!(bom["metadata"]["component"]["version"], two.to_string());
    assert!(bom["metadata"]["component"]["properties"].to_string().contains(&index.digest().to_string()));
    let run = sbom(&desk, "--platform linux/riscv64").fails(2, "unpack-no-files");
    assert!(
        run.failure().what.contains("no image for linux/riscv64, only for linux/amd64, linux/s390x"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_image_in_a_registry_is_streamed_from_there() {
    let registry = Served::crane();
    let host = registry.authority();
    let desk = Scratch::new();
    desk.file("layer/var/lib/dpkg/status", LIBC);
    packed(&desk, "layer", &[]);
    let name = format!("{host}/acme/app:1.0.0");
    let digest =
        said(tool("crane"), &["append", "--oci-empty-base", "-f", "layer.tar", "-t", &name], desk.path());
    let digest = digest.trim().rsplit('@').next().unwrap().to_owned();
    sbom_sign(&desk, &format!("sbom {name} --output bom.json")).run().succeeds();
    let bom = bom(&desk);
    assert_eq!(listed(&bom, "deb"), ["libc6@2.36-9".to_owned()].into());
    let repository = format!("{host}%2Facme%2Fapp");
    assert_eq!(
        bom["metadata"]["component"]["purl"],
        format!("pkg:oci/app@{digest}?repository_url={repository}&tag=1.0.0")
    );
}
