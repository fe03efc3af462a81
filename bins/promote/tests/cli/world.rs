//! A small world for promote: a registry with signed releases, two environments, a deploy script that obeys.

use std::sync::OnceLock;

use contract::{Digest, ImageRef, TestResult};
use jiff::Timestamp;
use oci::{Blob, Descriptor, Image, Repository, Role, media_type};
use testkit::{Cmd, Scratch};
use trust::{
    PredicateType, SigningKey, Statement,
    predicate::{AppliedMigration, Backup, Migration, Phase, TestEnvironment},
};

/// The clock of every run that says nothing else.
pub(crate) const NOW: i64 = 1_800_000_000;

const CONFIG: &str = r#"
[release]
verify-key = "cosign.pub"

[components.app]
image = "oci:registry/app"

[environments.staging]
target = { kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"] }

[environments.staging.require]
signature = {}

[environments.production]
after = ["staging"]
soak = "30m"
overridable = ["smoke-test@staging", "after", "soak", "known-bad", "sbom", "migration"]
images = { app = "oci:registry-production/app" }
target = { kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"], env-files = { app = "production.env" }, timeout = "20s" }

[environments.production.require]
signature = {}
sbom = {}
"smoke-test@staging" = { max-age = "7d", suite = "notes" }
migration = {}
"#;

/// Records what it is told, and says that it runs.
const DEPLOY: &str = r#"
if [ "$1" = observe ]; then
    if [ -f "running-$ENVIRONMENT" ]; then cat "running-$ENVIRONMENT"; fi
    exit 0
fi
if [ -f broken ]; then echo "cannot start" >&2; exit 7; fi
echo "deploying $RELEASE to $ENVIRONMENT"
echo "app=$APP_IMAGE" >"running-$ENVIRONMENT.new"
mv "running-$ENVIRONMENT.new" "running-$ENVIRONMENT""#;

/// One key pair for all tests, so that the same world is the same bytes.
pub(crate) fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate().unwrap())
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW + second).unwrap()
}

pub(crate) struct World {
    pub scratch: Scratch,
}

impl World {
    /// Nothing deployed yet, and no image.
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        scratch.file("release.toml", CONFIG);
        scratch.file("cosign.pub", key().public().to_pem().unwrap());
        scratch.file("production.env", "A=1\n");
        scratch.script("deploy.sh", DEPLOY);
        Self { scratch }
    }

    /// A release that has everything production asks for: signed, in staging for an hour, tested there, migrated here.
    pub(crate) fn ready(content: &str) -> (Self, Digest) {
        let world = Self::new();
        let digest = world.staged(content);
        (world, digest)
    }

    /// Brings one more release as far as staging.
    pub(crate) fn staged(&self, content: &str) -> Digest {
        let digest = self.build(content);
        self.sign(digest);
        self.sbom(digest);
        self.promote("staging").env("SEAWORTHY_CLOCK", (NOW - 3600).to_string()).run().succeeds();
        self.test(digest, "staging", TestResult::Passed, -3000);
        self.migrate(digest, "production", 1, &[("1", Phase::Expand)]);
        digest
    }

    pub(crate) fn layout(&self, name: &str) -> Box<dyn Repository> {
        let image: ImageRef = format!("oci:{}", self.scratch.join(name).display()).parse().unwrap();
        oci::open_or_new(image.location()).unwrap()
    }

    /// An image of this content in the registry, and a release record that names it version 1.<content>.
    pub(crate) fn build(&self, content: &str) -> Digest {
        let layout = self.layout("registry/app");
        let put = |media_type: &str, bytes: &[u8]| {
            let descriptor = Descriptor::of(media_type, bytes);
            layout.put_blob(Blob::new(descriptor.clone(), bytes)).unwrap();
            descriptor
        };
        let config = put("application/vnd.oci.image.config.v1+json", b"{}");
        let layer = put(media_type::EMPTY, format!("content {content}").as_bytes());
        let manifest = Image::new(config, vec![layer]).into_manifest().unwrap();
        layout.put_manifest(&manifest, Role::Root).unwrap();
        self.record(content, manifest.digest());
        manifest.digest()
    }

    /// Writes release.json.
    pub(crate) fn record(&self, version: &str, digest: Digest) {
        let record = serde_json::json!({
            "schemaVersion": 1,
            "version": format!("1.{version}.0"),
            "components": {"app": {
                "image": "oci:registry/app", "digest": digest, "tags": [format!("1.{version}.0-860c190")]
            }},
        });
        self.scratch.file("release.json", record.to_string());
    }

    fn attest(&self, digest: Digest, by: &SigningKey, statement: &Statement) {
        trust::attest(&*self.layout("registry/app"), by, digest, statement, at(0)).unwrap();
    }

    pub(crate) fn sign(&self, digest: Digest) {
        self.sign_by(digest, key());
    }

    pub(crate) fn sign_by(&self, digest: Digest, by: &SigningKey) {
        self.attest(digest, by, &Statement::signature(digest));
    }

    pub(crate) fn sbom(&self, digest: Digest) {
        let sbom = serde_json::json!({"bomFormat": "CycloneDX", "specVersion": "1.6"});
        self.attest(digest, key(), &Statement::of(digest, PredicateType::CYCLONEDX, sbom).unwrap());
    }

    /// A scan that ended at this second and found one vulnerability of each of these severities.
    pub(crate) fn scan(&self, digest: Digest, second: i64, levels: &[&str]) {
        let found = levels.iter().enumerate().map(|(number, level)| {
            serde_json::json!({"id": format!("CVE-2027-{number}"), "severity": [], "annotations": [{"level": level}]})
        });
        let scan = serde_json::json!({
            "scanner": {"uri": "https://a.example", "db": {"lastUpdate": at(second)}, "result": found.collect::<Vec<_>>()},
            "metadata": {"scanStartedOn": at(second), "scanFinishedOn": at(second)},
        });
        self.attest(digest, key(), &Statement::of(digest, PredicateType::VULNERABILITIES, scan).unwrap());
    }

    pub(crate) fn test(&self, digest: Digest, environment: &str, result: TestResult, second: i64) {
        let ran = TestEnvironment {
            name: environment.parse().unwrap(),
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
        self.attest(digest, key(), &Statement::about(digest, &test).unwrap());
    }

    pub(crate) fn migrate(&self, digest: Digest, environment: &str, second: i64, steps: &[(&str, Phase)]) {
        let applied = steps.iter().map(|(version, phase)| AppliedMigration {
            version: (*version).to_owned(),
            description: "step".into(),
            checksum: "1".into(),
            phase: *phase,
        });
        let migration = Migration {
            environment: environment.parse().unwrap(),
            before: None,
            after: steps.last().map_or("0", |(version, _)| version).to_owned(),
            applied: applied.collect(),
            compatible: steps.iter().all(|(_, phase)| *phase == Phase::Expand),
            reversible: true,
            steps: Vec::new(),
            backup: Some(Backup { uri: "backups/1.db".into(), sha256: Digest::of(b"db"), verified: true }),
            finished_on: at(second),
        };
        self.attest(digest, key(), &Statement::about(digest, &migration).unwrap());
    }

    /// `promote` in this world.
    pub(crate) fn command(&self) -> Cmd {
        testkit::bin(env!("CARGO_BIN_EXE_promote"))
            .dir(self.scratch.path())
            .env("USER", "ada")
            .env("SEAWORTHY_CLOCK", NOW.to_string())
    }

    /// `promote run --environment …`.
    pub(crate) fn promote(&self, environment: &str) -> Cmd {
        self.command().args(["run", "--environment", environment])
    }

    /// The words of the events of an environment.
    pub(crate) fn events(&self, environment: &str) -> Vec<&'static str> {
        let ledger = ledger::Directory::new(self.scratch.join(".seaworthy"));
        let history = ledger.read(&environment.parse().unwrap()).unwrap();
        history.entries().iter().map(|entry| entry.what.event.word()).collect()
    }
}
