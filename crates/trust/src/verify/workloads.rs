//! Bundles with a certificate, of a private Sigstore and of the public one: what holds, and every way in which it does not.

use serde_json::{Value, json};

use super::{tests::changes, *};
use crate::{PredicateType, fixture::public};

const ROOT: &str = include_str!("../../testdata/keyless/trusted-root.json");
const FILE: &str = include_str!("../../testdata/keyless/file.json");
const CONTENT: &str = include_str!("../../testdata/keyless/file.txt");
const OURS: &str = include_str!("../../testdata/keyless/statement-ours.json");
const COSIGNS: &str = include_str!("../../testdata/keyless/statement-cosign.json");
const PUBLIC: &str = include_str!("../../testdata/keyless/public.json");

const IMAGE: &str = "sha256:e9930e41bf6ec931a453899d869e62526a0444915be777cdd593f12a98378a2a";

fn image() -> Digest {
    IMAGE.parse().unwrap()
}

fn policy() -> WorkloadPolicy {
    WorkloadPolicy {
        identity: "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main".to_owned(),
        issuer: "http://127.0.0.1:15090".to_owned(),
        repository: Some("acme/app".to_owned()),
        repository_id: Some("1".to_owned()),
        git_ref: Some("refs/heads/main".to_owned()),
        commit: Some("a".repeat(40).parse().unwrap()),
        environment: None,
    }
}

fn by(root: &str, policy: WorkloadPolicy) -> Verifier {
    Verifier::new([]).with_workloads(Arc::new(Authorities::parse(root).unwrap()), [policy])
}

fn verifier() -> Verifier {
    by(ROOT, policy())
}

fn file() -> Blob {
    Blob::of(Digest::of(CONTENT.as_bytes()))
}

fn bytes(json: &str) -> Vec<u8> {
    json.as_bytes().to_vec()
}

#[test]
fn what_a_workload_has_signed_holds_long_after_its_certificate() {
    let Verdict::Verified(Signer::Workload(workload)) = verifier().blob(bytes(FILE), &file()) else {
        panic!("{:?}", verifier().blob(bytes(FILE), &file()));
    };
    assert_eq!(workload.identity, policy().identity);
    assert_eq!(workload.repository.as_deref(), Some("https://github.com/acme/app"));
    assert_eq!(workload.proof.times.len(), 1);
    assert!(workload.proof.logged && !workload.proof.certificate_logged);
    for (bundle, kind) in [(OURS, "https://example.com/x/v1"), (COSIGNS, "https://example.com/y/v1")] {
        let Verdict::Verified(verified) = verifier().statement(bytes(bundle), image()) else {
            panic!("{kind}: {:?}", verifier().statement(bytes(bundle), image()));
        };
        assert_eq!(verified.predicate_type().uri(), kind);
        assert!(verified.statement.is_about(image()));
    }
}

#[test]
fn a_bundle_of_the_public_instance_holds_by_the_built_in_root() {
    let policy = WorkloadPolicy {
        identity: "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main".to_owned(),
        issuer: "https://token.actions.githubusercontent.com".to_owned(),
        repository: Some("sigstore-conformance/extremely-dangerous-public-oidc-beacon".to_owned()),
        repository_id: Some("632596897".to_owned()),
        ..WorkloadPolicy::default()
    };
    let ours = Verifier::new([]).with_workloads(Arc::new(Authorities::public().unwrap()), [policy.clone()]);
    let subject = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf".parse().unwrap();
    let Verdict::Verified(verified) = ours.statement(bytes(PUBLIC), subject) else {
        panic!("{:?}", ours.statement(bytes(PUBLIC), subject));
    };
    assert_eq!(*verified.predicate_type(), PredicateType::PROVENANCE);
    let Signer::Workload(workload) = verified.signer else { panic!("a key?") };
    assert!(workload.proof.logged && workload.proof.certificate_logged);
    assert_eq!(workload.proof.times[0].to_string(), "2024-12-16T18:42:56Z");
    // Of another number, though its name is the same.
    let renamed = WorkloadPolicy { repository_id: Some("632596898".to_owned()), ..policy.clone() };
    let root = Arc::new(Authorities::public().unwrap());
    let verdict = Verifier::new([]).with_workloads(root, [renamed]).statement(bytes(PUBLIC), subject);
    assert!(matches!(verdict, Verdict::Foreign(Foreign::AnotherWorkload(_))), "{verdict:?}");
    // By another instance's root it is nothing.
    let verdict = by(ROOT, policy).statement(bytes(PUBLIC), subject);
    assert!(matches!(verdict, Verdict::Invalid(Invalid::Certificate(_))), "{verdict:?}");
}

/// What may go: the digest that helps tools, because the signature covers the file itself; and the index in the proof, which cosign leaves
/// out where it is the entry's.
const IDLE: [&str; 2] = [
    "/messageSignature/messageDigest removed",
    "/verificationMaterial/tlogEntries/0/inclusionProof/logIndex removed",
];

#[test]
fn a_bundle_with_a_certificate_changed_in_any_member_does_not_hold() {
    let mut idle = Vec::new();
    for (whole, count) in [(FILE, 20), (OURS, 20), (COSIGNS, 20)] {
        let whole: Value = serde_json::from_str(whole).unwrap();
        let changes = changes(&whole);
        assert!(changes.len() > count, "{}", changes.len());
        for (change, bundle) in changes {
            let json = bundle.to_string().into_bytes();
            let holds = matches!(verifier().blob(json.clone(), &file()), Verdict::Verified(_))
                || matches!(verifier().statement(json, image()), Verdict::Verified(_));
            if holds {
                idle.push(change);
            }
        }
    }
    idle.sort();
    idle.dedup();
    assert_eq!(idle, IDLE);
}

#[test]
fn a_signature_of_something_else_does_not_hold() {
    let verdict = verifier().blob(bytes(FILE), &Blob::of(Digest::of(b"another file")));
    assert!(matches!(verdict, Verdict::Invalid(Invalid::Certificate(_))), "{verdict:?}");
    let verdict = verifier().statement(bytes(OURS), Digest::of(b"another image"));
    assert!(matches!(verdict, Verdict::Invalid(_)), "{verdict:?}");
    // A statement is no signature of a file, and the other way round.
    assert!(!matches!(verifier().blob(bytes(OURS), &Blob::of(image())), Verdict::Verified(_)));
    let of_file = verifier().statement(bytes(FILE), Digest::of(CONTENT.as_bytes()));
    assert!(!matches!(of_file, Verdict::Verified(_)));
}

#[test]
fn another_workload_is_foreign_and_nobody_is_asked_about_a_key() {
    for change in [
        WorkloadPolicy { issuer: "http://127.0.0.1:15091".to_owned(), ..policy() },
        WorkloadPolicy { identity: policy().identity + "x", ..policy() },
        WorkloadPolicy { repository: Some("acme/ap".to_owned()), ..policy() },
        WorkloadPolicy { environment: Some("production".to_owned()), ..policy() },
        WorkloadPolicy { commit: Some("b".repeat(40).parse().unwrap()), ..policy() },
    ] {
        let verdict = by(ROOT, change.clone()).blob(bytes(FILE), &file());
        assert!(matches!(verdict, Verdict::Foreign(Foreign::AnotherWorkload(_))), "{change:?}: {verdict:?}");
    }
    let verdict = Verifier::new([public()]).blob(bytes(FILE), &file());
    assert_eq!(verdict, Verdict::Foreign(Foreign::Certificate));
    // One of several is enough.
    let several = [WorkloadPolicy { identity: "x".to_owned(), ..policy() }, policy()];
    let root = Arc::new(Authorities::parse(ROOT).unwrap());
    let verifier = Verifier::new([public()]).with_workloads(root, several);
    assert!(matches!(verifier.blob(bytes(FILE), &file()), Verdict::Verified(_)));
}

/// The root with this member emptied.
fn without(member: &str) -> Value {
    let mut root: Value = serde_json::from_str(ROOT).unwrap();
    assert!(!root[member].as_array().unwrap().is_empty(), "{member}");
    root[member] = json!([]);
    root
}

#[test]
fn what_a_root_has_it_demands_and_what_it_lacks_proves_nothing() {
    let public: Value = serde_json::from_str(sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap();
    // Nobody stamps: the log of version 2 states no time.
    let verdict = by(&without("timestampAuthorities").to_string(), policy()).blob(bytes(FILE), &file());
    assert!(matches!(verdict, Verdict::Invalid(Invalid::Certificate(_))), "{verdict:?}");
    // Another log, another authority, other stampers, or certificates that must be logged and are not.
    for member in ["tlogs", "certificateAuthorities", "timestampAuthorities", "ctlogs"] {
        let mut root: Value = serde_json::from_str(ROOT).unwrap();
        root[member] = public[member].clone();
        let verdict = by(&root.to_string(), policy()).blob(bytes(FILE), &file());
        assert!(matches!(verdict, Verdict::Invalid(Invalid::Certificate(_))), "{member}: {verdict:?}");
    }
    // Without logs the signed timestamp proves the moment: an instance that keeps none.
    let mut bare: Value = serde_json::from_str(FILE).unwrap();
    bare["verificationMaterial"]["tlogEntries"] = json!([]);
    let no_log = by(&without("tlogs").to_string(), policy());
    let Verdict::Verified(Signer::Workload(workload)) = no_log.blob(bare.to_string().into_bytes(), &file())
    else {
        panic!("{:?}", no_log.blob(bare.to_string().into_bytes(), &file()));
    };
    assert!(!workload.proof.logged);
    // With logs in the root an entry is demanded.
    let verdict = verifier().blob(bare.to_string().into_bytes(), &file());
    assert!(matches!(verdict, Verdict::Invalid(Invalid::Certificate(_))), "{verdict:?}");
}

#[test]
fn a_root_that_proves_nothing_is_none() {
    let mut neither = without("tlogs");
    neither["timestampAuthorities"] = json!([]);
    for (root, said) in [
        (String::new(), "empty"),
        ("{".to_owned(), "EOF"),
        (without("certificateAuthorities").to_string(), "no certificate authority"),
        (neither.to_string(), "neither a log nor a timestamp authority"),
        (ROOT.repeat(17), "more than 16 roots"),
    ] {
        let refusal = Authorities::parse(&root).unwrap_err();
        assert!(refusal.contains(said), "{refusal}");
    }
    // One after the other, as `gh attestation trusted-root` writes them; the second one knows this file.
    let two = format!("{}\n{ROOT}\n", sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT);
    assert!(matches!(by(&two, policy()).blob(bytes(FILE), &file()), Verdict::Verified(_)));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn a_certified_bundle_cut_or_changed_anywhere_neither_panics_nor_holds(at: proptest::sample::Index, byte: u8) {
        let whole = FILE.as_bytes().to_vec();
        let at = at.index(whole.len());
        let cut = verifier().blob(whole[..at].to_vec(), &file());
        proptest::prop_assert!(!matches!(cut, Verdict::Verified(_)) || whole[at..].iter().all(u8::is_ascii_whitespace));
        let mut changed = whole.clone();
        changed[at] = byte;
        let _ = verifier().blob(changed, &file());
    }

    #[test]
    fn no_text_is_a_root_by_accident(text in ".*") {
        proptest::prop_assert!(Authorities::parse(&text).is_err());
    }
}
