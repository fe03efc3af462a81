//! Suites of smoke tests.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use seaworthy_fuzz::Desk;

static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

fuzz_target!(|bytes: &[u8]| {
    let file = DESK.file("suite.yaml", bytes);
    if let Err(error) = smoke_test::suite::load(&file) {
        drop(error.to_string());
    }
});
