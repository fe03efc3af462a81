//! The binary as people and runners meet it: transcripts, refusals, two at once, and a kill at every write.

use std::{ffi::OsString, path::Path, thread};

use testkit::{Cmd, Scratch, bad_input, crash::Crash};

const BIN: &str = env!("CARGO_BIN_EXE_tag-image");
/// The commit of [`checkout`]: the same files give the same name.
const NAMED: &str = "oci:registry/app:1.2.3-";

fn tag_image(scratch: &Scratch, args: &[&str]) -> Cmd {
    testkit::bin(BIN).dir(scratch.path()).args(args)
}

/// A checkout of one commit with a file to pack.
fn checkout() -> (Scratch, String) {
    let scratch = Scratch::new();
    scratch.file(".gitignore", "registry\nother\nrelease.json\n");
    scratch.file("app", "one\n");
    let commit = scratch.git_commit("first");
    (scratch, commit)
}

fn apply(scratch: &Scratch, more: &[&str]) -> Cmd {
    tag_image(scratch, &["apply", "--source", "file:app", "--version", "1.2.3", "--platform", "linux/amd64"])
        .args(more)
}

#[test]
fn a_tag_of_the_runner_gives_the_name_and_the_outputs() {
    let scratch = Scratch::new();
    scratch.file("release.toml", "[components.app]\nimage = \"ghcr.io/acme/app\"\n");
    let run = tag_image(&scratch, &["compute"]).on_runner().env("GITHUB_REF", "refs/tags/v1.2.3").run();
    insta::assert_snapshot!(run.succeeds().transcript(), @r"
    $ tag-image compute
    status: 0
    ── stdout
    ghcr.io/acme/app:1.2.3-0123456
    ── outputs
    image: ghcr.io/acme/app
    tag: 1.2.3-0123456
    tags: ghcr.io/acme/app:1.2.3-0123456
    version: 1.2.3
    ── summary
    ghcr.io/acme/app:1.2.3-0123456
    ");
}

#[test]
fn an_action_passes_its_inputs_as_variables() {
    let scratch = Scratch::new();
    let inputs = [("COMPONENT", "app"), ("VERSION", "v1.2.3"), ("TAGS", "stable\n1.2\n"), ("IMAGE", "")];
    let compute =
        inputs.iter().fold(tag_image(&scratch, &["compute"]).on_runner(), |command, (name, value)| {
            command.env(format!("INPUT_{name}"), value)
        });
    let run = compute.run().succeeds();
    assert_eq!(run.observed().outputs["tags"], "app:1.2.3-0123456\napp:stable\napp:1.2");
}

#[test]
fn the_version_comes_from_the_one_git_tag_that_fits() {
    let (scratch, _) = checkout();
    let compute = |more: &[&str]| tag_image(&scratch, &["compute", "--component", "worker"]).args(more).run();
    compute(&[]).fails(2, "release-version-unknown");
    for tag in ["latest", "stable", "worker/v2.0.0", "web/v1.0.0"] {
        scratch.git(&["tag", tag]);
    }
    compute(&[]).fails(2, "release-version-unknown");
    let commit = scratch.git(&["rev-parse", "HEAD"]);
    let name = format!("worker:2.0.0-{}\n", &commit[..7]);
    assert_eq!(compute(&["--tag-prefix", "worker/"]).succeeds().stdout, name);
    scratch.git(&["tag", "worker/2.0.0"]);
    assert_eq!(compute(&["--tag-prefix=worker/"]).succeeds().stdout, name);
    scratch.git(&["tag", "worker/v2.0.1"]);
    compute(&["--tag-prefix", "worker/"]).fails(2, "version-ambiguous");
    scratch.git(&["tag", "cli/v3.0.0-rc.1"]);
    compute(&["--tag-prefix", "cli/"]).fails(1, "version-is-prerelease");
}

#[test]
fn latest_never_slips_in() {
    let (scratch, _) = checkout();
    let compute = ["compute", "--component", "app"];
    for more in [
        &["--version", "1.2.3", "--tags", "latest"][..],
        &["--version=latest"],
        &["--version=1.2.3", "--tags=1", "--tags=Latest-alpine"],
    ] {
        tag_image(&scratch, &compute).args(more).run().fails(1, "latest-refused");
    }
    for git_ref in ["refs/heads/latest", "refs/tags/latest"] {
        tag_image(&scratch, &compute).on_runner().env("GITHUB_REF", git_ref).run().fails(1, "latest-refused");
    }
    apply(&scratch, &["--target", "oci:registry/app:latest"]).run().fails(1, "latest-refused");
    assert!(!scratch.has("registry"));
}

#[test]
fn a_version_that_is_none_is_refused_with_its_reason() {
    let scratch = Scratch::new();
    let compute = |version: &str| {
        tag_image(&scratch, &["compute", "--component", "app", "--version", version]).on_runner().run()
    };
    compute("1.2").fails(2, "version-not-semver");
    compute("1.2.3-rc.1").fails(1, "version-is-prerelease");
    compute("1.2.3+5").fails(2, "version-has-build-metadata");
    insta::assert_snapshot!(compute("1.2").stderr, @r"
    ::error title=version-not-semver::`1.2` is no version%0Awhy: unexpected end of input while parsing minor version number%0Afix: give a version such as 1.2.3 (semver.org)
    error[version-not-semver]: `1.2` is no version
      why: unexpected end of input while parsing minor version number
      fix: give a version such as 1.2.3 (semver.org)
      see: docs/failures.md#version-not-semver
    ");
}

#[test]
fn files_become_an_image_with_a_name_and_a_record() {
    let (scratch, commit) = checkout();
    let run = apply(&scratch, &["--target", "oci:registry/app"]).run().succeeds();
    insta::assert_snapshot!(run.transcript(), @r"
    $ tag-image apply --source file:app --version 1.2.3 --platform linux/amd64 --target oci:registry/app
    status: 0
    ── stdout
    app 1.2.3 is oci:registry/app:1.2.3-c7be663 (sha256:0a35090c11f1f5ec02f61065e070e3edb8fef4b43531f6eb4d16fd94cb340ff0)
    ");
    insta::assert_snapshot!(scratch.read("release.json"), @r#"
    {
      "schemaVersion": 1,
      "commit": "c7be663083e1133e81e442f4714b97f8262a59f5",
      "version": "1.2.3",
      "components": {
        "app": {
          "image": "oci:registry/app",
          "digest": "sha256:0a35090c11f1f5ec02f61065e070e3edb8fef4b43531f6eb4d16fd94cb340ff0",
          "tags": [
            "1.2.3-c7be663"
          ],
          "platforms": [
            "linux/amd64"
          ],
          "version": "1.2.3"
        }
      },
      "environments": {}
    }
    "#);
    assert!(run.stdout.contains(&format!("{NAMED}{}", &commit[..7])));
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let (scratch, _) = checkout();
    let target = ["--target", "oci:registry/app", "--target", "oci:registry/app:stable"];
    let run = || apply(&scratch, &target).on_runner().without_env("GITHUB_SHA").run().succeeds();
    assert_eq!(run().observed().outputs["tag-state"], "new");
    let before = scratch.tree(&[".git"]);
    let again = run();
    assert_eq!(again.observed().outputs["tag-state"], "unchanged");
    assert_eq!(again.observed().outputs["tags"].lines().count(), 2);
    assert_eq!(before.difference(&scratch.tree(&[".git"])), "");
}

#[test]
fn a_name_never_moves() {
    let (scratch, _) = checkout();
    apply(&scratch, &["--target", "oci:registry/app:1.0.0"]).run().succeeds();
    scratch.file("app", "two\n");
    let before = scratch.tree(&[".git"]);
    // The first target is free: it must not be touched when the second is refused.
    let refused = apply(&scratch, &["--target", "oci:other/app", "--target", "oci:registry/app:1.0.0"]).run();
    insta::assert_snapshot!(refused.fails(1, "tag-would-move").stderr, @r"
    error[tag-would-move]: oci:registry/app:1.0.0 is sha256:0a35090c11f1f5ec02f61065e070e3edb8fef4b43531f6eb4d16fd94cb340ff0; it does not move to sha256:032cbcdf3d8a34ab1888b043b341dda01f3eda4bd050aff27c034708e7ff9a2c
      fix: give the new content a new version; a name that moves proves nothing
      see: docs/failures.md#tag-would-move
    ");
    assert_eq!(before.difference(&scratch.tree(&[".git"])), "");
}

#[test]
fn a_dry_run_says_what_would_be_done() {
    let (scratch, _) = checkout();
    let before = scratch.tree(&[]);
    let run = apply(&scratch, &["--target", "oci:registry/app", "--dry-run"]).run().succeeds();
    insta::assert_snapshot!(run.stdout, @r"
    app is sha256:0a35090c11f1f5ec02f61065e070e3edb8fef4b43531f6eb4d16fd94cb340ff0
    store 2 blobs (2493 bytes) in oci:registry/app
    name it oci:registry/app:1.2.3-c7be663
      write registry/app/blobs/sha256/6fd5235b49a7ad87de6339b3276f92312a7f3a0bdfe29f8dc5146ab30c245a76, 445 bytes
      write registry/app/blobs/sha256/c4541745ea068d3eff9d61a70e37953563a068a4cfeba432360d092e3b3055df, 2048 bytes
      write registry/app/blobs/sha256/0a35090c11f1f5ec02f61065e070e3edb8fef4b43531f6eb4d16fd94cb340ff0, 574 bytes
      write registry/app/index.json, with the name 1.2.3-c7be663
    ");
    assert_eq!(before.difference(&scratch.tree(&[])), "");
}

#[test]
fn an_image_is_copied_and_named_by_digest() {
    let (scratch, _) = checkout();
    let first = apply(&scratch, &["--target", "oci:registry/app"]).on_runner().run().succeeds();
    let image = &first.observed().outputs["image"];
    let copy = ["apply", "--source", image, "--target", "oci:other/app:1.2.3", "--format", "json"];
    let run = tag_image(&scratch, &copy).on_runner().run().succeeds();
    assert_eq!(run.observed().outputs["digest"], first.observed().outputs["digest"]);
    assert_eq!(run.json()["result"]["names"][0]["state"], "new");
    let resolve = tag_image(&scratch, &["resolve", "oci:other/app:1.2.3"]).run().succeeds();
    insta::assert_snapshot!(resolve.transcript(), @r"
    $ tag-image resolve oci:other/app:1.2.3
    status: 0
    ── stdout
    oci:other/app@sha256:8d4bb071b444914a6a58bde87d6907021f173c2548cd97d0055693d4843a4bc4
    application/vnd.oci.image.manifest.v1+json, 3195 bytes
    for linux/amd64
    created 1970-01-01T00:00:00Z
      label                              value
      org.opencontainers.image.revision  0123456789abcdef0123456789abcdef01234567
      org.opencontainers.image.source    https://github.com/acme/app
      org.opencontainers.image.title     app
      org.opencontainers.image.version   1.2.3
    ");
    let damaged = scratch.tree(&[]).0.into_iter().find_map(|(path, entry)| match entry {
        testkit::Entry::File(bytes)
            if path.starts_with("other/app/blobs/") && bytes.windows(4).any(|four| four == b"one\n") =>
        {
            Some(path)
        }
        _ => None,
    });
    scratch.file(&damaged.expect("the layer is there"), "evil");
    let again = tag_image(&scratch, &["unpack", "oci:other/app:1.2.3", "--to", "out"]).run();
    again.fails(1, "size-mismatch");
    assert!(!scratch.has("out"));
}

#[test]
fn files_come_out_of_an_image() {
    let (scratch, _) = checkout();
    apply(&scratch, &["--target", "oci:registry/app:1"]).run().succeeds();
    let unpack = ["unpack", "oci:registry/app:1", "--to", "out", "--platform", "linux/amd64"];
    tag_image(&scratch, &unpack).arg("--dry-run").run().succeeds();
    assert!(!scratch.has("out"));
    tag_image(&scratch, &unpack).run().succeeds();
    assert_eq!(scratch.read("out/app"), "one\n");
    let again = tag_image(&scratch, &unpack).on_runner().run().succeeds();
    assert_eq!(again.observed().outputs["state"], "unchanged");
    scratch.file("out/app", "two\n");
    tag_image(&scratch, &unpack).run().fails(2, "unpack-target-differs");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let (scratch, _) = checkout();
    let digest = format!("sha256:{}", "0".repeat(64));
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--target", &format!("oci:registry/app@{digest}")], 2, "target-is-a-digest"),
        (&["--target", "oci:registry/app", "--image", "oci:registry/app:1"], 2, "image-not-a-repository"),
        (&["--target", "oci:registry/App"], 2, "component-unknown"),
        (&["--target", "oci:registry/app", "--config", "none.toml"], 2, "file-missing"),
        (&["--target", "oci:.git"], 2, "component-unknown"),
        (&["--target", "oci:.git", "--component", "app"], 2, "layout-invalid"),
    ];
    for (more, status, code) in cases {
        apply(&scratch, more).run().fails(*status, code);
    }
    let target = ["--target", "oci:registry/app"];
    apply(&scratch, &target).env("SOURCE_DATE_EPOCH", "tomorrow").run().fails(2, "source-date-epoch-invalid");
    tag_image(&scratch, &["resolve", "oci:registry/app"]).run().fails(2, "image-expected");
    tag_image(&scratch, &["resolve", "oci:registry/app:1"]).run().fails(2, "layout-missing");
    scratch.file("release.toml", "[components.web]\nimage = \"oci:registry/web\"\n");
    apply(&scratch, &target).run().fails(2, "component-unknown");
    scratch.file("release.toml", "components = 1");
    apply(&scratch, &target).run().fails(2, "components-invalid");
    std::fs::remove_file(scratch.join("release.toml")).expect("it is there");
    let other = "f".repeat(40);
    scratch.file("release.json", format!(r#"{{"schemaVersion": 1, "commit": "{other}"}}"#));
    apply(&scratch, &target).run().fails(2, "release-file-other-commit");
    assert!(!scratch.has("registry"));
}

#[test]
fn every_wrong_call_and_every_bad_file_is_refused() {
    bad_input::check_cli(BIN, &["compute", "--component", "app", "--version", "1.2.3"]);
    let words = |words: &[&str], file: &Path| -> Vec<OsString> {
        words.iter().map(OsString::from).chain([file.into()]).collect()
    };
    let compute = ["compute", "--component", "app", "--version", "1.2.3", "--config"];
    // An empty configuration declares nothing, and that is no mistake; without a commit there is no name all the same.
    bad_input::files(BIN, |file| words(&compute, file));
    let apply = ["apply", "--source", "file:/bin/true", "--target", "oci:r/a:1", "--release-file"];
    bad_input::files_except(BIN, &[bad_input::BadFile::Missing], |file| words(&apply, file));
}

#[test]
fn two_at_once_lose_nothing() {
    let (scratch, _) = checkout();
    let names: Vec<String> = (0..6).map(|number| format!("oci:registry/app:1.0.{number}")).collect();
    thread::scope(|scope| {
        for name in &names {
            let record = format!("record-{}.json", &name[name.len() - 1..]);
            let command = apply(&scratch, &["--target", name, "--release-file", &record]);
            scope.spawn(move || command.run().succeeds());
        }
    });
    for name in &names {
        tag_image(&scratch, &["resolve", name]).run().succeeds();
    }
}

#[test]
fn a_kill_at_any_write_leaves_nothing_that_a_second_run_does_not_finish() {
    let pack = || {
        let (scratch, _) = checkout();
        let command = apply(&scratch, &["--target", "oci:registry/app"]);
        (scratch, command)
    };
    let whole = |scratch: &Scratch| {
        let named = scratch.has("registry/app/index.json");
        if named {
            let index = scratch.read("registry/app/index.json");
            assert!(index.ends_with('}'), "index.json is whole or not there: {index}");
        }
    };
    Crash::of(pack).wreck(whole).except(&[".git"]).run();
}

#[test]
fn a_kill_while_copying_is_mended_by_the_next_run() {
    let copy = || {
        let (scratch, _) = checkout();
        apply(&scratch, &["--target", "oci:registry/app:1"]).run().succeeds();
        let copy = ["apply", "--source", "oci:registry/app:1", "--target", "oci:other/app:2"];
        let command = tag_image(&scratch, &copy);
        (scratch, command)
    };
    Crash::of(copy).except(&[".git"]).run();
}

#[test]
fn a_kill_while_unpacking_leaves_all_files_or_none() {
    let unpack = || {
        let (scratch, _) = checkout();
        scratch.file("site/a", "a");
        scratch.file("site/b/c", "c");
        let source = ["apply", "--source", "dir:site", "--target", "oci:registry/site:1"];
        tag_image(&scratch, &source).run().succeeds();
        let command = tag_image(&scratch, &["unpack", "oci:registry/site:1", "--to", "out/site"]);
        (scratch, command)
    };
    let all_or_none = |scratch: &Scratch| assert!(!scratch.has("out/site") || scratch.has("out/site/b/c"));
    Crash::of(unpack).wreck(all_or_none).except(&[".git"]).run();
}
