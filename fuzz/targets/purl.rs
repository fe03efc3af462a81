//! Package URLs: what is read is written in the form that reads as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::catalog::Purl;

fuzz_target!(|text: &str| {
    if let Ok(purl) = text.parse::<Purl>() {
        assert_eq!(purl.to_string().parse::<Purl>().as_ref(), Ok(&purl));
    }
});
