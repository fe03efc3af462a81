//! notes 1.1.0. Adds pinned notes. In a real repository the three versions are three commits; here a demo must not wait for three builds.

use std::process::ExitCode;

fn main() -> ExitCode {
    notes::run(notes::Edition::V2)
}
