//! A repository of a registry (OCI distribution specification 1.1): manifests, blobs, tags; never a rewritten byte.

mod access;
mod address;
mod challenge;
mod connection;
mod credentials;
mod download;
mod error;
mod referrers;
mod requests;
mod token;
mod upload;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use contract::{Digest, ImageRef, Location, Selector, Tag};
use http::{HeaderValue, HttpError, Method, Request, Response, StatusCode, header};
use serde::Deserialize;

use crate::{
    blob::Blob,
    descriptor::Descriptor,
    error::OciError,
    manifest::{MANIFEST_BYTES_MAX, Manifest},
    media_type,
    repository::{Repository, Role, Stored, Write},
};
pub use access::Access;
use connection::{Connection, expect};
pub use error::RegistryError;

/// How many manifests are kept in memory, in bytes: evidence is read by who lists it and by who checks it.
const KEPT_BYTES_MAX: u64 = 8 << 20;
/// How many pages of a list are read.
const PAGES_MAX: usize = 100;
/// How many entries a page should have.
const PAGE_ENTRIES: usize = 1000;
/// What we can read, so that no registry converts anything for us.
const ACCEPT: [&str; 4] = [
    media_type::IMAGE_MANIFEST,
    media_type::IMAGE_INDEX,
    media_type::DOCKER_MANIFEST,
    media_type::DOCKER_INDEX,
];

/// A repository of a registry.
pub struct Registry {
    location: Location,
    connection: Connection,
    /// What was read and checked, oldest first.
    kept: Mutex<Vec<Manifest>>,
    /// Which manifests this repository holds, as far as it was asked, so that each is looked for once.
    held: Mutex<BTreeMap<Digest, bool>>,
}

#[derive(Deserialize)]
struct TagPage {
    /// `null` where the repository has none, in some registries.
    tags: Option<Vec<String>>,
}

impl Registry {
    /// The repository at this place; nothing is asked yet.
    ///
    /// # Errors
    /// [`RegistryError::Host`] if no address can be made of it.
    pub fn new(location: &Location, access: &Arc<Access>) -> Result<Self, OciError> {
        let (host, repository) = match location {
            Location::Registry { host, repository } => (host, repository),
            Location::Layout(directory) => {
                return Err(RegistryError::Host(directory.display().to_string()).into());
            }
        };
        let address = access.address(host, repository)?;
        let connection = Connection { access: Arc::clone(access), address };
        Ok(Self { location: location.clone(), connection, kept: Mutex::default(), held: Mutex::default() })
    }

    fn manifest_request(&self, method: Method, reference: &str) -> Request {
        let request = self.connection.request(method, &format!("manifests/{reference}"));
        ACCEPT
            .iter()
            .fold(request, |request, kind| request.header(header::ACCEPT, HeaderValue::from_static(kind)))
    }

    /// Reads a manifest by tag or digest, and checks it against the digest that was asked for, else against the one that the registry states.
    fn fetch(&self, reference: &str, asked: Option<Digest>) -> Result<Option<Manifest>, OciError> {
        let request = self.manifest_request(Method::GET, reference);
        let answer = match (self.connection.send(request, &self.connection.pull()), asked) {
            (Err(RegistryError::Unanswered(HttpError::BodyTooLarge { .. })), Some(digest)) => {
                return Err(OciError::TooLarge { digest, limit: MANIFEST_BYTES_MAX });
            }
            (answer, _) => answer?,
        };
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = expect(answer, &[200])?;
        let found = Digest::of(&answer.body);
        if let Some(expected) = asked.filter(|asked| *asked != found) {
            return Err(OciError::DigestMismatch { expected, found });
        }
        let (stated, kind) = (stated_digest(&answer), stated_type(&answer));
        let manifest = Manifest::parse(answer.body)
            .map_err(|source| OciError::ManifestInvalid { digest: found, source })?;
        if let Some(expected) = stated.filter(|stated| *stated != found) {
            return Err(OciError::DigestMismatch { expected, found });
        }
        let own = &manifest.descriptor().media_type;
        if let Some(kind) = kind.filter(|kind| media_type::is_manifest(kind) && kind != own) {
            return Err(OciError::TypeMismatch { digest: found, expected: kind, found: own.clone() });
        }
        self.keep(&manifest);
        Ok(Some(manifest))
    }

    fn keep(&self, manifest: &Manifest) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|known| known.digest() == manifest.digest()) {
            return;
        }
        kept.push(manifest.clone());
        while kept.iter().map(|known| known.descriptor().size).sum::<u64>() > KEPT_BYTES_MAX {
            kept.remove(0);
        }
    }

    fn kept(&self, digest: Digest) -> Option<Manifest> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|known| known.digest() == digest).cloned()
    }

    /// What a name carries, by its headers alone if they say enough.
    fn head(&self, reference: &str) -> Result<Option<Descriptor>, OciError> {
        let request = self.manifest_request(Method::HEAD, reference);
        let answer = self.connection.send(request, &self.connection.pull())?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = expect(answer, &[200])?;
        let size = answer.header("content-length").and_then(|length| length.parse().ok());
        let kind = stated_type(&answer).filter(|kind| media_type::is_manifest(kind));
        match (stated_digest(&answer), kind, size) {
            (Some(digest), Some(kind), Some(size)) => {
                self.saw(digest);
                Ok(Some(Descriptor::new(kind, digest, size)))
            }
            _ => Ok(self.fetch(reference, None)?.map(|manifest| manifest.descriptor().clone())),
        }
    }

    /// Writes a manifest under a tag or its digest; the digest that the registry then states.
    fn put(&self, manifest: &Manifest, reference: &str) -> Result<Option<Digest>, OciError> {
        let digest = manifest.digest();
        let kind =
            HeaderValue::from_str(&manifest.descriptor().media_type).map_err(|_| RegistryError::Answer {
                url: (&self.connection.address.url("")).into(),
                why: "has an odd media type",
            })?;
        let request = self.connection.request(Method::PUT, &format!("manifests/{reference}"));
        let request = request.header(header::CONTENT_TYPE, kind).body(manifest.bytes());
        let answer = expect(self.connection.send(request, &self.connection.push())?, &[200, 201])?;
        let stated = stated_digest(&answer);
        if let Some(found) = stated.filter(|stated| *stated != digest) {
            return Err(OciError::DigestMismatch { expected: digest, found });
        }
        self.saw(digest);
        Ok(stated)
    }

    /// Remembers that a manifest is here, whatever name it was met under.
    fn saw(&self, digest: Digest) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, true);
    }

    /// Follows a list through its pages (`Link`, RFC 8288); no list where the registry has no such endpoint.
    fn pages(
        &self,
        path: &str,
        mut each: impl FnMut(&Response) -> Result<(), RegistryError>,
    ) -> Result<(), RegistryError> {
        let mut request = self.connection.request(Method::GET, path);
        for _ in 0..PAGES_MAX {
            let answer = self.connection.send(request, &self.connection.pull())?;
            // Old registries know no referrers; some say so with another status.
            if matches!(answer.status.as_u16(), 404 | 405 | 501) {
                return Ok(());
            }
            let answer = expect(answer, &[200])?;
            each(&answer)?;
            match next_page(&answer) {
                Some(url) => request = Request { url, ..self.connection.request(Method::GET, path) },
                None => return Ok(()),
            }
        }
        Err(RegistryError::Answer { url: (&self.connection.address.url(path)).into(), why: "never ends" })
    }

    fn missing(&self, digest: Digest) -> OciError {
        OciError::ContentMissing { digest, location: self.location.clone() }
    }
}

impl Repository for Registry {
    fn location(&self) -> &Location {
        &self.location
    }

    fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>, OciError> {
        match selector {
            Selector::Tag(tag) => self.head(tag.as_str()),
            Selector::Digest(digest) => match self.head(&digest.to_string())? {
                Some(found) if found.digest != *digest => {
                    Err(OciError::DigestMismatch { expected: *digest, found: found.digest })
                }
                found => Ok(found),
            },
        }
    }

    /// One request: the bytes say all that a look before them would. None for the digest of what was read before.
    fn find(&self, selector: &Selector) -> Result<Manifest, OciError> {
        let (found, image) = match selector {
            Selector::Tag(tag) => (self.fetch(tag.as_str(), None)?, self.named(tag)),
            Selector::Digest(digest) => {
                let found = match self.kept(*digest) {
                    Some(manifest) => Some(manifest),
                    None => self.fetch(&digest.to_string(), Some(*digest))?,
                };
                (found, ImageRef::repository(self.location.clone()).with_digest(*digest))
            }
        };
        found.ok_or(OciError::ImageMissing(image))
    }

    fn tags(&self) -> Result<Vec<Tag>, OciError> {
        let mut tags: Vec<Tag> = Vec::new();
        self.pages(&format!("tags/list?n={PAGE_ENTRIES}"), |answer| {
            let page: TagPage = serde_json::from_slice(&answer.body).map_err(|_| RegistryError::Answer {
                url: (&answer.url).into(),
                why: "is no list of tags",
            })?;
            tags.extend(page.tags.into_iter().flatten().filter_map(|tag| tag.parse().ok()));
            Ok(())
        })?;
        tags.sort();
        tags.dedup();
        Ok(tags)
    }

    fn manifest(&self, digest: Digest) -> Result<Manifest, OciError> {
        match self.kept(digest) {
            Some(manifest) => Ok(manifest),
            None => self.fetch(&digest.to_string(), Some(digest))?.ok_or_else(|| self.missing(digest)),
        }
    }

    fn holds(&self, manifest: &Manifest) -> Result<bool, OciError> {
        let digest = manifest.digest();
        let held = || self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = held().get(&digest) {
            return Ok(*there);
        }
        let there = self.resolve(&Selector::Digest(digest))?.is_some();
        held().insert(digest, there);
        Ok(there)
    }

    fn has_manifest(&self, manifest: &Manifest) -> Result<bool, OciError> {
        self.holds(manifest)
    }

    fn has_blob(&self, blob: &Descriptor) -> Result<bool, OciError> {
        let request = self.connection.request(Method::HEAD, &format!("blobs/{}", blob.digest));
        let answer = self.connection.send(request, &self.connection.pull())?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        let answer = expect(answer, &[200])?;
        let size = answer.header("content-length").and_then(|length| length.parse().ok());
        Ok(size.is_none_or(|size: u64| size == blob.size))
    }

    /// Asked for when it is read: what can be mounted need not be read.
    fn blob(&self, blob: &Descriptor) -> Result<Blob<'_>, OciError> {
        let wanted = blob.clone();
        let open = move || download::open(&self.connection, &wanted, self.missing(wanted.digest));
        Ok(Blob::opened_by(blob.clone(), open).at(self.location.clone()))
    }

    fn put_blob(&self, blob: Blob<'_>) -> Result<Stored, OciError> {
        let neighbour = blob.origin().and_then(|origin| self.connection.address.neighbour(origin));
        if neighbour.is_none() && self.has_blob(blob.descriptor())? {
            return Ok(Stored::AlreadyThere);
        }
        upload::put(&self.connection, blob, neighbour.as_deref())
    }

    fn put_manifest(&self, manifest: &Manifest, _role: Role) -> Result<Stored, OciError> {
        let stored = if self.holds(manifest)? {
            Stored::AlreadyThere
        } else {
            self.put(manifest, &manifest.digest().to_string())?;
            Stored::New
        };
        let listed = self.list_referrer(manifest)?;
        Ok(if stored == Stored::New { stored } else { listed })
    }

    fn tag(&self, tag: &Tag, manifest: &Manifest) -> Result<Stored, OciError> {
        let to = manifest.digest();
        let stored = match self.head(tag.as_str())? {
            Some(found) if found.digest == to => Stored::AlreadyThere,
            Some(found) => {
                return Err(OciError::TagWouldMove {
                    image: Box::new(self.named(tag)),
                    from: found.digest,
                    to,
                });
            }
            None => return self.tag_free(tag, manifest),
        };
        self.list_referrer(manifest)?;
        Ok(stored)
    }

    fn tag_free(&self, tag: &Tag, manifest: &Manifest) -> Result<Stored, OciError> {
        // What the registry says it has stored under the name is the name read back.
        if self.put(manifest, tag.as_str())?.is_none() {
            self.read_back(tag, manifest.digest())?;
        }
        self.list_referrer(manifest)?;
        Ok(Stored::New)
    }

    fn writes(&self, write: Write<'_>) -> Vec<String> {
        self.requests(write)
    }

    fn referrers(&self, subject: Digest) -> Result<Vec<Descriptor>, OciError> {
        self.referring_to(subject)
    }
}

impl Registry {
    /// No registry writes a tag only if it is free, so another writer may have come between the look and the write.
    fn read_back(&self, tag: &Tag, ours: Digest) -> Result<(), OciError> {
        let image = Box::new(self.named(tag));
        match self.head(tag.as_str())? {
            Some(found) if found.digest == ours => Ok(()),
            Some(found) => Err(RegistryError::TagLost { image, ours, found: found.digest }.into()),
            None => Err(OciError::ImageMissing(*image)),
        }
    }
}

fn stated_digest(answer: &Response) -> Option<Digest> {
    answer.header("docker-content-digest")?.parse().ok()
}

/// The media type, without its parameters.
fn stated_type(answer: &Response) -> Option<String> {
    let stated = answer.header("content-type")?;
    Some(stated.split(';').next().unwrap_or_default().trim().to_owned())
}

/// The address of the next page, if there is one.
fn next_page(answer: &Response) -> Option<http::Url> {
    let links = answer.headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    let mut next = links.filter(|link| link.contains("rel=\"next\"") || link.contains("rel=next"));
    let target = next.next()?.split_once('<')?.1.split_once('>')?.0;
    answer.url.join(target).ok()
}
