//! The media types of OCI image specification 1.1 and of the Docker format before it; each spelled here and nowhere else.

/// An image manifest.
pub const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An image index: one image for several platforms.
pub const IMAGE_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The configuration of an image.
pub const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// A layer: a tar archive.
pub const LAYER_TAR: &str = "application/vnd.oci.image.layer.v1.tar";
/// A layer: a tar archive, compressed with gzip.
pub const LAYER_TAR_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// A layer: a tar archive, compressed with zstd.
pub const LAYER_TAR_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// What the layers begin with that may not be given away again, from before version 1.1.
const LAYER_KEPT: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar";
/// A descriptor that points at `{}`: the configuration of an artifact that has none.
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Docker's image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's image index.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker's configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker's layer, compressed with gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// What all of Docker's layers begin with.
const DOCKER_LAYERS: &str = "application/vnd.docker.image.rootfs.";

/// Whether content of this type is a layer: an archive of files.
pub fn is_layer(media_type: &str) -> bool {
    let compression = |rest: &str| matches!(rest, "" | "+gzip" | "+zstd");
    let docker = |rest: &str| {
        matches!(rest.trim_start_matches("foreign."), "diff.tar" | "diff.tar.gzip" | "diff.tar.zstd")
    };
    [LAYER_TAR, LAYER_KEPT].iter().any(|start| media_type.strip_prefix(start).is_some_and(compression))
        || media_type.strip_prefix(DOCKER_LAYERS).is_some_and(docker)
}

/// Whether content of this type is a manifest or an index.
pub fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, IMAGE_MANIFEST | IMAGE_INDEX | DOCKER_MANIFEST | DOCKER_INDEX)
}
