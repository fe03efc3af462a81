//! Workflows and actions of GitHub.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::catalog::workflow;

fuzz_target!(|text: &str| {
    let _ = workflow::read(text);
});
