//! The requests that a write will be, in words, before any is sent; never a request.

use super::Registry;
use crate::{manifest::Manifest, repository::Write};

impl Registry {
    /// One line a request (OCI distribution specification 1.1, "Push"), with what decides between two ways.
    pub(super) fn requests(&self, write: Write<'_>) -> Vec<String> {
        match write {
            Write::Blob(blob, origin) => {
                let upload = self.line("POST", "blobs/uploads/");
                let send = format!("PUT {}, {} bytes, to where the answer says", blob.digest, blob.size);
                match origin.and_then(|origin| self.connection.address.neighbour(origin)) {
                    Some(from) => {
                        let mount = format!("blobs/uploads/?mount={}&from={from}", blob.digest);
                        vec![self.line("POST", &mount), format!("{send}, unless that has mounted it")]
                    }
                    None => vec![upload, send],
                }
            }
            Write::Manifest(manifest) => self.manifest_lines(manifest, &manifest.digest().to_string()),
            Write::Tag(tag, manifest) => self.manifest_lines(manifest, tag.as_str()),
        }
    }

    fn manifest_lines(&self, manifest: &Manifest, reference: &str) -> Vec<String> {
        let put = self.line("PUT", &format!("manifests/{reference}"));
        let mut lines = vec![format!("{put}, {} bytes", manifest.descriptor().size)];
        if let Some(subject) = manifest.subject() {
            let fallback = format!("manifests/sha256-{}", subject.digest.hex());
            let put = self.line("PUT", &fallback);
            lines.push(format!("{put}, unless the registry lists by itself what refers to an image"));
        }
        lines
    }

    fn line(&self, method: &str, path: &str) -> String {
        format!("{method} {}", self.connection.address.url(path))
    }
}
