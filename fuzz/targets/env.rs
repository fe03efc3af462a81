//! A schema of validate-env and an env file under it; and that nothing it says shows what is sensitive.
#![no_main]

use std::{ffi::OsStr, sync::LazyLock};

use ci::{Arguments as _, Env, Session};
use clap::Parser as _;
use libfuzzer_sys::fuzz_target;
use seaworthy_fuzz::{Desk, SCISSORS, pieces};
use validate_env::Args;

static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

/// A value that no schema knows.
const CANARY: &str = "canary-9f2e41";
/// Whatever makes a value public holds one of these: `@public`, `@sensitive=false`, `@defaultSensitive`, and `@currentEnv`, which names a
/// variable that is.
const SHOWING: [&str; 3] = ["ublic", "ensitive", "urrentEnv"];

fuzz_target!(|bytes: &[u8]| {
    let [schema, env, ..] = *pieces(bytes, SCISSORS) else { return };
    let hidden =
        std::str::from_utf8(schema).is_ok_and(|text| !SHOWING.iter().any(|word| text.contains(word)));
    let schema = DESK.file(".env.schema", schema);
    let env = DESK.file(".env", &[env, b"\nCANARY=", CANARY.as_bytes(), b"\n"].concat());
    let typed: [&OsStr; 6] = [
        "validate-env".as_ref(),
        "check".as_ref(),
        "--schema".as_ref(),
        schema.as_os_str(),
        "--env-file".as_ref(),
        env.as_os_str(),
    ];
    let args = Args::parse_from(typed);
    let session = Session::new(Env::of([("HOME", DESK.path())]), args.common().clone());
    let (said, report) = match validate_env::run(args, &session) {
        Ok(report) => (String::new(), Box::new(report)),
        Err(stop) => (format!("{stop:?} {:?}", stop.failure.fix()), stop.report),
    };
    assert!(!hidden || !format!("{said} {report:?}").contains(CANARY), "it shows what is sensitive");
});
