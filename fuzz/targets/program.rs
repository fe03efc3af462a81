//! Programs: what Go and `cargo auditable` leave in them, in files that are kept as a whole and in files of which pieces are kept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::{
    bom,
    catalog::{
        Catalog, auditable,
        elf::{Elf, Sight},
        go_binary,
    },
};
use seaworthy_fuzz::{NOW, place, root};

/// A file that is longer is kept in pieces, in bytes.
const PIECES_BYTES: usize = (4 << 20) + 1;
/// An input that begins with this is made so long.
const STRETCHED: u8 = b'+';

fn look(elf: &Elf) {
    let go = match go_binary::read(elf) {
        Sight::There(part) => Some(part),
        _ => None,
    };
    let rust = match auditable::read(elf) {
        Sight::There(list) => list.ok(),
        _ => None,
    };
    let parts: Vec<_> = go.into_iter().chain(rust).map(|part| part.found_at(&place("usr/bin/a"))).collect();
    if !parts.is_empty() {
        let _ = bom::json(&Catalog::of_image(root(), parts), bom::SpecVersion::V1_6, *NOW);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut file = bytes.to_vec();
    if file.first() == Some(&STRETCHED) {
        // The tables of a program stand at both ends.
        let tail = file.split_off(1 + (file.len() - 1) / 2);
        file.remove(0);
        file.resize(PIECES_BYTES - tail.len(), 0);
        file.extend_from_slice(&tail);
    }
    let length = file.len() as u64;
    if let Ok(elf) = Elf::pieces(file.as_slice(), length, go_binary::MARK) {
        look(&elf);
    }
});
