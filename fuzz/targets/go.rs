//! `go.mod` with `go.sum`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::catalog::{Catalog, go_mod};
use seaworthy_fuzz::{Beside, texts};

fuzz_target!(|bytes: &[u8]| {
    if let Some((text, beside)) = texts(bytes) {
        if let Ok(part) = go_mod::read("go.mod", text, &Beside(beside)) {
            let _ = Catalog::of_tree(vec![part]);
        }
    }
});
