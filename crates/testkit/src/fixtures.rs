//! Awkward input made on the spot, so that the repository holds none of it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

/// What "a 100 MB file" means in every table of bad input.
pub const HUGE_BYTES: u64 = 100 * 1024 * 1024;

/// A file of this length that takes no room on the disk: one hole, read as zeros.
pub fn huge_file(path: &Path, bytes: u64) {
    File::create(path)
        .and_then(|file| file.set_len(bytes))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// A word that is not UTF-8, for an argument or a variable.
pub fn not_utf8() -> OsString {
    OsString::from_vec(b"caf\xe9\xff".to_vec())
}
