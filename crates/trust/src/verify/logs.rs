//! Bundles of private instances with other logs than most: Rekor of version 1, whose promise alone says when, and logs of certificates.

use serde_json::{Value, json};

use super::{tests::changes, *};

const CONTENT: &str = include_str!("../../testdata/keyless/file.txt");
const IMAGE: &str = "sha256:e9930e41bf6ec931a453899d869e62526a0444915be777cdd593f12a98378a2a";

/// An instance: its root, its issuer, and what a workflow has signed there.
struct Instance {
    root: &'static str,
    issuer: &'static str,
    bundles: &'static [&'static str],
}

/// Rekor v1.5.4 and ct_server v1.4.0, without a timestamp authority: a file and a statement.
const FIRST: Instance = Instance {
    root: include_str!("../../testdata/keyless/trusted-root-v1.json"),
    issuer: "http://127.0.0.1:33139",
    bundles: &[
        include_str!("../../testdata/keyless/file-v1.json"),
        include_str!("../../testdata/keyless/statement-v1.json"),
    ],
};

/// Rekor of version 2 and TesseraCT v0.1.1: a file.
const TESSERA: Instance = Instance {
    root: include_str!("../../testdata/keyless/trusted-root-tesseract.json"),
    issuer: "http://127.0.0.1:37055",
    bundles: &[include_str!("../../testdata/keyless/file-tesseract.json")],
};

impl Instance {
    /// Who is said to have signed a bundle, by this root.
    fn judged(&self, root: &str, bundle: &str) -> Verdict<Signer> {
        let policy = WorkloadPolicy {
            identity: "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main".to_owned(),
            issuer: self.issuer.to_owned(),
            ..WorkloadPolicy::default()
        };
        let verifier =
            Verifier::new([]).with_workloads(Arc::new(Authorities::parse(root).unwrap()), [policy]);
        let bytes = || bundle.as_bytes().to_vec();
        match verifier.statement(bytes(), IMAGE.parse().unwrap()) {
            Verdict::Verified(holds) => Verdict::Verified(holds.signer),
            _ => verifier.blob(bytes(), &Blob::of(Digest::of(CONTENT.as_bytes()))),
        }
    }
}

#[test]
fn entry_and_certificate_are_logged() {
    for (instance, times) in [(FIRST, 1), (TESSERA, 1)] {
        for bundle in instance.bundles {
            let verdict = instance.judged(instance.root, bundle);
            let Verdict::Verified(Signer::Workload(workload)) = verdict else { panic!("{verdict:?}") };
            assert!(workload.proof.logged && workload.proof.certificate_logged);
            assert_eq!(workload.proof.times.len(), times);
        }
    }
}

/// What may go or change: the digest beside the signature, which covers the file itself.
const DIGEST: &str = "/messageSignature/messageDigest removed";
/// Where nobody stamps, the empty list of stamps.
const STAMPS: &str = "/verificationMaterial/timestampVerificationData removed";
/// The stamper's certificate as the stamp repeats it, in the middle of it: the root's is believed.
const REPEATED: &str =
    "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp changed";
/// In version 2 the entry's own number, which is proven.
const NUMBER: &str = "/verificationMaterial/tlogEntries/0/inclusionProof/logIndex removed";

#[test]
fn nothing_of_such_a_bundle_can_be_changed() {
    for (instance, expected) in [(FIRST, &[DIGEST, STAMPS][..]), (TESSERA, &[DIGEST, REPEATED, NUMBER])] {
        let mut idle = Vec::new();
        for bundle in instance.bundles {
            for (change, bundle) in changes(&serde_json::from_str(bundle).unwrap()) {
                if matches!(instance.judged(instance.root, &bundle.to_string()), Verdict::Verified(_)) {
                    idle.push(change);
                }
            }
        }
        idle.sort();
        idle.dedup();
        assert_eq!(idle, expected, "{}", instance.issuer);
    }
}

#[test]
fn a_bundle_that_does_not_say_its_version_was_read_as_one_of_the_oldest() {
    let mut bundle: Value = serde_json::from_str(FIRST.bundles[0]).unwrap();
    for absent in [json!(null), json!("")] {
        bundle["mediaType"] = absent;
        bundle["verificationMaterial"]["tlogEntries"][0].as_object_mut().unwrap().remove("inclusionProof");
        let verdict = FIRST.judged(FIRST.root, &bundle.to_string());
        assert!(matches!(verdict, Verdict::Invalid(Invalid::Malformed(_))), "{verdict:?}");
    }
}

#[test]
fn another_log_of_either_kind_is_not_believed() {
    let public: Value = serde_json::from_str(sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap();
    for instance in [FIRST, TESSERA] {
        let root: Value = serde_json::from_str(instance.root).unwrap();
        for member in ["tlogs", "ctlogs"] {
            let mut other = root.clone();
            other[member] = public[member].clone();
            // A stranger's key under the name of the right log.
            let mut named = root.clone();
            named[member][0]["publicKey"] = public[member][0]["publicKey"].clone();
            for (how, root) in [("another", other), ("named", named)] {
                for bundle in instance.bundles {
                    let verdict = instance.judged(&root.to_string(), bundle);
                    let refused = matches!(verdict, Verdict::Invalid(Invalid::Certificate(_)));
                    assert!(refused, "{member}, {how}: {verdict:?}");
                }
            }
        }
        // Who knows no logs of certificates demands no promise, and says so.
        let mut without = root;
        without["ctlogs"] = json!([]);
        let verdict = instance.judged(&without.to_string(), instance.bundles[0]);
        let Verdict::Verified(Signer::Workload(workload)) = verdict else { panic!("{verdict:?}") };
        assert!(!workload.proof.certificate_logged);
    }
}
