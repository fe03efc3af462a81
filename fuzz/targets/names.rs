//! What docker/metadata-action's inputs, a reference and an event make of an image's name; and that every name is one.
#![no_main]

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
    sync::LazyLock,
};

use ci::{Arguments as _, Env, Session};
use clap::Parser as _;
use contract::ImageRef;
use libfuzzer_sys::fuzz_target;
use seaworthy_fuzz::{Desk, SCISSORS, pieces};
use tag_image::Args;

static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

fn flag(name: &str, value: &[u8]) -> OsString {
    [OsStr::new(name), OsStr::from_bytes(value)].into_iter().collect()
}

fuzz_target!(|bytes: &[u8]| {
    let [rules, reference, flavor, labels, event] = *pieces(bytes, SCISSORS) else { return };
    // Nothing is asked of GitHub, whose address is not known, and nothing is written.
    let typed = ["tag-image", "compute", "--images=ghcr.io/acme/app", "--dry-run"].map(OsString::from);
    let flags = [flag("--tags=", rules), flag("--flavor=", flavor), flag("--labels=", labels)];
    let Ok(args) = Args::try_parse_from(typed.into_iter().chain(flags)) else { return };
    let event = DESK.file("event.json", event);
    let env = Env::of([
        ("GITHUB_REF", OsStr::from_bytes(reference)),
        ("GITHUB_EVENT_NAME", OsStr::new("push")),
        ("GITHUB_SHA", OsStr::new("0123456789abcdef0123456789abcdef01234567")),
        ("GITHUB_EVENT_PATH", event.as_os_str()),
        ("SOURCE_DATE_EPOCH", OsStr::new("1578616200")),
    ]);
    let session = Session::new(env, args.common().clone());
    match tag_image::run(args, &session) {
        Ok(report) => {
            let names = report.data["tags"].as_array().expect("names are a list");
            for name in names.iter().filter_map(|name| name.as_str()) {
                assert!(name.parse::<ImageRef>().is_ok_and(|image| image.tag().is_some()), "{name:?}");
            }
        }
        Err(stop) => drop(format!("{stop:?} {}", stop.failure.fix())),
    }
});
