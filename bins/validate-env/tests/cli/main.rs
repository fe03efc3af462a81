//! The binary as people and runners meet it; what is judged how is tested beside the judge.

mod bad_input;
mod record;
mod said;
mod secrets;

use testkit::{Cmd, Scratch};

const BIN: &str = env!("CARGO_BIN_EXE_validate-env");

/// The header and the variables of a small service.
const SCHEMA: &str = "\
# @currentEnv=$APP_ENV
# @defaultRequired=false @defaultSensitive=false
# ---

# @required @type=enum(dev, staging, production)
APP_ENV=dev
# @type=port
PORT=8080
# @required @sensitive @type=string(minLength=32)
SESSION_SECRET=
";

/// Long enough for [`SCHEMA`].
const SECRET: &str = "correct-horse-battery-staple-0123456789";

/// A directory with the schema and an env file.
fn service(env_file: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.file(".env.schema", SCHEMA);
    scratch.file("staging.env", env_file);
    scratch
}

fn validate_env(scratch: &Scratch, args: &[&str]) -> Cmd {
    testkit::bin(BIN).dir(scratch.path()).args(args)
}
