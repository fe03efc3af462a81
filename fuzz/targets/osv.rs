//! What `sbom-sign check` takes from others: an SBOM, a policy and records of OSV, judged together.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sbom_sign::check;
use seaworthy_fuzz::{NOW, SCISSORS, pieces};

/// Where there is no policy.
const NONE: &[u8] = b"";

fuzz_target!(|bytes: &[u8]| {
    let pieces = pieces(bytes, SCISSORS);
    let (bill, rest) = pieces.split_first().expect("there is a piece");
    let (policy, records) = rest.split_first().unwrap_or((&NONE, &[]));
    let _ = check::judge(bill, policy, records, *NOW);
});
