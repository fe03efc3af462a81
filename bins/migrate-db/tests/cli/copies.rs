//! Copies of backups outside of this machine: in an OCI layout, a registry and an S3-compatible store that checks signatures, with the age
//! program as an independent reader.

use std::{fs, path::Path, process::Command};

use testkit::{Cmd, Scratch, served::Served};

use crate::{migrate, sql, two_steps};

pub(crate) const FIRST: &str = "1700000000";
pub(crate) const SECOND: &str = "1700100000";
pub(crate) const THIRD: &str = "1700200000";

/// A database in use, and a pair of keys from age-keygen.
pub(crate) fn project() -> (Scratch, String) {
    let scratch = two_steps();
    migrate(&scratch, &["up", "--to", "1"]).run().succeeds();
    sql(&scratch, "INSERT INTO notes VALUES (1, 'kept')");
    let made = Command::new("age-keygen").arg("-o").arg(scratch.join("key.txt")).output();
    assert!(made.is_ok(), "age is not installed: run script/setup (apt-get install age)");
    assert!(made.unwrap().status.success());
    let text = scratch.read("key.txt");
    let public = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
    (scratch, public)
}

pub(crate) fn at(scratch: &Scratch, clock: &str, args: &[&str]) -> Cmd {
    migrate(scratch, args).env("SEAWORTHY_CLOCK", clock)
}

/// Everything that any place must do; gives back the names that are left there.
fn sends_fetches_and_restores(place: &str, with: impl Fn(Cmd) -> Cmd) {
    let (scratch, public) = project();
    let run = |clock: &str, args: &[&str]| with(at(&scratch, clock, args)).run();
    let backup = ["backup", "--upload", place, "--encrypt-to", &public, "--keep", "2", "--format", "json"];
    let first = run(FIRST, &backup).succeeds().json();
    let copy = first["result"]["copy"].as_str().unwrap();
    assert!(copy.ends_with("app.db-1-20231114T221320Z.sqlite.age"), "{copy}");
    let shown = run(SECOND, &["up", "--dry-run", "--upload", place, "--encrypt-to", &public]).succeeds();
    assert!(shown.stdout.contains("read it back and compare it"), "{}", shown.stdout);
    run(SECOND, &["up", "--upload", place, "--encrypt-to", &public, "--keep", "2"]).succeeds();
    run(THIRD, &backup).succeeds();
    let here = || {
        let names = fs::read_dir(scratch.join(".seaworthy/backups")).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(here(), ["app.db-1-20231116T020000Z.sqlite", "app.db-2-20231117T054640Z.sqlite"]);
    let wanted =
        fs::metadata(scratch.join(".seaworthy/backups/app.db-2-20231117T054640Z.sqlite")).unwrap().len();
    fs::remove_dir_all(scratch.join(".seaworthy")).unwrap();
    run(THIRD, &["fetch", "--from", place]).fails(2, "backup-key-wrong");
    assert_eq!(here(), Vec::<String>::new(), "nothing half fetched is left");
    let fetch = ["fetch", "--from", place, "--identity", "key.txt"];
    run(THIRD, &[&fetch[..], &["--dry-run"]].concat()).succeeds();
    run(THIRD, &fetch).succeeds();
    run(THIRD, &fetch).succeeds();
    assert_eq!(here(), ["app.db-2-20231117T054640Z.sqlite"]);
    let fetched = scratch.join(".seaworthy/backups/app.db-2-20231117T054640Z.sqlite");
    assert_eq!(fs::metadata(&fetched).unwrap().len(), wanted);
    run(THIRD, &["rehearse"]).succeeds();
    let one = [&fetch[..], &["--name", "app.db-1-20231116T020000Z.sqlite.age"]].concat();
    run(THIRD, &one).succeeds();
    assert_eq!(here().len(), 2);
    scratch.file(".seaworthy/backups/app.db-1-20231116T020000Z.sqlite", "somebody's");
    run(THIRD, &one).fails(3, "backup-copy-differs");
    run(THIRD, &["fetch", "--from", place, "--name", "app.db-9-20231116T020000Z.sqlite"])
        .fails(1, "backup-missing");
}

#[test]
fn a_layout_keeps_copies() {
    let scratch = Scratch::new();
    let place = format!("oci:{}", scratch.join("copies").display());
    sends_fetches_and_restores(&place, |command| command);
}

#[test]
fn a_registry_keeps_copies() {
    let registry = Served::docker("");
    sends_fetches_and_restores(&format!("{}/backups/app", registry.authority()), |command| command);
}

/// versitygw, which checks every signature.
pub(crate) struct Store {
    child: std::process::Child,
    port: u16,
    directory: Scratch,
    _side: Scratch,
}

impl Drop for Store {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Store {
    pub(crate) fn start() -> Self {
        let directory = Scratch::new();
        directory.directory("data/backups");
        // What it knows of its objects, where the file system has no attributes for that.
        let side = Scratch::new();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(testkit::tools::tool("versitygw"));
        command.args([
            "--access",
            "access",
            "--secret",
            "secret-of-the-store",
            "--port",
            &format!("127.0.0.1:{port}"),
            "--quiet",
        ]);
        command.args(["posix", "--sidecar"]).arg(side.path()).arg(directory.join("data"));
        let child =
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(std::time::Instant::now() < deadline, "the store does not answer");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self { child, port, directory, _side: side }
    }

    pub(crate) fn reached(&self, command: Cmd, secret: &str) -> Cmd {
        command
            .env("AWS_ENDPOINT_URL_S3", format!("http://127.0.0.1:{}", self.port))
            .env("AWS_ACCESS_KEY_ID", "access")
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .secret(secret)
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.directory.join("data/backups/app")).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_store_that_checks_signatures_keeps_copies_and_as_many_as_were_asked_for() {
    let store = Store::start();
    sends_fetches_and_restores("s3://backups/app", |command| store.reached(command, "secret-of-the-store"));
    assert_eq!(
        store.names(),
        ["app.db-1-20231116T020000Z.sqlite.age", "app.db-2-20231117T054640Z.sqlite.age"]
    );
}

#[test]
fn a_store_that_refuses_ends_the_run_before_anything_changes() {
    let store = Store::start();
    let (scratch, _) = project();
    let up = ["up", "--upload", "s3://backups/app", "--keep", "1"];
    let run = store
        .reached(at(&scratch, SECOND, &up), "another-secret-of-it")
        .run()
        .fails(3, "backup-place-failed");
    assert!(!run.stderr.contains("X-Amz-Signature"), "{}", run.stderr);
    // The question was one whose answers have no text.
    assert!(run.stderr.contains("answers 403 to what a copy is: SignatureDoesNotMatch"), "{}", run.stderr);
    assert!(run.stderr.contains("fix: check AWS_ACCESS_KEY_ID"), "{}", run.stderr);
    assert_eq!(sql(&scratch, "SELECT max(version) FROM migrate_db_history"), "1");
    at(&scratch, SECOND, &up).run().fails(2, "backup-place-invalid");
    let absent = ["up", "--upload", "s3://nobody/app"];
    store.reached(at(&scratch, SECOND, &absent), "secret-of-the-store").run().fails(3, "backup-place-failed");
}

#[test]
fn what_is_sent_is_what_the_age_program_reads() {
    let (scratch, public) = project();
    let place = format!("oci:{}", scratch.join("copies").display());
    at(&scratch, FIRST, &["backup", "--upload", &place, "--encrypt-to", &public]).run().succeeds();
    let plain = scratch.join(".seaworthy/backups/app.db-1-20231114T221320Z.sqlite");
    let blobs = fs::read_dir(scratch.join("copies/blobs/sha256")).unwrap().map(|entry| entry.unwrap().path());
    let is_encrypted =
        |path: &Path| ci::files::read(path, 1 << 20).unwrap().starts_with(b"age-encryption.org/v1\n");
    let copy = blobs.into_iter().find(|path| is_encrypted(path)).unwrap();
    let read = Command::new("age")
        .args(["--decrypt", "--identity"])
        .arg(scratch.join("key.txt"))
        .arg(copy)
        .output()
        .unwrap();
    assert!(read.status.success() && read.stdout == ci::files::read(&plain, 1 << 20).unwrap());
    assert!(!scratch.has(".seaworthy/backups/.app.db.age.partial"));
}

#[test]
fn an_older_backup_without_its_copy_stays() {
    let (scratch, _) = project();
    let place = format!("oci:{}", scratch.join("copies").display());
    at(&scratch, FIRST, &["backup"]).run().succeeds();
    at(&scratch, SECOND, &["backup", "--upload", &place, "--keep", "1"]).run().succeeds();
    assert!(scratch.has(".seaworthy/backups/app.db-1-20231114T221320Z.sqlite"));
    at(&scratch, THIRD, &["backup", "--upload", &place, "--keep", "1"]).run().succeeds();
    assert!(!scratch.has(".seaworthy/backups/app.db-1-20231116T020000Z.sqlite"));
}

#[test]
fn keys_and_places_that_are_none_are_refused() {
    let (scratch, _) = project();
    for (args, code) in [
        (vec!["backup", "--upload", "oci:copies", "--encrypt-to", "age1nothing"], "backup-key-wrong"),
        (vec!["backup", "--upload", "registry.example.com/app:tag"], "backup-place-invalid"),
        (vec!["backup", "--upload", "s3://"], "backup-place-invalid"),
        (vec!["fetch", "--from", "oci:copies", "--identity", "app.db"], "file-not-utf8"),
    ] {
        at(&scratch, FIRST, &args).run().fails(2, code);
    }
}
