//! What both database servers need to run in a test: a user that is not root, a certificate, a place for each test; never a server.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output},
};

use testkit::{Cmd, Scratch};

/// 2023-11-14T22:13:20Z, so that a transcript is the same tomorrow.
pub(crate) const EPOCH: &str = "1700000000";

/// A directory with these migrations.
pub(crate) fn project(migrations: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("migrations");
    for (name, text) in migrations {
        scratch.file(&format!("migrations/{name}"), text);
    }
    scratch
}

/// A command in that directory, on this database.
pub(crate) fn migrate(scratch: &Scratch, url: &str, args: &[&str]) -> Cmd {
    testkit::bin(env!("CARGO_BIN_EXE_migrate-db"))
        .args(args)
        .args(["--database-url", url])
        .env("SEAWORTHY_CLOCK", EPOCH)
        .dir(scratch.path())
}

/// Servers refuse to run as root; then one of these users, if there is one.
pub(crate) fn unprivileged(names: &[&str]) -> Option<(u32, u32)> {
    let id = |args: &[&str]| {
        let output = Command::new("id").args(args).output().unwrap();
        output
            .status
            .success()
            .then(|| String::from_utf8(output.stdout).unwrap().trim().parse::<u32>().unwrap())
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    names.iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
}

/// A program as that user.
pub(crate) fn as_user(user: Option<(u32, u32)>, program: &Path) -> Command {
    let Some((uid, gid)) = user else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={uid}"), &format!("--regid={gid}"), "--clear-groups", "--"]).arg(program);
    command
}

/// A key and a certificate for this machine, which vouches for itself: `server.key` and `server.crt`.
pub(crate) fn certify(user: Option<(u32, u32)>, directory: &Path) {
    let request = "[req]\ndistinguished_name = name\nx509_extensions = v3\n[name]\n[v3]\n\
                   basicConstraints = critical, CA:FALSE\nsubjectAltName = DNS:localhost, IP:127.0.0.1\n";
    fs::File::create(directory.join("request.cnf")).unwrap().write_all(request.as_bytes()).unwrap();
    let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
                 -config request.cnf -keyout server.key -out server.crt";
    let output = as_user(user, Path::new("openssl"))
        .args(words.split_whitespace())
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(output.status.success(), "openssl: {}", said(&output));
}

/// What a program complains of.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
