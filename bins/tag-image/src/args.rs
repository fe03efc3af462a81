//! What may be typed; never what it means.

use std::path::PathBuf;

use contract::{ComponentName, ImageRef, Tag};
use oci::Platform;

use crate::context::Source;

/// Gives each image one name that never moves: `<component>:<semver>-<short sha>`, and never `latest`.
#[derive(clap::Parser, Debug)]
#[command(
    name = "tag-image",
    version,
    about = "What is this image called, and does exactly that digest carry the name?"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The flags that all binaries have.
    #[command(flatten)]
    pub(crate) common: ci::Common,
}

impl ci::Arguments for Args {
    const DEFAULT_COMMAND: Option<&'static str> = Some("compute");

    fn common(&self) -> &ci::Common {
        &self.common
    }
}

/// The commands.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Print what the image of this commit is called (the default)
    Compute {
        #[command(flatten)]
        naming: Naming,
        /// One more name beside the standard one
        #[arg(long, value_name = "TAG")]
        tags: Vec<Tag>,
    },
    /// Give an image, or the image packed from files, its names
    Apply(Box<Apply>),
    /// Print what carries a name
    Resolve {
        /// HOST/REPOSITORY[:TAG|@DIGEST] or oci:DIR[:TAG|@DIGEST]
        image: ImageRef,
    },
    /// Write the files of an image into a new directory
    Unpack {
        /// HOST/REPOSITORY[:TAG|@DIGEST] or oci:DIR[:TAG|@DIGEST]
        image: ImageRef,
        /// The directory
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Which image of an index; this machine's otherwise
        #[arg(long, value_name = "OS/ARCH")]
        platform: Option<Platform>,
    },
}

/// Where the parts of a name come from.
#[derive(clap::Args, Debug)]
pub(crate) struct Naming {
    /// The component; otherwise the one whose image this is
    #[arg(long, value_name = "NAME")]
    pub(crate) component: Option<ComponentName>,
    /// The version; otherwise that of the git tag
    #[arg(long, value_name = "SEMVER")]
    pub(crate) version: Option<String>,
    /// What stands before the version in the git tag, such as `worker/`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) tag_prefix: String,
    /// The repository the image lies in; otherwise that of the configuration
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<ImageRef>,
    /// Where components and their images are declared [default: release.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What gets which names.
#[derive(clap::Args, Debug)]
pub(crate) struct Apply {
    /// An image, or files to pack: dir:PATH or file:PATH
    #[arg(long, value_name = "IMAGE|dir:PATH|file:PATH")]
    pub(crate) source: Source,
    /// A name to give; without a tag the standard one
    #[arg(long, value_name = "IMAGE", required = true)]
    pub(crate) target: Vec<ImageRef>,
    #[command(flatten)]
    pub(crate) naming: Naming,
    /// What a packed image runs, one word a flag
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub(crate) entrypoint: Vec<String>,
    /// What a packed image runs on; this machine's otherwise
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<Platform>,
}
