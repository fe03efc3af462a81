//! What the fuzz targets share: a text that is alone in its tree, and the split of random bytes into several texts.

use ci::files::FileError;
use sbom_sign::catalog::tree::Files;

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
