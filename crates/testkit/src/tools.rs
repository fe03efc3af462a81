//! Where script/setup puts what it installs into its cache (script/tools.sh says the same to shells); never what lies on the `PATH`.

use std::{env, path::PathBuf};

/// The directory of all tools, each version in one of its own below it.
pub fn directory() -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let tools = set("SEAWORTHY_TOOLS").or_else(|| Some(cache()?.join("seaworthy/tools")));
    tools.expect("one of SEAWORTHY_TOOLS, XDG_CACHE_HOME and HOME is set")
}

/// The program of this name.
///
/// # Panics
/// If it is not installed.
pub fn tool(name: &str) -> PathBuf {
    let program = directory().join("bin").join(name);
    assert!(
        program.exists(),
        "{} is missing: run script/setup, for the slow tier with --peers",
        program.display()
    );
    program
}
