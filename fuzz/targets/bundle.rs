//! What is stored beside an image: bundles with keys and certificates, signatures of older versions of cosign, statements; and keys and roots.
#![no_main]

use std::sync::{Arc, LazyLock};

use contract::Digest;
use libfuzzer_sys::fuzz_target;
use oci::{Manifest, media_type};
use seaworthy_fuzz::{NOW, SCISSORS, Shelf, pieces};
use trust::{Authorities, Blob, PredicateType, PublicKey, Requirement, SigningKey, Verifier, WorkloadPolicy};

const KEY: &str = include_str!("../../crates/trust/testdata/cosign.pub");
const ROOT: &str = include_str!("../../crates/trust/testdata/keyless/trusted-root.json");
const FILE: &[u8] = include_bytes!("../../crates/trust/testdata/keyless/file.txt");
const IMAGE: &str = "sha256:e9930e41bf6ec931a453899d869e62526a0444915be777cdd593f12a98378a2a";
/// The media type and the annotation of a signature of cosign before version 3.
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let roots = Arc::new(Authorities::parse(ROOT).expect("the fixture is a root"));
    let policy = WorkloadPolicy {
        identity: "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main".to_owned(),
        issuer: "http://127.0.0.1:15090".to_owned(),
        ..WorkloadPolicy::default()
    };
    let key = PublicKey::from_pem(KEY).expect("the fixture is a key");
    Verifier::new([key]).with_workloads(Arc::clone(&roots), [policy]).with_witnesses(roots)
});

/// Each piece as everything that it may be.
fn alone(piece: &[u8], subject: Digest) {
    let _ = VERIFIER.statement(piece.to_vec(), subject);
    let _ = VERIFIER.blob(piece.to_vec(), &Blob::of(Digest::of(FILE)));
    let _ = Manifest::parse(piece.to_vec());
    if let Ok(text) = std::str::from_utf8(piece) {
        let _ = (PublicKey::from_pem(text), SigningKey::from_pem(text, None), Authorities::parse(text));
        if let Ok(predicate) = serde_json::from_str(text) {
            for kind in [
                PredicateType::TEST_RESULT,
                PredicateType::PROVENANCE,
                PredicateType::VULNERABILITIES,
                PredicateType::MIGRATION,
                PredicateType::APPROVAL,
            ] {
                let _ = kind.check(&predicate);
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let pieces = pieces(bytes, SCISSORS);
    let subject: Digest = IMAGE.parse().expect("this is a digest");
    let mut shelf = Shelf::new();
    let mut older = Vec::new();
    for piece in &pieces {
        alone(piece, subject);
        let bundle = shelf.blob(trust::MEDIA_TYPE, piece);
        let image = oci::Descriptor::new(media_type::IMAGE_MANIFEST, subject, 1);
        let manifest = shelf.image(vec![bundle], Some(image));
        shelf.refers(&manifest);
        // The same as a payload, signed by the next piece.
        let mut layer = shelf.blob(PAYLOAD, piece);
        let signature = pieces.last().and_then(|last| std::str::from_utf8(last).ok()).unwrap_or_default();
        layer.annotations.insert(SIGNATURE.to_owned(), signature.to_owned());
        older.push(layer);
    }
    let manifest = shelf.image(older, None);
    shelf.tagged(&manifest);
    if let Ok(evidence) = VERIFIER.evidence(&shelf, subject) {
        let _ = Requirement::of(PredicateType::TEST_RESULT).judge(&evidence, *NOW);
    }
});
