//! Signing without a key of one's own: a token says who this is, an authority gives a certificate for a key that lives as long as this run,
//! logs and timestamp authorities prove when it was used. What comes out is checked before anybody gets it. Never without a network.

mod error;
mod fulcio;
mod rekor;
mod services;
mod timestamp;
mod token;
mod wire;

use std::{fmt, path::PathBuf, sync::Arc};

use ci::Session;
use contract::Digest;
use sigstore_bundle::{BundleV03, VerificationMaterialV03};
use sigstore_types::{DerCertificate, SignatureContent};

pub use error::KeylessError;

use crate::{
    Authorities, Blob, Bundle, SigningKey, Statement, TrustError, Verdict, Verifier, WorkloadPolicy, bundle,
};
use services::{Services, Version};
use token::IdentityToken;

/// The largest statement that is sent to a log, in bytes: the public one has failed on larger ones without saying so.
pub const LOG_BYTES_MAX: usize = 16 << 20;

/// Where the parts of signing without a key come from; what is not named is that of Sigstore's public instance, and of the runner.
#[derive(Clone, Default, Debug)]
pub struct Sources {
    /// The servers, as `cosign signing-config create` writes them.
    pub signing_config: Option<PathBuf>,
    /// Who is believed.
    pub trusted_root: Option<PathBuf>,
    /// The token.
    pub identity_token: Option<PathBuf>,
}

/// A workload that can prove who it is.
pub struct Keyless {
    client: http::Client,
    services: Services,
    authorities: Arc<Authorities>,
    token: IdentityToken,
}

/// A workload with a certificate. The key is overwritten when dropped.
pub struct Certified<'k> {
    keyless: &'k Keyless,
    key: SigningKey,
    certificate: DerCertificate,
}

impl Keyless {
    /// Reads what is needed and gets the token; nothing is left anywhere by that.
    pub fn prepare(sources: &Sources, session: &Session) -> Result<Self, TrustError> {
        let services = sources.signing_config.as_deref().map_or_else(Services::public, Services::read)?;
        let authorities =
            sources.trusted_root.as_deref().map_or_else(Authorities::public, Authorities::read)?;
        let client = wire::client()?;
        let token = IdentityToken::obtain(sources.identity_token.as_ref(), session, &client)?;
        Ok(Self { client, services, authorities: Arc::new(authorities), token })
    }

    /// Whom the certificate will name.
    pub fn workload(&self) -> WorkloadPolicy {
        self.token.workload()
    }

    /// Knows what this very workload has signed.
    pub fn verifier(&self) -> Verifier {
        Verifier::new([]).with_workloads(Arc::clone(&self.authorities), [self.workload()])
    }

    /// Where it will leave traces, for the plan: the authority, the logs and the timestamp authorities.
    pub fn places(&self) -> Vec<String> {
        let Services { authority, logs, timestamps } = &self.services;
        let logs = logs.iter().map(|log| &log.url);
        std::iter::once(authority).chain(logs).chain(timestamps).map(ToString::to_string).collect()
    }

    /// Gets a certificate for a new key.
    pub fn certify(&self) -> Result<Certified<'_>, TrustError> {
        let key = SigningKey::generate()?;
        let certificate = fulcio::certificate(&self.client, &self.services.authority, &self.token, &key)?;
        Ok(Certified { keyless: self, key, certificate })
    }
}

/// Who signs: the holder of a key, or a workload.
#[derive(Debug)]
pub enum Signatory {
    /// With a key of one's own.
    Key(Box<SigningKey>),
    /// With a certificate.
    Workload(Box<Keyless>),
}

/// Who signs, ready to.
#[derive(Debug)]
pub enum Pen<'k> {
    /// With a key of one's own.
    Key(&'k SigningKey),
    /// With a certificate.
    Certified(Box<Certified<'k>>),
}

impl Signatory {
    /// Knows what this very signatory has signed.
    pub fn verifier(&self) -> Verifier {
        match self {
            Self::Key(key) => Verifier::new([key.public().clone()]),
            Self::Workload(keyless) => keyless.verifier(),
        }
    }

    /// Gets ready: a workload gets its certificate, which its authority keeps on record.
    pub fn pen(&self) -> Result<Pen<'_>, TrustError> {
        Ok(match self {
            Self::Key(key) => Pen::Key(key),
            Self::Workload(keyless) => Pen::Certified(Box::new(keyless.certify()?)),
        })
    }
}

impl Pen<'_> {
    /// Signs a statement about this content.
    pub fn statement(&self, statement: &Statement, subject: Digest) -> Result<Bundle, TrustError> {
        match self {
            Self::Key(key) => Bundle::of_statement(key, statement),
            Self::Certified(certified) => certified.of_statement(statement, subject),
        }
    }

    /// Signs the file with this digest.
    pub fn blob(&self, blob: Digest) -> Result<Bundle, TrustError> {
        match self {
            Self::Key(key) => Bundle::of_blob(key, blob),
            Self::Certified(certified) => certified.of_blob(blob),
        }
    }
}

impl Certified<'_> {
    /// Signs a statement about this content.
    pub fn of_statement(&self, statement: &Statement, subject: Digest) -> Result<Bundle, TrustError> {
        let bundle = self.proven(bundle::envelope(&self.key, statement)?)?;
        self.check(bundle, |verifier, bytes| match verifier.statement(bytes, subject) {
            Verdict::Verified(_) => Ok(()),
            Verdict::Foreign(why) => Err(why.to_string()),
            Verdict::Invalid(why) => Err(why.to_string()),
        })
    }

    /// Signs the file with this digest.
    pub fn of_blob(&self, blob: Digest) -> Result<Bundle, TrustError> {
        let bundle = self.proven(bundle::message(&self.key, blob)?)?;
        self.check(bundle, |verifier, bytes| match verifier.blob(bytes, &Blob::of(blob)) {
            Verdict::Verified(_) => Ok(()),
            Verdict::Foreign(why) => Err(why.to_string()),
            Verdict::Invalid(why) => Err(why.to_string()),
        })
    }

    /// Has it entered and stamped. Its size is looked at first: a log that is asked for too much answers in ways nobody understands.
    fn proven(&self, content: SignatureContent) -> Result<BundleV03, TrustError> {
        let Keyless { client, services, .. } = self.keyless;
        let bytes = match &content {
            SignatureContent::DsseEnvelope(envelope) => envelope.payload.as_bytes().len(),
            _ => 0,
        };
        let first = services.logs.iter().any(|log| log.version == Version::V1);
        if first && bytes > LOG_BYTES_MAX {
            return Err(KeylessError::TooLargeForLog { bytes }.into());
        }
        bundle::check_size(bytes)?;
        let signature = match &content {
            SignatureContent::DsseEnvelope(envelope) => envelope.signature.sig.clone(),
            SignatureContent::MessageSignature(message) => message.signature.clone(),
            _ => return Err(TrustError::signing("a signature of a kind nobody asked for")),
        };
        let stamps =
            services.timestamps.iter().map(|url| timestamp::stamp(client, url, signature.as_bytes()));
        let stamps: Vec<_> = stamps.collect::<Result<_, _>>()?;
        let entries = services.logs.iter().map(|log| rekor::enter(client, log, &content, &self.certificate));
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        let mut bundle =
            BundleV03::new(VerificationMaterialV03::Certificate(self.certificate.clone()), content);
        for stamp in stamps {
            bundle = bundle.with_rfc3161_timestamp(stamp);
        }
        for entry in entries {
            bundle = bundle.with_tlog_entry(entry);
        }
        Ok(bundle)
    }

    /// What does not hold by the trusted root is given to nobody. Whom the certificate names is its authority's to say, and is taken as it is.
    fn check(
        &self,
        bundle: BundleV03,
        judge: impl FnOnce(Verifier, Vec<u8>) -> Result<(), String>,
    ) -> Result<Bundle, TrustError> {
        let bundle = Bundle::finished(bundle)?;
        let named = bundle.workload().map_err(KeylessError::Unproven)?;
        let policy =
            WorkloadPolicy { identity: named.identity, issuer: named.issuer, ..WorkloadPolicy::default() };
        let verifier = Verifier::new([]).with_workloads(Arc::clone(&self.keyless.authorities), [policy]);
        judge(verifier, bundle.bytes().to_vec()).map_err(KeylessError::Unproven)?;
        Ok(bundle)
    }
}

impl fmt::Debug for Keyless {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keyless({})", self.workload().identity)
    }
}

impl fmt::Debug for Certified<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Certified({})", self.keyless.workload().identity)
    }
}
