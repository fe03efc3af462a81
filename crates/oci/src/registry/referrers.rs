//! What refers to an image: the referrers API, the fallback tag beside it, and writing the latter where nobody else does
//! (OCI distribution specification 1.1, "Listing Referrers" and "Referrers Tag Schema"); never what a referrer says.
//!
//! Both places are always read: GitHub's registry answers the API with an empty list. What they claim is not believed: each manifest
//! is read, and counts only if its own `subject` is the image.

use std::{
    thread,
    time::{Duration, Instant},
};

use contract::{Digest, ImageRef, Tag};
use http::{HeaderValue, Method, header};
use serde::Deserialize;

use super::{Registry, connection::expect, error::RegistryError};
use crate::{
    descriptor::Descriptor,
    error::OciError,
    layout::index_file::IndexFile,
    manifest::{Content, Manifest},
    media_type,
    repository::{Repository, Stored},
    transfer::MANIFESTS_MAX,
};

/// How often the fallback tag is written before another writer wins.
const WRITES_MAX: u8 = 10;
/// How long another writer that has read the tag before we wrote it is given to write it, too.
const SETTLED_AFTER_MAX: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Page {
    /// `null` where nothing refers to the image, in registries written in Go.
    manifests: Option<Vec<Descriptor>>,
}

impl Registry {
    /// The manifests whose subject this is.
    pub(super) fn referring_to(&self, subject: Digest) -> Result<Vec<Descriptor>, OciError> {
        let mut found = Vec::new();
        for listed in self.listed(subject)? {
            let manifest = self.described(&listed)?;
            if manifest.subject().is_some_and(|named| named.digest == subject) {
                found.push(manifest.as_referrer());
            }
        }
        Ok(found)
    }

    /// Makes sure that a manifest which was stored is found from its subject.
    pub(super) fn list_referrer(&self, manifest: &Manifest) -> Result<Stored, OciError> {
        let Some(subject) = manifest.subject() else { return Ok(Stored::AlreadyThere) };
        if self.listed(subject.digest)?.iter().any(|listed| listed.digest == manifest.digest()) {
            return Ok(Stored::AlreadyThere);
        }
        let tag = self.fallback_tag(subject.digest)?;
        // There is no compare-and-swap: whoever has read the tag before this writes it may undo this, so it is looked at again afterwards.
        for number in 0..WRITES_MAX {
            let began = Instant::now();
            let mut index = self.fallback(&tag)?.unwrap_or_else(IndexFile::empty);
            if index.list(manifest.as_referrer()) == Stored::AlreadyThere {
                return Ok(Stored::New);
            }
            self.write_fallback(&tag, &index)?;
            thread::sleep(settled_after(began.elapsed(), manifest.digest(), number));
            let now = self.fallback(&tag)?;
            if now.is_some_and(|now| now.manifests().iter().any(|listed| listed.digest == manifest.digest()))
            {
                return Ok(Stored::New);
            }
        }
        let image = Box::new(self.named(&tag));
        Err(RegistryError::Contended { image, attempts: WRITES_MAX.into() }.into())
    }

    /// What both places list, each manifest once.
    fn listed(&self, subject: Digest) -> Result<Vec<Descriptor>, OciError> {
        let mut listed = self.api_list(subject)?;
        if let Some(index) = self.fallback(&self.fallback_tag(subject)?)? {
            listed.extend(index.manifests().iter().cloned());
        }
        let mut found: Vec<Descriptor> = Vec::new();
        for one in listed {
            let new = one.digest != subject && found.iter().all(|known| known.digest != one.digest);
            if new && one.is_manifest() {
                found.push(one.bare());
            }
        }
        if found.len() > MANIFESTS_MAX {
            return Err(OciError::Endless { digest: subject, limit: MANIFESTS_MAX, what: "referrers" });
        }
        Ok(found)
    }

    /// What the API lists; nothing where there is none. No filter is asked for: registries disagree about artifact types.
    fn api_list(&self, subject: Digest) -> Result<Vec<Descriptor>, OciError> {
        let mut found = Vec::new();
        self.pages(&format!("referrers/{subject}"), |answer| {
            let page: Page = serde_json::from_slice(&answer.body).map_err(|_| RegistryError::Answer {
                url: (&answer.url).into(),
                why: "is no list of referrers",
            })?;
            found.extend(page.manifests.into_iter().flatten());
            Ok(())
        })?;
        Ok(found)
    }

    fn fallback_tag(&self, subject: Digest) -> Result<Tag, OciError> {
        let wrong = |_| RegistryError::Answer {
            url: (&self.connection.address.url("")).into(),
            why: "has no fallback tag",
        };
        Ok(format!("sha256-{}", subject.hex()).parse().map_err(wrong)?)
    }

    /// The list under the fallback tag, if there is one.
    fn fallback(&self, tag: &Tag) -> Result<Option<IndexFile>, OciError> {
        let Some(manifest) = self.fetch(tag.as_str(), None)? else { return Ok(None) };
        let taken = || RegistryError::FallbackTaken(Box::new(self.named(tag)));
        match manifest.content() {
            Content::Image(_) => Err(taken().into()),
            Content::Index(_) => Ok(Some(IndexFile::parse(manifest.bytes()).map_err(|_| taken())?)),
        }
    }

    fn write_fallback(&self, tag: &Tag, index: &IndexFile) -> Result<(), OciError> {
        let digest = Digest::of(tag.as_str().as_bytes());
        let bytes =
            index.to_bytes().map_err(|error| OciError::ManifestInvalid { digest, source: error.into() })?;
        let request = self
            .connection
            .request(Method::PUT, &format!("manifests/{tag}"))
            .header(header::CONTENT_TYPE, HeaderValue::from_static(media_type::IMAGE_INDEX))
            .body(bytes);
        expect(self.connection.send(request, &self.connection.push())?, &[200, 201])?;
        Ok(())
    }

    pub(super) fn named(&self, tag: &Tag) -> ImageRef {
        ImageRef::repository(self.location.clone()).with_tag(tag.clone())
    }
}

/// After how long it is seen whether a list stays: others take about as long as we did. By its digest, each writer waits another time.
fn settled_after(took: Duration, referrer: Digest, number: u8) -> Duration {
    let odd = referrer.as_bytes()[usize::from(number)];
    (took * (256 + u32::from(odd)) / 128).min(SETTLED_AFTER_MAX)
}
