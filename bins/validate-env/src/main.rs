//! Parses, runs, reports.

use std::process::ExitCode;

fn main() -> ExitCode {
    ci::main(validate_env::run)
}
