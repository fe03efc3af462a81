//! The file that would be replaced: whether it is one that this command writes, and no input of it; nothing is written.

use std::{fs, path::Path};

use ci::files;
use contract::Digest;
use jiff::Timestamp;
use serde::{Deserialize, de::IgnoredAny};
use trust::{BUNDLE_BYTES_MAX, KeySource, Sources};

use crate::{
    context::{Claim, SignBlob, SignatorySource},
    error::{Error, Written},
};

/// What the media type of every bundle begins with (sigstore/protobuf-specs, "Bundle").
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

/// The SBOM that is there, as far as it matters.
pub struct Existing {
    /// What it is.
    pub digest: Digest,
    /// When it was made, if it says so.
    pub time: Option<Timestamp>,
}

/// The SBOM at this path. A lock file or a manifest of the tree is none.
pub(super) fn sbom(path: &Path) -> Result<Option<Existing>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Format {
        bom_format: String,
    }
    #[derive(Deserialize)]
    struct Dated {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        timestamp: Timestamp,
    }
    let Some(text) = files::read_text_if_there(path)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if !serde_json::from_str(&text).is_ok_and(|Format { bom_format }| bom_format == "CycloneDX") {
        return Err(Error::OutputTaken { path: path.to_owned(), wanted: Written::Sbom });
    }
    let dated = serde_json::from_str(&text).ok();
    let time = dated.map(|Dated { metadata }| metadata.timestamp);
    Ok(Some(Existing { digest: Digest::of(text.as_bytes()), time }))
}

/// Whether the result of `check` may go to this path. An SBOM, a policy or a record of a vulnerability is none.
pub fn check_result(path: &Path) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Scanned {
        #[allow(dead_code, reason = "that it is there is all that matters")]
        scanner: IgnoredAny,
    }
    let there = files::read_text_if_there(path)?.filter(|text| !text.is_empty());
    match there.map(|text| serde_json::from_str::<Scanned>(&text)) {
        Some(Err(_)) => Err(Error::OutputTaken { path: path.to_owned(), wanted: Written::CheckResult }),
        _ => Ok(()),
    }
}

/// The bundle where that of a file goes.
pub(super) fn bundle(wanted: &SignBlob) -> Result<Option<Vec<u8>>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        media_type: String,
    }
    let path = &wanted.bundle;
    let Ok(real) = fs::canonicalize(path) else { return Ok(None) };
    if inputs(wanted).iter().any(|input| fs::canonicalize(input).is_ok_and(|input| input == real)) {
        return Err(Error::OutputIsInput(path.clone()));
    }
    let bytes = files::read(path, BUNDLE_BYTES_MAX)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice(&bytes) {
        Ok(Typed { media_type }) if media_type.starts_with(BUNDLE) => Ok(Some(bytes)),
        _ => Err(Error::OutputTaken { path: path.clone(), wanted: Written::Bundle }),
    }
}

fn inputs(wanted: &SignBlob) -> Vec<&Path> {
    let mut inputs = vec![wanted.blob.as_path()];
    if let Claim::Predicate(_, predicate) = &wanted.claim {
        inputs.push(predicate);
    }
    match &wanted.signatory {
        SignatorySource::Key(KeySource::File(key)) => inputs.push(key),
        SignatorySource::Key(KeySource::Variable(_)) => {}
        SignatorySource::Workload(Sources { signing_config, trusted_root, identity_token }) => {
            let files = [signing_config, trusted_root, identity_token];
            inputs.extend(files.into_iter().filter_map(Option::as_deref));
        }
    }
    inputs
}
