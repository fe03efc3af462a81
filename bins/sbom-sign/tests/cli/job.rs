//! A job on GitHub with a private Sigstore of real servers; what it signs, and what cosign says of it.

use testkit::{
    Run, Scratch,
    sigstore::{CertificateLog, Rekor, Sigstore},
};

use crate::{
    desk::{desk, sbom_sign},
    peers::peer,
};

/// A job of the private instance at its desk.
pub(crate) struct Job {
    pub(crate) desk: Scratch,
    pub(crate) bed: Sigstore,
    /// Of the servers that are asked and the root that is believed: ``, `-no-log`, `-no-stamps`, …
    pub(crate) variant: &'static str,
    pub(crate) certificates: CertificateLog,
}

impl Job {
    pub(crate) fn new(variant: &'static str) -> Self {
        Self::with(Rekor::V2, CertificateLog::None, variant)
    }

    pub(crate) fn with(version: Rekor, certificates: CertificateLog, variant: &'static str) -> Self {
        Self { desk: desk(), bed: Sigstore::with(version, certificates), variant, certificates }
    }

    pub(crate) fn root(&self) -> String {
        self.bed.file(&format!("trusted-root{}.json", self.variant))
    }

    pub(crate) fn servers(&self) -> String {
        let config = self.bed.file(&format!("signing-config{}.json", self.variant));
        format!("--signing-config {config} --trusted-root {}", self.root())
    }

    /// Our binary, in the job, now: the certificates are of today.
    pub(crate) fn signs(&self, line: &str) -> Run {
        self.runs(&format!("{line} {}", self.servers()))
    }

    /// The same with nothing added.
    pub(crate) fn runs(&self, line: &str) -> Run {
        self.bed.in_job(sbom_sign(&self.desk, line)).without_env("SEAWORTHY_CLOCK").run()
    }

    pub(crate) fn verifies(&self, line: &str) -> Run {
        self.verifies_by(self.variant, line)
    }

    /// By another root.
    pub(crate) fn verifies_by(&self, variant: &str, line: &str) -> Run {
        let root = self.bed.file(&format!("trusted-root{variant}.json"));
        let (issuer, identity) = (self.bed.issuer(), Sigstore::identity());
        let line = format!("verify {line} --trusted-root {root} --identity {identity} --issuer {issuer}");
        sbom_sign(&self.desk, &line).run()
    }

    pub(crate) fn cosign(&self, line: &str) -> (bool, String) {
        peer(&self.desk, "cosign", line)
    }

    pub(crate) fn cosign_verifies(&self, line: &str) -> (bool, String) {
        self.cosign_verifies_by(self.variant, line)
    }

    /// By another root. It demands a promise of a log of certificates unless it is told that there is none.
    pub(crate) fn cosign_verifies_by(&self, variant: &str, line: &str) -> (bool, String) {
        let root = self.bed.file(&format!("trusted-root{variant}.json"));
        let (issuer, identity) = (self.bed.issuer(), Sigstore::identity());
        let stamps = if self.variant == "-no-stamps" { "" } else { "--use-signed-timestamps" };
        let unlogged = match self.certificates {
            CertificateLog::None => "--insecure-ignore-sct",
            CertificateLog::Ctfe | CertificateLog::TesseraCt => "",
        };
        self.cosign(&format!(
            "{line} --trusted-root {root} --certificate-identity {identity} --certificate-oidc-issuer {issuer} {stamps} {unlogged}"
        ))
    }

    pub(crate) fn cosign_signs(&self, line: &str) {
        self.bed.cosign_signs_by(self.desk.path(), self.variant, line);
    }
}
