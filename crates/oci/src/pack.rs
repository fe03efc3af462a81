//! Files as an image of one layer, the same bytes for the same files wherever and whenever it is made; never what the image is called.
//!
//! The layer is not compressed: what a compressor writes changes with its version, and then a rebuild could not prove anything.

use std::{collections::BTreeMap, path::Path};

use contract::{Digest, Platform};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    blob::Blob,
    descriptor::Descriptor,
    error::OciError,
    manifest::{Image, Manifest},
    media_type,
    repository::{Repository, Role},
    tree::Tree,
};

/// What an image says of itself beside its files.
#[derive(Clone, PartialEq, Debug)]
pub struct Recipe {
    /// What it runs on.
    pub platform: Platform,
    /// When it counts as made: the commit's time, or the epoch; never the clock.
    pub created: Timestamp,
    /// Labels of the configuration, and annotations of the manifest.
    pub labels: BTreeMap<String, String>,
    /// The command it runs; empty for plain files.
    pub entrypoint: Vec<String>,
}

/// An image that is known to the last byte and stored nowhere yet.
#[derive(Debug)]
pub struct Package {
    tree: Tree,
    layer: Descriptor,
    config: Vec<u8>,
    manifest: Manifest,
}

impl Package {
    /// Reads a directory or a file and works out the image; writes nothing.
    ///
    /// # Errors
    /// [`OciError::File`] and [`OciError::Unpackable`] for what can't be read or packed.
    pub fn of(path: &Path, recipe: &Recipe) -> Result<Self, OciError> {
        let tree = Tree::read(path)?;
        let (digest, size) = tree.measure()?;
        let layer = Descriptor::new(media_type::LAYER_TAR, digest, size);
        let config = config(recipe, digest);
        let mut image = Image::new(Descriptor::of(media_type::IMAGE_CONFIG, &config), vec![layer.clone()]);
        image.annotations = recipe.labels.clone();
        let manifest =
            image.into_manifest().map_err(|source| OciError::ManifestInvalid { digest, source })?;
        Ok(Self { tree, layer, config, manifest })
    }

    /// The image.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Stores the image, its blobs before its manifest; what is there already is left alone.
    ///
    /// # Errors
    /// [`OciError::SourceChanged`] if the files are not those that were read before.
    pub fn store(&self, to: &dyn Repository) -> Result<(), OciError> {
        if !to.has_blob(&self.layer)? {
            to.put_blob(Blob::opened_by(self.layer.clone(), || Ok(Box::new(self.tree.archive())))).map_err(
                |error| match error {
                    OciError::DigestMismatch { .. } | OciError::SizeMismatch { .. } => {
                        OciError::SourceChanged(self.tree.root().to_owned())
                    }
                    other => other,
                },
            )?;
        }
        let config = Descriptor::of(media_type::IMAGE_CONFIG, &self.config);
        to.put_blob(Blob::new(config, self.config.as_slice()))?;
        to.put_manifest(&self.manifest, Role::Root)?;
        Ok(())
    }
}

/// The image configuration (OCI image specification 1.1, "Image Configuration").
fn config(recipe: &Recipe, layer: Digest) -> Vec<u8> {
    let created = recipe.created.to_string();
    let mut config = json!({
        "created": created,
        "architecture": recipe.platform.architecture,
        "os": recipe.platform.os,
        "config": {"Labels": recipe.labels},
        "rootfs": {"type": "layers", "diff_ids": [layer]},
        "history": [{"created": created, "created_by": "tag-image apply"}],
    });
    if let Some(variant) = &recipe.platform.variant {
        config["variant"] = json!(variant);
    }
    if !recipe.entrypoint.is_empty() {
        config["config"]["Entrypoint"] = json!(recipe.entrypoint);
    }
    config.to_string().into_bytes()
}
