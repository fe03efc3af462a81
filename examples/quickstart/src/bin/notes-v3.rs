//! notes 1.2.0. Adds when a note was last opened, and a bug that only the smoke suite sees. In a real repository the three versions are three commits; here a demo must not wait for three builds.

use std::process::ExitCode;

fn main() -> ExitCode {
    notes::run(notes::Edition::V3)
}
