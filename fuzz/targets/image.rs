//! The layers of an image: archives, compressed or not, with whiteouts and links; and what its files say it is made of.
#![no_main]

use std::io;

use contract::{ImageRef, Platform};
use libfuzzer_sys::fuzz_target;
use oci::{Allowance, OciError, media_type};
use sbom_sign::{
    bom,
    image::{self, Scope},
};
use seaworthy_fuzz::{NOW, SCISSORS, Shelf, pieces};

fuzz_target!(|bytes: &[u8]| {
    let mut shelf = Shelf::new();
    let layers: Vec<_> =
        pieces(bytes, SCISSORS).into_iter().map(|layer| shelf.blob(media_type::LAYER_TAR, layer)).collect();
    for layer in &layers {
        let _ = oci::read_layer(&shelf, layer, &Allowance::default(), &mut |entry| {
            io::copy(entry, &mut io::sink())
                .map(drop)
                .map_err(|source| OciError::Archive { digest: layer.digest, source })
        });
    }
    let manifest = shelf.image(layers, None);
    let named: ImageRef = "oci:shelf".parse().expect("this is a reference");
    for scope in [Scope::Squashed, Scope::AllLayers] {
        let read = image::read(&named, &shelf, manifest.clone(), &Platform::host(), scope);
        if let Ok(contents) = read {
            let _ = bom::json(&contents.catalog, bom::SpecVersion::V1_6, *NOW);
        }
    }
});
