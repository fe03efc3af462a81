//! What needs no network opens no socket, as the kernel sees it; and what needs one says so before it is asked.

use testkit::{Scratch, bin};

use crate::desk::{desk, sbom_sign};

const ROOT: &str = include_str!("../../../../crates/trust/testdata/keyless/trusted-root.json");
const FILE: &str = include_str!("../../../../crates/trust/testdata/keyless/file.txt");
const BUNDLE: &str = include_str!("../../../../crates/trust/testdata/keyless/file.json");

const WORKLOAD: &str = "--trusted-root root.json --issuer http://127.0.0.1:15090 \
    --identity https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";

fn desk_with_workload() -> Scratch {
    let desk = desk();
    desk.file("root.json", ROOT);
    desk.file("file.txt", FILE);
    desk.file("file.json", BUNDLE);
    desk
}

/// The sockets that a run opened.
fn sockets(desk: &Scratch, line: &str, status: i32) -> usize {
    let program = env!("CARGO_BIN_EXE_sbom-sign");
    let mut command = bin("strace").args(["-f", "-qq", "-e", "trace=%network", "-o", "trace.txt", program]);
    command = command.args(line.split_whitespace()).dir(desk.path());
    let dead = "http://127.0.0.1:1/token";
    command =
        command.env("ACTIONS_ID_TOKEN_REQUEST_URL", dead).env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "a-token");
    command.run().exits(status);
    desk.read("trace.txt").matches("socket(").count()
}

#[test]
fn what_is_done_offline_opens_no_socket() {
    let desk = desk_with_workload();
    for line in [
        format!("verify --blob file.txt --bundle file.json --offline {WORKLOAD}"),
        "sign oci:registry:app --key k.key --offline".to_owned(),
        "attest oci:registry:app --type test-result --predicate passed.json --key k.key --offline".to_owned(),
        "verify oci:registry:app --type signature --key k.pub --offline".to_owned(),
    ] {
        assert_eq!(sockets(&desk, &line, 0), 0, "{line}");
    }
    // The same measure sees a socket where there is one.
    assert!(sockets(&desk, "sign oci:registry:app", 3) > 0);
}

#[test]
fn what_needs_a_network_is_refused_offline_before_anything_is_asked() {
    let desk = desk_with_workload();
    for line in [
        "sign oci:registry:app --offline",
        "sign --blob artifact.tar --bundle b.json --offline",
        "sign example.com/app:1 --key k.key --offline",
        "verify example.com/app:1 --type signature --key k.pub --offline",
    ] {
        assert_eq!(sockets(&desk, line, 2), 0, "{line}");
        sbom_sign(&desk, line).run().fails(2, "offline-needs-network");
    }
}

#[test]
fn who_has_signed_is_told_with_what_proves_it() {
    let desk = desk_with_workload();
    let verify =
        |more: &str| sbom_sign(&desk, &format!("verify --blob file.txt --bundle file.json {more}")).run();
    let good = verify(WORKLOAD).succeeds();
    insta::assert_snapshot!(good.stdout, @r"
    signature of file.txt: verified
    sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
    signed by https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main on 2026-11-24T17:07:55Z, in the log
    ");
    verify(&format!("{WORKLOAD} --source-repository acme/other")).fails(1, "evidence-missing");
    verify("--identity https://github.com/acme/app --issuer https://example.com")
        .fails(1, "evidence-missing");
    verify("--key k.pub").fails(1, "evidence-missing");
    // Named only in part, nobody is named.
    verify("--identity https://github.com/acme/app").exits(2);
    verify("--key k.pub --source-repository acme/app").exits(2);
    desk.file("root.json", "{}");
    verify(WORKLOAD).fails(2, "trusted-root-malformed");
    desk.file("file.txt", "another");
    desk.file("root.json", ROOT);
    verify(WORKLOAD).fails(1, "evidence-invalid");
}
