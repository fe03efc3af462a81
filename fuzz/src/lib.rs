//! What the fuzz targets share: how random bytes become several texts, a tree, an image or a directory; never what is asked of a parser.

mod desk;
mod repository;

use std::sync::LazyLock;

use ci::files::FileError;
use contract::Digest;
use jiff::Timestamp;
use sbom_sign::catalog::{Kind, Package, Place, tree::Files};

pub use desk::Desk;
pub use repository::Shelf;

/// A tree with one other file, which has every name that is asked for.
pub struct Beside<'t>(pub &'t str);

impl Files for Beside<'_> {
    fn text(&self, _: &str) -> Result<Option<String>, FileError> {
        Ok(Some(self.0.to_owned()))
    }

    fn manifests(&self) -> &[String] {
        &[]
    }
}

/// A text and the one beside it: what stands before and after the first NUL.
pub fn texts(bytes: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.split_once('\0').unwrap_or((text, "")))
}

/// The pieces between these words. Archives and programs hold any byte, so one byte parts nothing.
pub fn pieces<'b>(bytes: &'b [u8], between: &[u8]) -> Vec<&'b [u8]> {
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    while let Some(at) = rest.windows(between.len()).position(|some| some == between) {
        pieces.push(&rest[..at]);
        rest = &rest[at + between.len()..];
    }
    pieces.push(rest);
    pieces
}

/// What parts two pieces of an input of several files.
pub const SCISSORS: &[u8] = b"\n--8<--\n";

/// Now, the same in every run, so that a finding stays one.
pub static NOW: LazyLock<Timestamp> =
    LazyLock::new(|| Timestamp::from_second(1_800_000_000).unwrap_or(Timestamp::UNIX_EPOCH));

/// An image that all these packages lie in.
pub fn root() -> Package {
    Package::other(Kind::Container, "image", None)
}

/// Where a file lies in the image.
pub fn place(path: &str) -> Place {
    Place { path: path.to_owned(), layer: Some(Digest::of(b"layer")) }
}
