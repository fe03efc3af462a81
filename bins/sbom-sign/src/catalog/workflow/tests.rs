//! Workflows and actions.

use super::*;
use crate::catalog::drawn::drawn_part;

const WORKFLOW: &str = "on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567 # v4
      - uses: Owner/Repo/path/to@v1
      - uses: ./.github/actions/ours
      - uses: docker://ghcr.io/acme/tool:1.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
      - uses: docker://alpine:3.20
      - run: echo uses
  call:
    uses: acme/shared/.github/workflows/build.yml@main
";

#[test]
fn what_a_workflow_uses_is_for_development() {
    insta::assert_snapshot!(drawn_part(read(WORKFLOW).unwrap()), @r"
    ? pkg:docker/acme/tool@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08?repository_url=ghcr.io
    ? pkg:docker/alpine@3.20
    ? pkg:github/acme/shared@main#.github/workflows/build.yml
    ? pkg:github/actions/checkout@0123456789abcdef0123456789abcdef01234567
    ? pkg:github/owner/repo@v1#path/to
    * workspace ; pkg:docker/acme/tool@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08?repository_url=ghcr.io pkg:docker/alpine@3.20 pkg:github/acme/shared@main#.github/workflows/build.yml pkg:github/actions/checkout@0123456789abcdef0123456789abcdef01234567 pkg:github/owner/repo@v1#path/to
    ");
}

#[test]
fn an_action_uses_others_and_images() {
    let part =
        read("runs:\n  using: docker\n  image: docker://localhost:5000/a/b\n  steps:\n    - uses: a/b@v1\n")
            .unwrap();
    insta::assert_snapshot!(drawn_part(part), @r"
    ? pkg:docker/a/b?repository_url=localhost:5000
    ? pkg:github/a/b@v1
    * workspace ; pkg:docker/a/b?repository_url=localhost:5000 pkg:github/a/b@v1
    ");
    assert!(read("runs:\n  using: docker\n  image: Dockerfile\n").unwrap().packages.is_empty());
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| {
        let error = read(text).unwrap_err();
        format!("{error} ({:?})", error.line)
    };
    insta::assert_snapshot!(wrong("jobs:\n  a:\n    steps:\n      - uses: actions/checkout\n"), @"`actions/checkout` names no action and version (Some(4))");
    insta::assert_snapshot!(wrong("jobs:\n  a:\n    uses: alone@v1\n"), @"`alone@v1` names no action and version (Some(3))");
    insta::assert_snapshot!(wrong("jobs:\n  a: [1\n"), @"expected mapping start (Some(2))");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at: proptest::sample::Index, text in "[a-zé: \n@/.&*-]{0,12}") {
        let mut whole = WORKFLOW.to_owned();
        whole.insert_str(at.index(whole.len()), &text);
        let _ = read(&whole);
    }
}
