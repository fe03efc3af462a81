//! A release that cosign has signed as a workflow, from the registry that it was built into to production: a private Sigstore of real
//! servers, real registries.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::{Digest, ImageRef};
use jiff::Timestamp;
use oci::{Blob, Descriptor, Image, Role, media_type};
use testkit::{Run, served::Served, sigstore::Sigstore};

use crate::world::World;

/// The commit that the certificates name.
const COMMIT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// The desk of a job of the private instance, and the registry that it builds into.
struct Release {
    world: World,
    bed: Sigstore,
    registry: Served,
    digest: Digest,
}

impl Release {
    fn new(bed: Sigstore, registry: Served) -> Self {
        let world = World::new();
        let image: ImageRef = format!("{}/app", registry.authority()).parse().unwrap();
        let repository = oci::open_or_new(image.location()).unwrap();
        let config = Descriptor::of(media_type::IMAGE_CONFIG, b"{}");
        repository.put_blob(Blob::new(config.clone(), &b"{}"[..])).unwrap();
        let manifest = Image::new(config, Vec::new()).into_manifest().unwrap();
        repository.put_manifest(&manifest, Role::Root).unwrap();
        let release = Self { world, bed, registry, digest: manifest.digest() };
        release.configure("release.yml");
        let record = serde_json::json!({
            "schemaVersion": 1, "version": "1.2.0", "commit": COMMIT,
            "components": {"app": {"image": image, "digest": release.digest, "tags": ["1.2.0-aaaaaaa"]}},
        });
        release.world.scratch.file("release.json", record.to_string());
        release.world.scratch.file("bom.json", r#"{"bomFormat": "CycloneDX", "specVersion": "1.6"}"#);
        release
    }

    /// Everything must be signed by this workflow.
    fn configure(&self, workflow: &str) {
        let (registry, root, issuer) =
            (self.registry.authority(), self.bed.file("trusted-root.json"), self.bed.issuer());
        let identity = Sigstore::identity().replace("release.yml", workflow);
        let target = r#"{ kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"] }"#;
        let config = format!(
            r#"
[release]
trusted-root = "{root}"
verify-identity = {{ issuer = "{issuer}", identity = "{identity}", repository = "acme/app", repository-id = 1 }}

[components.app]
image = "{registry}/app"

[environments.staging]
target = {target}
require = {{ signature = {{}}, sbom = {{}} }}

[environments.production]
after = ["staging"]
images = {{ app = "{registry}/production/app" }}
target = {target}
require = {{ signature = {{}}, sbom = {{}}, "smoke-test@staging" = {{ max-age = "1h" }} }}
"#
        );
        self.world.scratch.file("release.toml", config);
    }

    fn signs(&self, line: &str) {
        let image = format!("{}/app@{}", self.registry.authority(), self.digest);
        self.bed.cosign_signs(self.world.scratch.path(), &format!("{line} --allow-http-registry {image}"));
    }

    /// `promote run`, now: the certificates are of today.
    fn promote(&self, environment: &str) -> Run {
        self.world.promote(environment).without_env("SEAWORTHY_CLOCK").run()
    }

    /// A test result of staging that ended now.
    fn test(&self, result: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let now = Timestamp::from_second(now.try_into().unwrap()).unwrap();
        let (passed, failed) =
            if result == "PASSED" { (r#"["login"]"#, "[]") } else { ("[]", r#"["login"]"#) };
        let suite = Digest::of(b"suite").hex();
        let test = format!(
            r#"{{"result": "{result}", "configuration": [
                {{"name": "notes", "digest": {{"sha256": "{suite}"}}}},
                {{"name": "staging", "uri": "https://staging.example.com",
                  "annotations": {{"startedOn": "{now}", "finishedOn": "{now}"}}}}],
            "passedTests": {passed}, "failedTests": {failed}}}"#
        );
        self.world.scratch.file("test.json", test);
        self.signs(&format!("attest --type {TEST_RESULT} --predicate test.json"));
    }
}

#[test]
#[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
fn peers_what_a_workflow_has_signed_goes_from_the_registry_to_production() {
    let mut bed = Sigstore::start();
    for registry in [Served::crane(), Served::docker("")] {
        let release = Release::new(bed, registry);
        release.promote("staging").fails(1, "promotion-refused");
        release.signs("sign");
        release.signs("attest --type cyclonedx --predicate bom.json");
        release.configure("other.yml");
        let refused = release.promote("staging").fails(1, "promotion-refused");
        assert!(refused.stdout.contains("signed by another: its identity is"), "{}", refused.stdout);
        release.configure("release.yml");
        release.promote("staging").succeeds();

        release.promote("production").fails(1, "promotion-refused");
        release.test("FAILED");
        release.promote("production").fails(1, "promotion-refused");
        // A later result of the same suite takes its place; they must not end within one second.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        release.test("PASSED");
        release.promote("production").succeeds();
        let running = release.world.scratch.read("running-production");
        let production = format!("{}/production/app@{}", release.registry.authority(), release.digest);
        assert_eq!(running.trim(), format!("app={production}"));
        assert_eq!(release.world.events("production"), ["intent", "deployed"]);

        // Of another commit it is another release, whoever has signed it.
        let record = release.world.scratch.read("release.json").replace(COMMIT, &"b".repeat(40));
        release.world.scratch.file("release.json", record);
        let refused = release.promote("staging").fails(1, "promotion-refused");
        assert!(refused.stdout.contains("its commit is aaaa"), "{}", refused.stdout);
        bed = release.bed;
    }
}
