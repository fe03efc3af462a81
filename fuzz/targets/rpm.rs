//! RPM's databases of every format, the logs beside them, and the list in their place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::{
    bom,
    catalog::{Catalog, os_release::Release, rpm},
};
use seaworthy_fuzz::{NOW, place, root};

fuzz_target!(|bytes: &[u8]| {
    let system = Release { id: "rhel".to_owned(), version: Some("9.4".to_owned()), name: None };
    let _ = rpm::read_log(bytes);
    let lists = [rpm::read(bytes), rpm::read_manifest(&String::from_utf8_lossy(bytes))];
    let parts: Vec<_> = lists
        .into_iter()
        .flatten()
        .map(|records| rpm::part(records, &place("var/lib/rpm/Packages"), Some(&system)))
        .collect();
    if !parts.is_empty() {
        let _ = bom::json(&Catalog::of_image(root(), parts), bom::SpecVersion::V1_6, *NOW);
    }
});
