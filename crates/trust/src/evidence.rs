//! All that is stored beside an image, each piece with its verdict; "could not look" is an error and never an empty list.

use contract::Digest;
use oci::{Descriptor, Image, OciError, Repository};

use crate::{
    BUNDLE_BYTES_MAX, Foreign, Invalid, MEDIA_TYPE, PredicateType, Statement, TrustError, Verdict, Verified,
    Verifier, store::PREDICATE_TYPE,
};

/// How many referrers of one image are looked at.
pub const REFERRERS_MAX: usize = 1000;
/// How many bytes of bundles of one image are read.
pub const EVIDENCE_BYTES_MAX: u64 = 128 << 20;

/// What was found beside one image.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// The image.
    pub subject: Digest,
    /// Every referrer, in the order in which they are listed.
    pub items: Vec<Item>,
}

/// One referrer.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Its manifest.
    pub manifest: Digest,
    /// What it is to us.
    pub verdict: Verdict,
    /// Where it was found.
    pub origin: Origin,
}

/// Where evidence lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// It refers to the image.
    Referrer,
    /// It lies under the tag of cosign before version 3.
    LegacyTag,
    /// It came as a file.
    File,
}

impl Evidence {
    /// What holds.
    pub fn verified(&self) -> impl Iterator<Item = &Verified> {
        self.items.iter().filter_map(|item| match &item.verdict {
            Verdict::Verified(verified) => Some(verified),
            _ => None,
        })
    }

    /// What holds and is of this type. An SBOM is no signature: each type is asked for by itself.
    pub fn of_type<'e>(&'e self, kind: &'e PredicateType) -> impl Iterator<Item = &'e Verified> {
        self.verified().filter(move |verified| verified.predicate_type() == kind)
    }

    /// What claims one of the keys and does not hold.
    pub fn invalid(&self) -> impl Iterator<Item = (Digest, &Invalid)> {
        self.items.iter().filter_map(|item| match &item.verdict {
            Verdict::Invalid(why) => Some((item.manifest, why)),
            _ => None,
        })
    }

    /// What is none of our business.
    pub fn foreign(&self) -> impl Iterator<Item = (Digest, &Foreign)> {
        self.items.iter().filter_map(|item| match &item.verdict {
            Verdict::Foreign(why) => Some((item.manifest, why)),
            _ => None,
        })
    }

    /// The referrer that makes this very claim already. One in an older form is none: whoever reads today's looks past it.
    pub fn claiming(&self, statement: &Statement) -> Option<(Digest, &Verified)> {
        let referrers = self.items.iter().filter(|item| item.origin == Origin::Referrer);
        referrers.into_iter().find_map(|item| match &item.verdict {
            Verdict::Verified(verified) if verified.statement.claims_as(statement) => {
                Some((item.manifest, verified))
            }
            _ => None,
        })
    }
}

impl Verifier {
    /// What one bundle is about some content, where nothing else is to be looked at: a file has no referrers.
    pub fn evidence_in(&self, bundle: Vec<u8>, subject: Digest) -> Evidence {
        let manifest = Digest::of(&bundle);
        let verdict = self.statement(bundle, subject);
        Evidence { subject, items: vec![Item { manifest, verdict, origin: Origin::File }] }
    }

    /// Looks at every referrer of an image, whatever its artifact type: registries lose it; and at the signatures of older versions of cosign.
    ///
    /// A referrer that is damaged gets the verdict invalid, so that it can't keep good ones from being seen; a repository that
    /// can't be read is an error.
    pub fn evidence(&self, repository: &dyn Repository, subject: Digest) -> Result<Evidence, TrustError> {
        let referrers = repository.referrers(subject)?;
        let too_much = |what: String| TrustError::TooMuch { subject, what };
        if referrers.len() > REFERRERS_MAX {
            return Err(too_much(format!(
                "{} referrers, and at most {REFERRERS_MAX} are read",
                referrers.len()
            )));
        }
        let mut bytes_left = EVIDENCE_BYTES_MAX;
        let mut items = Vec::with_capacity(referrers.len());
        for referrer in referrers {
            let verdict = match bundle_of(repository, &referrer, subject, bytes_left)? {
                Found::Bundle(manifest, bytes) => {
                    bytes_left -= bytes.len() as u64;
                    fitting(self.statement(bytes, subject), &manifest)
                }
                Found::Exhausted => {
                    return Err(too_much(format!("more than {EVIDENCE_BYTES_MAX} bytes of bundles")));
                }
                Found::Else(verdict) => verdict,
            };
            items.push(Item { manifest: referrer.digest, verdict, origin: Origin::Referrer });
        }
        items.extend(self.legacy(repository, subject)?);
        Ok(Evidence { subject, items })
    }
}

/// What a referrer turned out to be.
enum Found {
    Bundle(Box<Image>, Vec<u8>),
    Exhausted,
    Else(Verdict),
}

fn bundle_of(
    repository: &dyn Repository,
    referrer: &Descriptor,
    subject: Digest,
    bytes_left: u64,
) -> Result<Found, TrustError> {
    let manifest = match held(repository.described(referrer))? {
        Ok(manifest) => manifest,
        Err(why) => return Ok(Found::Else(Verdict::Invalid(why))),
    };
    let another_kind = |kind: &str| Ok(Found::Else(Verdict::Foreign(Foreign::AnotherKind(kind.to_owned()))));
    let Some(image) = manifest.image() else { return another_kind(&manifest.descriptor().media_type) };
    let mut layers = image.layers.iter().filter(|layer| layer.media_type == MEDIA_TYPE);
    let Some(layer) = layers.next() else {
        return another_kind(image.artifact_type.as_ref().unwrap_or(&image.config.media_type));
    };
    let misfit = |why: &str| Ok(Found::Else(Verdict::Invalid(Invalid::Manifest(why.to_owned()))));
    if image.layers.len() != 1 {
        return misfit("it has more than one layer");
    }
    if image.subject.as_ref().map(|subject| subject.digest) != Some(subject) {
        return misfit("its subject is another image");
    }
    if layer.size > BUNDLE_BYTES_MAX {
        return misfit("its bundle is larger than any that is read");
    }
    if layer.size > bytes_left {
        return Ok(Found::Exhausted);
    }
    Ok(match held(repository.blob_bytes(layer, BUNDLE_BYTES_MAX))? {
        Ok(bytes) => Found::Bundle(Box::new(image.clone()), bytes),
        Err(why) => Found::Else(Verdict::Invalid(why)),
    })
}

/// Tells content that is there and damaged from content that could not be looked at.
pub(crate) fn held<T>(found: Result<T, OciError>) -> Result<Result<T, Invalid>, TrustError> {
    match found {
        Ok(value) => Ok(Ok(value)),
        Err(
            error @ (OciError::DigestMismatch { .. }
            | OciError::SizeMismatch { .. }
            | OciError::TypeMismatch { .. }
            | OciError::TooLarge { .. }
            | OciError::ManifestInvalid { .. }),
        ) => Ok(Err(Invalid::Malformed(error.to_string()))),
        Err(error) => Err(error.into()),
    }
}

/// A manifest may leave out artifact type and annotations, as cosign accepts it; what it says must be true.
fn fitting(verdict: Verdict, manifest: &Image) -> Verdict {
    let Verdict::Verified(verified) = verdict else { return verdict };
    let said = |name: &str| manifest.annotations.get(name).map(String::as_str);
    let false_kind = said(PREDICATE_TYPE).is_some_and(|kind| kind != verified.predicate_type().uri());
    let false_artifact = manifest.artifact_type.as_deref().is_some_and(|kind| kind != MEDIA_TYPE);
    if false_kind || false_artifact {
        let why = "it names another type than the statement's".to_owned();
        return Verdict::Invalid(Invalid::Manifest(why));
    }
    Verdict::Verified(verified)
}

#[cfg(test)]
mod tests;
