//! Lock files of npm, pnpm, yarn and bun, each with any manifest beside it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::catalog::{Catalog, bun, npm, pnpm, yarn};
use seaworthy_fuzz::{Beside, texts};

fuzz_target!(|bytes: &[u8]| {
    if let Some((text, beside)) = texts(bytes) {
        let files = Beside(beside);
        let parts = [
            npm::read("package-lock.json", text, &files).ok(),
            pnpm::read("pnpm-lock.yaml", text, &files).ok(),
            yarn::read("yarn.lock", text, &files).ok(),
            bun::read(text).ok(),
        ];
        let _ = Catalog::of_tree(parts.into_iter().flatten().collect());
    }
});
