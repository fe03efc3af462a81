//! Parses, runs, reports.

use std::process::ExitCode;

/// musl gives each freed page back to the system: a history of a thousand files takes a third longer with that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ci::main(migrate_db::run)
}
