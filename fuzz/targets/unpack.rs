//! The files of an image, written into a directory: whatever the layers say, nothing beside the directory changes.
#![no_main]

use std::{fs, path::Path, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use oci::media_type;
use seaworthy_fuzz::{Desk, SCISSORS, Shelf, pieces};

static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

/// What lies beside the directory.
const BESIDE: &str = "beside";

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the desk can be read");
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

fuzz_target!(|bytes: &[u8]| {
    let mut shelf = Shelf::new();
    let layers =
        pieces(bytes, SCISSORS).into_iter().map(|layer| shelf.blob(media_type::LAYER_TAR, layer)).collect();
    let manifest = shelf.image(layers, None);
    let beside = DESK.file(BESIDE, b"as it was");
    let to = DESK.path().join("image");
    let unpacked = oci::unpack(&shelf, &manifest, &to);
    assert_eq!(
        fs::read(&beside).ok().as_deref(),
        Some(&b"as it was"[..]),
        "a layer has written beside its directory"
    );
    let expected: &[&str] = if unpacked.is_ok() { &[BESIDE, "image"] } else { &[BESIDE] };
    assert_eq!(names(DESK.path()), expected, "a layer has left something beside its directory");
    DESK.clear();
});
