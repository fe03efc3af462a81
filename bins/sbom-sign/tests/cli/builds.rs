//! Provenance of a GitHub job, indexes with their images, and claims too large to be read.

use contract::Digest;
use oci::{Index, Repository, Role};
use testkit::{Cmd, Scratch};

use crate::{
    desk::{PASSWORD, desk, image, layout, put_image, sbom_sign},
    peers::{accepts, desk_with_cosign_key, refuses, take_out},
};

/// What a runner sets for a job of a tag.
const JOB: [(&str, &str); 11] = [
    ("GITHUB_SERVER_URL", "https://github.com"),
    ("GITHUB_REPOSITORY", "acme/app"),
    ("GITHUB_REPOSITORY_ID", "123"),
    ("GITHUB_REPOSITORY_OWNER_ID", "45"),
    ("GITHUB_WORKFLOW_REF", "acme/app/.github/workflows/release.yml@refs/heads/main"),
    ("GITHUB_REF", "refs/heads/main"),
    ("GITHUB_SHA", "860c1904a1ce19322e91ac35af1ab07466440c37"),
    ("GITHUB_EVENT_NAME", "push"),
    ("RUNNER_ENVIRONMENT", "github-hosted"),
    ("GITHUB_RUN_ID", "678"),
    ("GITHUB_RUN_ATTEMPT", "1"),
];

pub(crate) const ATTEST: &str = "attest oci:registry:app --type slsaprovenance1 --key k.key";

pub(crate) fn in_a_job(desk: &Scratch, line: &str, without: &str) -> Cmd {
    // An empty variable is none.
    let told = JOB.into_iter().map(|(name, value)| (name, if name == without { "" } else { value }));
    told.fold(sbom_sign(desk, line).on_runner(), |command, (name, value)| command.env(name, value))
}

#[test]
fn a_job_states_how_it_builds_and_shows_it_before() {
    let desk = desk();
    let plan = in_a_job(&desk, &format!("{ATTEST} --dry-run"), "").run().succeeds();
    for line in [
        "built by https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main",
        "from git+https://github.com/acme/app@refs/heads/main",
        "at commit 860c1904a1ce19322e91ac35af1ab07466440c37",
        "in the run https://github.com/acme/app/actions/runs/678/attempts/1",
    ] {
        assert!(plan.transcript().contains(line), "{line}:\n{}", plan.transcript());
    }
    assert_eq!(crate::desk::referrers(&desk), 0);
    in_a_job(&desk, ATTEST, "").run().succeeds();
    sbom_sign(&desk, "verify oci:registry:app --type slsaprovenance1 --key k.pub").run().succeeds();
    // The same job states the same once.
    in_a_job(&desk, ATTEST, "").run().succeeds();
    assert_eq!(crate::desk::referrers(&desk), 1);
}

#[test]
fn provenance_is_refused_where_there_is_no_job_or_it_is_not_told_in_full() {
    let desk = desk();
    sbom_sign(&desk, ATTEST).run().fails(2, "provenance-off-runner");
    in_a_job(&desk, ATTEST, "GITHUB_WORKFLOW_REF").run().fails(2, "github-context-missing");
    in_a_job(&desk, ATTEST, "").env("GITHUB_SHA", "main").run().fails(2, "github-context-malformed");
    in_a_job(&desk, "attest oci:registry:app --type cyclonedx --key k.key", "")
        .run()
        .fails(2, "predicate-missing");
    assert_eq!(crate::desk::referrers(&desk), 0);
}

/// An index with two images, and one of them in an index of its own.
fn put_index(desk: &Scratch) -> [Digest; 4] {
    let layout = layout(desk);
    let one = put_image(desk, "one", b"{\"architecture\":\"amd64\"}");
    let two = put_image(desk, "two", b"{\"architecture\":\"arm64\"}");
    let of = |digests: &[Digest]| {
        let children = digests.iter().map(|digest| layout.manifest(*digest).unwrap().descriptor().clone());
        let index = Index::new(children.collect()).into_manifest().unwrap();
        layout.put_manifest(&index, Role::Root).unwrap();
        index
    };
    let inner = of(&[two]);
    let outer = of(&[one, inner.digest(), two]);
    layout.tag(&"all".parse().unwrap(), &outer).unwrap();
    [outer.digest(), one, inner.digest(), two]
}

#[test]
fn an_index_is_signed_alone_unless_everything_in_it_is_asked_for() {
    let desk = desk();
    let all = put_index(&desk);
    let signed = |desk: &Scratch| all.map(|digest| layout(desk).referrers(digest).unwrap().len());
    sbom_sign(&desk, "sign oci:registry:all --key k.key").run().succeeds();
    assert_eq!(signed(&desk), [1, 0, 0, 0]);
    sbom_sign(&desk, "sign oci:registry:all --recursive --key k.key").run().succeeds();
    assert_eq!(signed(&desk), [1, 1, 1, 1]);
    sbom_sign(&desk, "sign oci:registry:all oci:registry:one --recursive --key k.key").run().succeeds();
    assert_eq!(signed(&desk), [1, 1, 1, 1]);
    let attest = "attest oci:registry:all --recursive --type test-result --predicate passed.json --key k.key";
    sbom_sign(&desk, attest).run().succeeds();
    assert_eq!(signed(&desk), [2, 2, 2, 2]);
    sbom_sign(&desk, &format!("verify oci:registry@{} --type signature --key k.pub", all[3]))
        .run()
        .succeeds();
}

#[test]
fn many_images_are_signed_in_one_call_and_a_missing_one_leaves_all_unsigned() {
    let desk = desk();
    put_image(&desk, "two", b"{\"os\":\"linux\"}");
    sbom_sign(&desk, "sign oci:registry:app oci:registry:two oci:registry:none --key k.key")
        .run()
        .fails(2, "image-missing");
    assert_eq!(crate::desk::referrers(&desk), 0);
    let run =
        sbom_sign(&desk, "sign oci:registry:app oci:registry:two --key k.key --format json").run().succeeds();
    assert_eq!(run.json()["result"].as_array().unwrap().len(), 2);
    sbom_sign(&desk, "verify oci:registry:app oci:registry:two --type signature --key k.pub")
        .run()
        .succeeds();
}

#[test]
fn a_statement_that_nobody_would_read_is_refused_before_it_is_signed() {
    let desk = desk();
    let filler = "x".repeat(usize::try_from(trust::STATEMENT_BYTES_MAX).unwrap());
    desk.file(
        "large.json",
        format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "x": "{filler}"}}"#),
    );
    // The key is not even opened.
    desk.file("none.key", "no key");
    let line = "attest oci:registry:app --type cyclonedx --predicate large.json --key none.key";
    sbom_sign(&desk, line).run().fails(2, "bundle-too-large");
    let just = &filler[..filler.len() - 1024];
    desk.file("large.json", format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "x": "{just}"}}"#));
    sbom_sign(&desk, "attest oci:registry:app --type cyclonedx --predicate large.json --key k.key")
        .run()
        .succeeds();
    let layout = layout(&desk);
    let bundle =
        &layout.described(&layout.referrers(image()).unwrap()[0]).unwrap().image().unwrap().layers[0].clone();
    assert!(bundle.size <= trust::BUNDLE_BYTES_MAX, "{}", bundle.size);
    sbom_sign(&desk, "verify oci:registry:app --type cyclonedx --key k.pub").run().succeeds();
}

#[test]
#[ignore = "peers: needs cosign, see script/setup --peers"]
fn peers_cosign_reads_our_provenance_and_what_check_has_found() {
    let desk = desk_with_cosign_key();
    let verify = |bundle: &str, kind: &str, key: &str| {
        format!(
            "verify-blob-attestation --key {key} --bundle {bundle} --type {kind} --insecure-ignore-tlog manifest.json"
        )
    };
    in_a_job(&desk, &ATTEST.replace("k.key", "cosign.key"), "")
        .env("COSIGN_PASSWORD", PASSWORD)
        .run()
        .succeeds();
    desk.file("bom.json", crate::check::BOM);
    desk.file("db/npm/1.json", crate::check::GHSA);
    desk.file("db/Debian/1.json", crate::check::DEBIAN);
    sbom_sign(&desk, "check bom.json --database db --fail-on critical --predicate vulns.json")
        .run()
        .succeeds();
    let attest = "attest oci:registry:app --type vulns --predicate vulns.json --key cosign.key";
    sbom_sign(&desk, attest).env("COSIGN_PASSWORD", PASSWORD).run().succeeds();
    take_out(&desk);
    let vulns = "https://in-toto.io/attestation/vulns/v0.2";
    accepts(&desk, "cosign", &verify("bundle-v1.json", "slsaprovenance1", "cosign.pub"));
    accepts(&desk, "cosign", &verify("bundle-v0.2.json", vulns, "cosign.pub"));
    refuses(&desk, "cosign", &verify("bundle-v1.json", "slsaprovenance1", "other.pub"));
    refuses(&desk, "cosign", &verify("bundle-v0.2.json", "slsaprovenance1", "cosign.pub"));
}

#[test]
fn signing_an_index_that_is_killed_at_any_write_is_done_by_a_second_run() {
    let make = || {
        let desk = desk();
        put_index(&desk);
        let command = sbom_sign(&desk, "sign oci:registry:all --recursive --key k.key");
        (desk, command)
    };
    testkit::crash::Crash::of(make).except(&["**.partial"]).run();
}
