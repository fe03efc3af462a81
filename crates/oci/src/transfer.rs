//! An image on its way from one repository to another, by digest, with everything that belongs to it; never a rewritten byte.

use std::{collections::BTreeSet, io};

use contract::{Digest, Location, Selector, Tag};

use crate::{
    descriptor::Descriptor,
    error::OciError,
    manifest::Manifest,
    repository::{Repository, Role, Stored, Write},
};

/// How deep indexes may lie in indexes and referrers on referrers.
pub const DEPTH_MAX: usize = 8;
/// How many manifests belong to one image at most.
pub const MANIFESTS_MAX: usize = 1000;

/// How many bytes these may have together.
const MANIFESTS_BYTES_MAX: u64 = 64 << 20;

/// What cosign before version 3 put beside an image, by the ending of the tag `sha256-<hex>` (cosign, specs/SIGNATURE_SPEC.md, "Storage").
const LEGACY_ENDINGS: [&str; 3] = ["sig", "att", "sbom"];

/// All that belongs to an image, and which of its blobs the destination lacks: the plan of a copy.
#[derive(Clone, PartialEq, Debug)]
pub struct Transfer {
    origin: Location,
    manifests: Vec<(Manifest, Role)>,
    tags: Vec<(Tag, Digest)>,
    /// The manifests that the destination lacks.
    absent: BTreeSet<Digest>,
    missing: Vec<Descriptor>,
}

/// What a copy did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moved {
    /// How many blobs were new.
    pub blobs: usize,
    /// How many bytes these have.
    pub bytes: u64,
    /// How many manifests were new, or newly listed.
    pub manifests: usize,
}

/// Whether what refers to an image belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Referrers {
    Followed,
    LeftOut,
}

/// Collects manifests so that each comes after the ones it names and before the ones that name it as their subject.
struct Survey<'a> {
    from: &'a dyn Repository,
    root: Digest,
    referrers: Referrers,
    seen: BTreeSet<Digest>,
    bytes: u64,
    manifests: Vec<(Manifest, Role)>,
    tags: Vec<(Tag, Digest)>,
}

impl<'a> Survey<'a> {
    fn of(from: &'a dyn Repository, root: Digest, referrers: Referrers) -> Result<Self, OciError> {
        let (seen, manifests, tags) = (BTreeSet::new(), Vec::new(), Vec::new());
        let mut survey = Self { from, root, referrers, seen, bytes: 0, manifests, tags };
        survey.visit(from.find(&Selector::Digest(root))?, Role::Root, 0)?;
        Ok(survey)
    }

    /// The configurations and layers of all manifests, each once.
    fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        each_once(self.manifests.iter().flat_map(|(manifest, _)| manifest.blobs()))
    }

    fn visit(&mut self, manifest: Manifest, role: Role, depth: usize) -> Result<(), OciError> {
        let digest = self.root;
        if depth > DEPTH_MAX {
            return Err(OciError::Endless { digest, limit: DEPTH_MAX, what: "levels" });
        }
        if !self.seen.insert(manifest.digest()) {
            return Ok(());
        }
        if self.seen.len() > MANIFESTS_MAX {
            return Err(OciError::Endless { digest, limit: MANIFESTS_MAX, what: "manifests" });
        }
        self.bytes += manifest.descriptor().size;
        if self.bytes > MANIFESTS_BYTES_MAX {
            return Err(OciError::TooLarge { digest, limit: MANIFESTS_BYTES_MAX });
        }
        for child in manifest.children() {
            self.visit(self.from.described(child)?, Role::Child, depth + 1)?;
        }
        let referrers = match self.referrers {
            Referrers::Followed => self.from.referrers(manifest.digest())?,
            Referrers::LeftOut => Vec::new(),
        };
        let digest = manifest.digest();
        self.manifests.push((manifest, role));
        for referrer in referrers {
            self.visit(self.from.described(&referrer)?, Role::Root, depth + 1)?;
        }
        let is_image = depth == 0 || role == Role::Child;
        if self.referrers == Referrers::Followed && is_image {
            self.visit_legacy(digest, depth)
        } else {
            Ok(())
        }
    }

    /// What belongs to an image by nothing but the name of a tag.
    fn visit_legacy(&mut self, image: Digest, depth: usize) -> Result<(), OciError> {
        for tag in LEGACY_ENDINGS.iter().filter_map(|ending| legacy_tag(image, ending)) {
            if let Some(found) = self.from.resolve(&Selector::Tag(tag.clone()))? {
                self.visit(self.from.described(&found)?, Role::Root, depth + 1)?;
                self.tags.push((tag, found.digest));
            }
        }
        Ok(())
    }
}

/// `sha256-<hex>.sig`, the tag under which cosign before version 3 keeps signatures of an image; `.att` has attestations, `.sbom` SBOMs.
pub fn legacy_tag(image: Digest, ending: &str) -> Option<Tag> {
    format!("sha256-{}.{ending}", image.hex()).parse().ok()
}

fn each_once<'a>(blobs: impl Iterator<Item = &'a Descriptor>) -> impl Iterator<Item = &'a Descriptor> {
    let mut named = BTreeSet::new();
    blobs.filter(move |blob| named.insert((blob.digest, blob.size)))
}

impl Transfer {
    /// Reads what there is to do; writes nothing.
    ///
    /// # Errors
    /// [`OciError`] if the image is incomplete, damaged or endless.
    pub fn survey(from: &dyn Repository, to: &dyn Repository, root: Digest) -> Result<Self, OciError> {
        let survey = Survey::of(from, root, Referrers::Followed)?;
        let (mut incomplete, mut absent) = (Vec::new(), BTreeSet::new());
        for (manifest, _) in &survey.manifests {
            if manifest.image().is_some() && !to.holds(manifest)? {
                incomplete.push(manifest);
            }
            if !to.has_manifest(manifest)? {
                absent.insert(manifest.digest());
            }
        }
        let mut missing = Vec::new();
        for blob in each_once(incomplete.into_iter().flat_map(Manifest::blobs)) {
            if !to.has_blob(blob)? {
                missing.push(blob.bare());
            }
        }
        Ok(Self {
            origin: from.location().clone(),
            manifests: survey.manifests,
            tags: survey.tags,
            absent,
            missing,
        })
    }

    /// What [`run`](Self::run) will write, one line a request or a file.
    pub fn writes(&self, to: &dyn Repository) -> Vec<String> {
        let blobs = self.missing.iter().map(|blob| Write::Blob(blob, Some(&self.origin)));
        let named = |(tag, digest): &'_ (Tag, Digest)| {
            self.lacking()
                .find(|manifest| manifest.digest() == *digest)
                .map(|manifest| (tag.clone(), manifest))
        };
        let tags: Vec<(Tag, &Manifest)> = self.tags.iter().filter_map(named).collect();
        let tags = tags.iter().map(|(tag, manifest)| Write::Tag(tag, manifest));
        let writes = blobs.chain(self.lacking().map(Write::Manifest)).chain(tags);
        writes.flat_map(|write| to.writes(write)).collect()
    }

    /// The manifests, in the order in which they are stored.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.manifests.iter().map(|(manifest, _)| manifest)
    }

    /// The tags by which evidence of cosign before version 3 is found, and what carries them.
    pub fn tags(&self) -> &[(Tag, Digest)] {
        &self.tags
    }

    /// The blobs that the destination lacks.
    pub fn missing(&self) -> &[Descriptor] {
        &self.missing
    }

    /// The manifests that the destination lacks.
    pub fn lacking(&self) -> impl Iterator<Item = &Manifest> {
        self.manifests().filter(|manifest| self.absent.contains(&manifest.digest()))
    }

    /// Copies: blobs before the manifests that name them.
    ///
    /// # Errors
    /// [`OciError`]; what was stored until then stays, and a second run goes on from there.
    pub fn run(&self, from: &dyn Repository, to: &dyn Repository) -> Result<Moved, OciError> {
        let mut moved = Moved::default();
        for blob in &self.missing {
            if to.put_blob(from.blob(blob)?)? == Stored::New {
                moved.blobs += 1;
                moved.bytes += blob.size;
            }
        }
        for (manifest, role) in &self.manifests {
            moved.manifests += usize::from(to.put_manifest(manifest, *role)? == Stored::New);
        }
        for (tag, digest) in &self.tags {
            let tagged = self.manifests.iter().find(|(manifest, _)| manifest.digest() == *digest);
            if let Some((manifest, _)) = tagged {
                to.tag(tag, manifest)?;
            }
        }
        Ok(moved)
    }
}

/// Copies an image, an index with all its children, or an artifact, together with all referrers and what cosign's tags name.
///
/// # Errors
/// As [`Transfer::survey`] and [`Transfer::run`].
pub fn copy(from: &dyn Repository, to: &dyn Repository, digest: Digest) -> Result<Moved, OciError> {
    Transfer::survey(from, to, digest)?.run(from, to)
}

/// Reads every byte of an image, or of an index with all its children, each piece once however often it is named.
///
/// # Errors
/// [`OciError`] if the image is incomplete, damaged or endless.
pub fn validate(from: &dyn Repository, digest: Digest) -> Result<(), OciError> {
    let survey = Survey::of(from, digest, Referrers::LeftOut)?;
    survey.blobs().try_for_each(|blob| from.blob(blob)?.copy_to(&mut io::sink()))
}
