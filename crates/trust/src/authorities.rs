//! Whom we believe that a certificate was somebody's, and when it was used: Sigstore's trusted roots (protobuf-specs, sigstore_trustroot.proto);
//! never whom a certificate must name.

use std::{fmt, path::Path};

use ci::files;
use contract::Digest;
use serde::Deserialize as _;
use sigstore_crypto::KeyAlgorithm;
use sigstore_trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_types::{Artifact, DerPublicKey, HashAlgorithm, Sha256Hash, SignatureContent};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy};

use crate::{Blob, PublicKey, TrustError, Workload, blob::Reads, crypto, signer::Proof};

/// The largest trusted root, in bytes: Sigstore's own has 10 KB.
const ROOT_BYTES_MAX: u64 = 4 << 20;
/// How many roots a file may hold.
const ROOTS_MAX: usize = 16;

/// Certificate authorities, logs and timestamp authorities that are believed.
pub struct Authorities(Vec<Root>);

/// One instance of Sigstore.
struct Root {
    verifier: sigstore_verify::Verifier,
    policy: VerificationPolicy,
    /// The digests of the logs' keys.
    logs: Vec<Vec<u8>>,
}

impl Authorities {
    /// Sigstore's public instance, as it was when this program was built.
    pub fn public() -> Result<Self, TrustError> {
        Self::parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT)
            .map_err(|why| TrustError::signing(format!("the built-in trusted root: {why}")))
    }

    /// Reads a file as `cosign trusted-root create` writes it, or several in one as `gh attestation trusted-root` does.
    pub fn read(path: &Path) -> Result<Self, TrustError> {
        let unusable = |why| TrustError::Root { path: path.to_owned(), why };
        let bytes = files::read(path, ROOT_BYTES_MAX)?;
        let json = std::str::from_utf8(&bytes).map_err(|error| unusable(error.to_string()))?;
        Self::parse(json).map_err(unusable)
    }

    /// Reads roots, one JSON after the other.
    pub fn parse(json: &str) -> Result<Self, String> {
        crypto::install();
        let mut reader = serde_json::Deserializer::from_str(json);
        let mut roots = Vec::new();
        while reader.end().is_err() {
            if roots.len() == ROOTS_MAX {
                return Err(format!("more than {ROOTS_MAX} roots"));
            }
            let root = TrustedRoot::deserialize(&mut reader).map_err(|error| error.to_string())?;
            roots.push(Root::of(&root)?);
        }
        if roots.is_empty() { Err("it is empty".to_owned()) } else { Ok(Self(roots)) }
    }

    /// Checks that this bundle was signed by the holder of its certificate while that held, and is about the content; gives what proves it.
    pub(crate) fn check(
        &self,
        bundle: &sigstore_types::Bundle,
        content: &Content<'_>,
    ) -> Result<Proof, String> {
        let mut refusal = String::new();
        for root in &self.0 {
            let verified = root.verifier.verify(content.artifact(), bundle, &root.policy);
            match verified
                .map_err(|why| why.to_string())
                .and_then(|result| root.agrees(bundle).map(|()| result))
            {
                Ok(result) => {
                    return Ok(Proof {
                        times: result.verified_timestamps().to_vec(),
                        logged: result.tlog_verified(),
                        certificate_logged: result.sct_verified(),
                    });
                }
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }
}

impl Authorities {
    /// Checks what a bundle of a key says about logs and times, if it says anything.
    pub(crate) fn witness(
        &self,
        bundle: &sigstore_types::Bundle,
        content: &Content<'_>,
        key: &PublicKey,
    ) -> Result<(), String> {
        let material = &bundle.verification_material;
        if material.tlog_entries.is_empty()
            && material.timestamp_verification_data.rfc3161_timestamps.is_empty()
        {
            return Ok(());
        }
        let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.der().to_vec()));
        let policy = if material.tlog_entries.is_empty() { policy.skip_tlog_unsafe() } else { policy };
        let mut refusal = String::new();
        for root in &self.0 {
            let verified = root.verifier.verify(content.artifact(), bundle, &policy);
            match verified.map_err(|why| why.to_string()).and_then(|_| root.agrees(bundle)) {
                Ok(()) => return Ok(()),
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }
}

impl Root {
    /// What a root has, it demands: a log entry where it has logs, a promise for the certificate where it has logs of certificates. A root
    /// without logs proves the moment by signed timestamps alone.
    fn of(root: &TrustedRoot) -> Result<Self, String> {
        let mut policy = VerificationPolicy::any_identity();
        if root.certificate_authorities.is_empty() {
            return Err("it names no certificate authority".to_owned());
        }
        if root.tlogs.is_empty() && root.timestamp_authorities.is_empty() {
            return Err("it names neither a log nor a timestamp authority".to_owned());
        }
        if root.tlogs.is_empty() {
            policy = policy.skip_tlog_unsafe();
        }
        if root.ctlogs.is_empty() {
            policy = policy.skip_sct();
        }
        let verifier = sigstore_verify::Verifier::new(root).map_err(|error| error.to_string())?;
        let logs = root.tlogs.iter().map(|log| log.log_id.key_id.as_bytes().to_vec()).collect();
        Ok(Self { verifier, policy, logs })
    }

    /// What a log entry says beside what is proven about it must not say otherwise: another reader may go by it.
    fn agrees(&self, bundle: &sigstore_types::Bundle) -> Result<(), String> {
        for entry in &bundle.verification_material.tlog_entries {
            let known = |id: &Vec<u8>| id.as_slice() == entry.log_id.key_id.as_bytes();
            if !self.logs.is_empty() && !self.logs.iter().any(known) {
                return Err("its entry names a log that the trusted root does not".to_owned());
            }
            let Some(proof) = &entry.inclusion_proof else { continue };
            let Some(checkpoint) = proof.checkpoint.checkpoint() else { continue };
            if proof.root_hash != *checkpoint.root_hash() || proof.tree_size != checkpoint.tree_size() {
                return Err("its proof of inclusion and its checkpoint are about different trees".to_owned());
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Authorities({})", self.0.len())
    }
}

/// What a bundle must be about.
pub(crate) enum Content<'c> {
    /// An image.
    Image(Digest),
    /// A file.
    File(&'c Blob),
}

impl Content<'_> {
    fn artifact(&self) -> Artifact<'_> {
        match self {
            Self::Image(digest) => Artifact::from_digest(Sha256Hash::new(*digest.as_bytes())),
            Self::File(blob) => match blob.whole() {
                Some(whole) => Artifact::from_blob(whole),
                None => Artifact::from_digest(Sha256Hash::new(*blob.sha256().as_bytes())),
            },
        }
    }
}

/// What of a file must be read to check this signature of it by a certificate's holder: a signature over anything but SHA-256 wants it all.
pub(crate) fn reads(bundle: &sigstore_types::Bundle) -> Reads {
    let SignatureContent::MessageSignature(signature) = &bundle.content else { return Reads::Sha256 };
    match &signature.message_digest {
        Some(digest) if digest.algorithm == HashAlgorithm::Sha2256 && !is_ed25519(bundle) => Reads::Sha256,
        _ => Reads::Whole,
    }
}

fn is_ed25519(bundle: &sigstore_types::Bundle) -> bool {
    let certificate = bundle.signing_certificate().map(sigstore_crypto::parse_certificate_info);
    certificate.is_some_and(|read| read.is_ok_and(|one| one.key_algorithm == KeyAlgorithm::Ed25519))
}

/// What the certificate of a bundle says of its holder; not yet believed.
pub(crate) fn claimed(bundle: &sigstore_types::Bundle) -> Result<Workload, String> {
    crypto::install();
    let certificate =
        bundle.signing_certificate().ok_or("it holds neither a key's hint nor a certificate")?;
    let certificate =
        sigstore_crypto::parse_certificate_info(certificate).map_err(|error| error.to_string())?;
    Workload::of(&certificate)
}
