//! `release`: which digests a release is, told once, in a layout.
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

use testkit::{Cmd, Scratch, crash::Crash};

const COMMIT: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";
const TWO: &str = "[release]\nimage = 'oci:registry/release'\n[components]\napi.image = 'oci:registry/api'\nweb.image = 'oci:registry/web'\n";

fn tag_image(scratch: &Scratch, words: &str) -> Cmd {
    testkit::bin(env!("CARGO_BIN_EXE_tag-image"))
        .dir(scratch.path())
        .env("GITHUB_SHA", COMMIT)
        .args(words.split_whitespace())
}

/// A component with this content, in the record of the run.
fn built(scratch: &Scratch, component: &str, content: &str) {
    scratch.file(component, content);
    let words = format!(
        "apply --component {component} --version 1.2.3 --platform linux/amd64 --source file:{component} --target oci:registry/{component}"
    );
    tag_image(scratch, &words).run().succeeds();
}

fn two() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("release.toml", TWO);
    built(&scratch, "api", "one");
    built(&scratch, "web", "two");
    scratch
}

#[test]
fn a_release_is_a_set_of_digests_under_one_name() {
    let scratch = two();
    let before = scratch.tree(&[]);
    insta::assert_snapshot!(tag_image(&scratch, "release --dry-run").run().succeeds().stdout, @r"
    release 1.2.3 is
      api: oci:registry/api@sha256:eda2418ecd3dbd9cb6e91b796a112a94858eeb6f29a2c4ce23d66a767692b2ba
      web: oci:registry/web@sha256:7d8601b46d1ded909459c4519c60d30ebd4dbd833415e99ed86cbc27c3e5aedb
    name it oci:registry/release:release-1.2.3 (sha256:4cf011a98cf3fc007e3f511793a65e3a8a17547f08ee2ee9e903769842e90dc7)
      write registry/release/blobs/sha256/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a, 2 bytes
      write registry/release/blobs/sha256/82ae886bc46a3d71a17b0578c6d4b0368e7f168466903da577806ee20f020aea, 482 bytes
      write registry/release/blobs/sha256/4cf011a98cf3fc007e3f511793a65e3a8a17547f08ee2ee9e903769842e90dc7, 587 bytes
      write registry/release/index.json, with the name release-1.2.3
    ");
    assert_eq!(before.difference(&scratch.tree(&[])), "");

    let run = tag_image(&scratch, "release").run().succeeds();
    insta::assert_snapshot!(run.transcript(), @r"
    $ tag-image release
    status: 0
    ── stdout
    release 1.2.3 is oci:registry/release:release-1.2.3 (sha256:4cf011a98cf3fc007e3f511793a65e3a8a17547f08ee2ee9e903769842e90dc7)
      component  image
      api        oci:registry/api@sha256:eda2418ecd3dbd9cb6e91b796a112a94858eeb6f29a2c4ce23d66a767692b2ba
      web        oci:registry/web@sha256:7d8601b46d1ded909459c4519c60d30ebd4dbd833415e99ed86cbc27c3e5aedb
    ");
    let record = contract::Release::from_json(&scratch.read("release.json")).unwrap();
    let resolve = tag_image(&scratch, "resolve oci:registry/release:release-1.2.3").run().succeeds();
    assert!(resolve.stdout.starts_with(&format!("{}\n", record.manifest.unwrap())), "{}", resolve.stdout);

    let before = scratch.tree(&[]);
    let again = tag_image(&scratch, "release").run().succeeds();
    assert!(again.stdout.starts_with("release 1.2.3 is oci:registry/release:release-1.2.3 already"));
    assert_eq!(before.difference(&scratch.tree(&[])), "");
}

#[test]
fn a_further_tag_does_not_make_it_another_release_and_another_digest_does() {
    let scratch = two();
    tag_image(&scratch, "release").run().succeeds();
    let stable =
        "apply --component api --source oci:registry/api:1.2.3-860c190 --target oci:registry/api:stable";
    tag_image(&scratch, stable).run().succeeds();
    let again = tag_image(&scratch, "release").on_runner().env("GITHUB_SHA", COMMIT).run().succeeds();
    assert_eq!(again.observed().outputs["tag-state"], "unchanged");

    scratch.file("web", "three");
    let other = "apply --component web --version 1.2.3 --source file:web --target oci:registry/web:other";
    tag_image(&scratch, other).run().succeeds();
    let record = contract::Release::from_json(&scratch.read("release.json")).unwrap();
    assert_eq!(record.manifest, None, "a record of other digests does not point to the manifest of these");
    tag_image(&scratch, "release").run().fails(1, "tag-would-move");
    tag_image(&scratch, "release --version 1.2.4").run().succeeds();
}

#[test]
fn what_is_no_whole_release_is_refused_and_nothing_is_written() {
    let scratch = Scratch::new();
    tag_image(&scratch, "release").run().fails(2, "release-incomplete");
    scratch.file("release.toml", TWO);
    built(&scratch, "api", "one");
    let lacks = tag_image(&scratch, "release").run().fails(2, "release-incomplete");
    assert!(lacks.stderr.contains("the release lacks web"), "{}", lacks.stderr);
    built(&scratch, "web", "two");
    scratch.file("release.toml", TWO.replace("image = 'oci:registry/release'", ""));
    tag_image(&scratch, "release").run().fails(2, "release-image-unknown");
    tag_image(&scratch, "release --target oci:registry/release:1").run().fails(2, "image-not-a-repository");
    tag_image(&scratch, "release --target oci:registry/release --version 1.2")
        .run()
        .fails(2, "version-not-semver");
    std::fs::remove_dir_all(scratch.join("registry/web")).unwrap();
    tag_image(&scratch, "release --target oci:registry/release").run().fails(2, "layout-missing");
    assert!(!scratch.has("registry/release"));
}

#[test]
fn a_run_that_built_nothing_takes_the_release_up_by_its_version() {
    let scratch = two();
    tag_image(&scratch, "release").run().succeeds();
    let record = scratch.read("release.json");
    let take_up = "release --from-manifest 1.2.3";
    tag_image(&scratch, take_up).run().succeeds();
    assert_eq!(scratch.read("release.json"), record, "it is about that release already");

    std::fs::remove_file(scratch.join("release.json")).unwrap();
    tag_image(&scratch, &format!("{take_up} --dry-run")).run().succeeds();
    assert!(!scratch.has("release.json"));
    let run = tag_image(&scratch, take_up).run().succeeds();
    insta::assert_snapshot!(run.stdout, @r"
    this run is about release 1.2.3, as oci:registry/release@sha256:4cf011a98cf3fc007e3f511793a65e3a8a17547f08ee2ee9e903769842e90dc7 says
      component  image
      api        oci:registry/api@sha256:eda2418ecd3dbd9cb6e91b796a112a94858eeb6f29a2c4ce23d66a767692b2ba
      web        oci:registry/web@sha256:7d8601b46d1ded909459c4519c60d30ebd4dbd833415e99ed86cbc27c3e5aedb
    ");
    assert_eq!(scratch.read("release.json"), record);
}

#[test]
fn a_release_of_another_commit_or_beside_another_one_is_not_taken_up() {
    let scratch = two();
    tag_image(&scratch, "release").run().succeeds();
    let take_up = |version: &str| tag_image(&scratch, &format!("release --from-manifest {version}"));
    take_up("1.2.4").run().fails(2, "image-missing");
    let before = scratch.tree(&[]);
    std::fs::rename(scratch.join("release.json"), scratch.join("kept")).unwrap();
    take_up("1.2.3").env("GITHUB_SHA", "f".repeat(40)).run().fails(2, "release-other-commit");
    std::fs::rename(scratch.join("kept"), scratch.join("release.json")).unwrap();
    assert_eq!(before.difference(&scratch.tree(&[])), "");

    scratch.file("web", "three");
    let other = "apply --component web --version 1.2.3 --source file:web --target oci:registry/web:other";
    tag_image(&scratch, other).run().succeeds();
    take_up("1.2.3").run().fails(2, "release-file-other-release");
}

#[test]
fn a_kill_at_any_write_leaves_a_release_that_the_next_run_finishes() {
    Crash::of(|| {
        let scratch = two();
        let command = tag_image(&scratch, "release");
        (scratch, command)
    })
    .run();
}
