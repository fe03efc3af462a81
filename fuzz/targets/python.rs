//! Requirements and the lock files of poetry, uv, pdm and pipenv, each with any manifest beside it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::catalog::{Catalog, pdm, pipfile, poetry, requirements, uv};
use seaworthy_fuzz::{Beside, texts};

fuzz_target!(|bytes: &[u8]| {
    if let Some((text, beside)) = texts(bytes) {
        let files = Beside(beside);
        let parts = [
            requirements::read("requirements.txt", text, &files).ok(),
            poetry::read("poetry.lock", text, &files).ok(),
            pdm::read("pdm.lock", text, &files).ok(),
            uv::read(text).ok(),
            pipfile::read(text).ok(),
        ];
        let _ = Catalog::of_tree(parts.into_iter().flatten().collect());
    }
});
