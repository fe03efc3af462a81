//! What is installed in an image: the databases of dpkg and apk, metadata of Python and Node packages, copyright files, os-release.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::{
    bom,
    catalog::{Catalog, Few, apk, dist_info, dpkg, node_modules, os_release},
    image::finding::{Finding, Wanted},
};
use seaworthy_fuzz::{NOW, place, root};

/// Every kind of file. The same text is read as each: what is none of its kind is seen at once.
const ALL: [Wanted; 6] =
    [Wanted::Dpkg, Wanted::Apk, Wanted::Copyright, Wanted::Python, Wanted::Npm, Wanted::OsRelease];

fuzz_target!(|bytes: &[u8]| {
    // What the system is stands behind the first NUL.
    let (bytes, system) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (&bytes[..at], std::str::from_utf8(&bytes[at + 1..]).ok().and_then(os_release::read)),
        None => (bytes, None),
    };
    for wanted in ALL {
        let Ok(Some(finding)) = wanted.read(bytes) else { continue };
        let part = match finding {
            Finding::Dpkg(records) => {
                let found = records.into_iter().map(|one| (one, place(dpkg::STATUS))).collect();
                dpkg::part(found, &|_| Few::new(), system.as_ref())
            }
            Finding::Apk(records) => {
                let found = records.into_iter().map(|one| (one, place("lib/apk/db/installed"))).collect();
                apk::part(found, system.as_ref())
            }
            Finding::Python(record) => dist_info::part(vec![(record, place("a-1.dist-info/METADATA"))]),
            Finding::Npm(record) => node_modules::part(&[(record, place("app/node_modules/a/package.json"))]),
            Finding::System(release) => release.part(&place("etc/os-release")),
            _ => continue,
        };
        let _ = bom::json(&Catalog::of_image(root(), vec![part]), bom::SpecVersion::V1_6, *NOW);
    }
});
