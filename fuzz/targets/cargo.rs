//! Lock files of Cargo.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::catalog::{Catalog, cargo};

fuzz_target!(|text: &str| {
    if let Ok(part) = cargo::read(text) {
        let _ = Catalog::of_tree(vec![part]);
    }
});
