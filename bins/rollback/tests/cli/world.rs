//! A small world for rollback: signed releases in a layout, a ledger that says what ran, a deploy script that obeys.

use std::sync::OnceLock;

use contract::{Digest, ImageRef, TestResult};
use jiff::Timestamp;
use ledger::{
    Backup, Directory, Draft, Event, GateRecord, Holder, Override, Phase, Pinned, ReleaseId, Schema, Step,
    Verdict,
};
use oci::{Blob, Descriptor, Image, Repository, Role, media_type};
use testkit::{Cmd, Scratch};
use trust::{SigningKey, Statement, predicate::TestEnvironment};

/// The clock of every run that says nothing else: 2027-01-15, a Friday.
pub(crate) const NOW: i64 = 1_800_000_000;

const CONFIG: &str = r#"
[release]
verify-key = "cosign.pub"

[components.app]
image = "oci:registry/app"

[environments.production]
url = "https://notes.example.com"
overridable = ["known-bad"]
target = { kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"], timeout = "20s" }
database = { down = ["./down.sh", "--dir", "migrations"] }

[environments.production.require]
signature = {}
"#;

const DEPLOY: &str = r#"
if [ "$1" = observe ]; then
    if [ -f running ]; then cat running; fi
    exit 0
fi
if [ -f broken ]; then echo "cannot start" >&2; exit 7; fi
echo "app=$APP_IMAGE" >running.new
mv running.new running"#;

const DOWN: &str = r#"
if [ -f stuck ]; then echo "table is locked" >&2; exit 3; fi
echo "$*" >down.new
mv down.new down"#;

/// One key pair for all tests, so that the same world is the same bytes.
pub(crate) fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate().unwrap())
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW + second).unwrap()
}

pub(crate) struct World {
    pub(crate) scratch: Scratch,
}

/// What the database has with a release: each step a letter, `e` only adds, `c` breaks and can be undone, `x` breaks for good.
pub(crate) fn schema(letters: &str) -> Schema {
    let step = |(number, letter): (usize, char)| Step {
        version: number.to_string(),
        phase: if letter == 'e' { Phase::Expand } else { Phase::Contract },
        reversible: letter != 'x',
    };
    let backup = Backup { uri: "backups/1.db".into(), digest: Digest::of(b"db"), verified: true };
    Schema {
        before: None,
        version: letters.len().to_string(),
        steps: (1..).zip(letters.chars()).map(step).collect(),
        backup: Some(backup),
    }
}

impl World {
    /// An environment in which nothing ever ran.
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        scratch.file("release.toml", CONFIG);
        scratch.file("cosign.pub", key().public().to_pem().unwrap());
        scratch.script("deploy.sh", DEPLOY);
        scratch.script("down.sh", DOWN);
        Self { scratch }
    }

    /// Version 2 was verified an hour ago; version 3 was forced in half an hour ago and is broken. Their schemas are these.
    pub(crate) fn broken(good: &str, bad: &str) -> Self {
        let world = Self::new();
        world.ran("2", -3600, schema(good));
        world.test("2", TestResult::Passed, -3500);
        world.ran("3", -1800, schema(bad));
        world.test("3", TestResult::Failed, -1700);
        world
    }

    pub(crate) fn layout(&self) -> Box<dyn Repository> {
        let image: ImageRef = format!("oci:{}", self.scratch.join("registry/app").display()).parse().unwrap();
        oci::open_or_new(image.location()).unwrap()
    }

    /// The signed image of a version.
    pub(crate) fn image(&self, version: &str) -> Digest {
        let layout = self.layout();
        let put = |media_type: &str, bytes: &[u8]| {
            let descriptor = Descriptor::of(media_type, bytes);
            layout.put_blob(Blob::new(descriptor.clone(), bytes)).unwrap();
            descriptor
        };
        let config = put("application/vnd.oci.image.config.v1+json", b"{}");
        let layer = put(media_type::EMPTY, format!("content {version}").as_bytes());
        let manifest = Image::new(config, vec![layer]).into_manifest().unwrap();
        layout.put_manifest(&manifest, Role::Root).unwrap();
        self.attest(manifest.digest(), &Statement::signature(manifest.digest()));
        manifest.digest()
    }

    fn attest(&self, digest: Digest, statement: &Statement) {
        trust::attest(&*self.layout(), key(), digest, statement, at(0)).unwrap();
    }

    pub(crate) fn test(&self, version: &str, result: TestResult, second: i64) {
        let digest = self.image(version);
        let ran = TestEnvironment {
            name: "production".parse().unwrap(),
            base_url: None,
            started_on: at(second),
            finished_on: at(second),
            run_url: None,
        };
        let mut test = trust::predicate::TestResult::new(result, "notes", Digest::of(b"suite"), &ran);
        match result {
            TestResult::Failed => test.failed_tests.push("login".into()),
            _ => test.passed_tests.push("login".into()),
        }
        self.attest(digest, &Statement::about(digest, &test).unwrap());
    }

    /// Writes into the ledger that this version came to run, and lets it run.
    pub(crate) fn ran(&self, version: &str, second: i64, schema: impl Into<Option<Schema>>) -> Digest {
        let (digest, schema) = (self.image(version), schema.into());
        self.tell(version, second, schema.clone(), Event::Intent { rollback: None });
        self.tell(version, second, schema, Event::Deployed);
        self.scratch.file("running", format!("app=oci:registry/app@{digest}\n"));
        digest
    }

    pub(crate) fn tell(&self, version: &str, second: i64, schema: impl Into<Option<Schema>>, event: Event) {
        let image: ImageRef = "oci:registry/app".parse().unwrap();
        let pinned = Pinned { image, digest: self.image(version), tags: Vec::new() };
        let (gate, forced) = (
            GateRecord {
                id: "smoke-test@staging".into(),
                verdict: if version == "3" { Verdict::Fail } else { Verdict::Pass },
                reason: "suite notes".into(),
                evidence: Vec::new(),
            },
            Override { gate: "smoke-test@staging".into(), reason: "the fair | opens".into() },
        );
        let draft = Draft {
            time: at(second),
            actor: "grace".into(),
            run_url: None,
            event,
            release: ReleaseId { version: Some(format!("1.{version}.0").parse().unwrap()), commit: None },
            components: [("app".parse().unwrap(), pinned)].into(),
            schema: schema.into(),
            gates: vec![gate],
            overrides: if version == "3" { vec![forced] } else { Vec::new() },
            reason: None,
        };
        let holder = Holder { pid: 1, actor: "grace".into(), run_url: None, since: at(second) };
        let production = "production".parse().unwrap();
        let lock = self.ledger().lock_as(&production, &holder).unwrap();
        lock.append(draft).unwrap();
    }

    fn ledger(&self) -> Directory {
        Directory::new(self.scratch.join(".seaworthy"))
    }

    /// `rollback run` in this world.
    pub(crate) fn rollback(&self) -> Cmd {
        self.command("run")
    }

    pub(crate) fn command(&self, name: &str) -> Cmd {
        testkit::bin(env!("CARGO_BIN_EXE_rollback"))
            .dir(self.scratch.path())
            .env("USER", "ada")
            .env("SEAWORTHY_CLOCK", NOW.to_string())
            .args([name, "--environment", "production", "--reason", "logins fail"])
    }

    /// The words of the events.
    pub(crate) fn events(&self) -> Vec<&'static str> {
        let history = self.ledger().read(&"production".parse().unwrap()).unwrap();
        history.entries().iter().map(|entry| entry.what.event.word()).collect()
    }

    /// Whether this version runs.
    pub(crate) fn runs(&self, version: &str) -> bool {
        self.scratch.read("running").contains(&self.image(version).to_string())
    }
}
