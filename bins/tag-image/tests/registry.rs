//! The binary against real registries: what it asks and writes, and that a dry run says exactly that before.
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

use testkit::{
    Cmd, Scratch,
    http::Server,
    relay::{relay, transcript},
    served::Served,
};

const COMMIT: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";

struct World {
    _registry: Served,
    relay: Server,
    scratch: Scratch,
}

impl World {
    fn new(registry: Served) -> Self {
        let relay = relay(&registry.authority(), |_| None);
        let scratch = Scratch::new();
        scratch.file("app", "a program\n");
        Self { _registry: registry, relay, scratch }
    }

    /// `HOST` in the words is the registry.
    fn run(&self, words: &str) -> Cmd {
        let host = self.relay.authority();
        testkit::bin(env!("CARGO_BIN_EXE_tag-image"))
            .dir(self.scratch.path())
            .env("GITHUB_SHA", COMMIT)
            .args(words.split_whitespace().map(|word| word.replace("HOST", &host)))
    }

    /// What this command asks of the registry.
    fn asked(&self, words: &str) -> Vec<String> {
        let before = transcript(&self.relay).len();
        self.run(words).run().succeeds();
        transcript(&self.relay).split_off(before)
    }

    /// The requests of this command that write, as method, path and query.
    fn written(&self, words: &str) -> Vec<String> {
        let before = self.relay.requests().len();
        self.run(words).run().succeeds();
        let requests = self.relay.requests().split_off(before).into_iter();
        let writes = requests.filter(|request| !matches!(request.method.as_str(), "GET" | "HEAD"));
        writes.map(|request| format!("{} {}", request.method, request.target)).collect()
    }

    /// The requests that a dry run of this command lists.
    fn listed(&self, words: &str) -> Vec<String> {
        let said = self.run(&format!("{words} --dry-run")).run().succeeds().stdout;
        let host = self.relay.url("");
        let lines = said.lines().filter_map(|line| line.strip_prefix("  "));
        lines.map(|line| line.replace(&host, "")).collect()
    }
}

const APPLY: &str = "apply --version 1.2.3 --platform linux/amd64";

#[test]
fn a_retag_takes_three_requests() {
    for registry in [Served::crane(), Served::docker(""), Served::cuelabs()] {
        let world = World::new(registry);
        world.run(&format!("{APPLY} --source file:app --target HOST/acme/app:1.0.0")).run().succeeds();
        let retag = format!("{APPLY} --source HOST/acme/app:1.0.0 --target HOST/acme/app");
        assert_eq!(world.asked(&retag), ["GET manifests", "HEAD manifests", "PUT manifests"]);
        assert_eq!(world.asked(&retag), ["GET manifests", "HEAD manifests"]);
    }
}

#[test]
fn a_copy_that_is_there_asks_for_nothing_twice() {
    let world = World::new(Served::docker(""));
    world.run(&format!("{APPLY} --source file:app --target HOST/acme/app:1.0.0")).run().succeeds();
    let copy = format!("{APPLY} --component app --source HOST/acme/app:1.0.0 --target HOST/promoted/app");
    world.run(&copy).run().succeeds();
    let mut asked = world.asked(&copy);
    // The two places are looked at side by side.
    asked.sort();
    let evidence = ["HEAD manifests"; 3];
    let expected = ["GET manifests", "GET manifests", "GET referrers", "HEAD manifests"];
    assert_eq!(asked, [expected.as_slice(), &evidence].concat());
}

#[test]
fn a_dry_run_lists_the_requests_that_the_run_then_makes() {
    let world = World::new(Served::docker(""));
    let pack = format!("{APPLY} --source file:app --target HOST/acme/app");
    let listed = world.listed(&pack);
    insta::assert_snapshot!(listed.join("\n"), @r"
    POST /v2/acme/app/blobs/uploads/
    PUT sha256:44982b06bce9157226399a6067cfd89e71539fb15220a11209f8e351136b4c48, 445 bytes, to where the answer says
    POST /v2/acme/app/blobs/uploads/
    PUT sha256:eb6bd11e7ad1137f841af9094072cef246d19070e1b6fabf478c982e48383c85, 2048 bytes, to where the answer says
    PUT /v2/acme/app/manifests/sha256:576723926d6c69ca39357f2c2cae12bbfe2713b799cca066340a3dfa1142a8c6, 574 bytes
    PUT /v2/acme/app/manifests/1.2.3-860c190, 574 bytes
    ");
    assert_eq!(world.relay.requests().iter().filter(|seen| seen.method != "HEAD").count(), 0);
    // Where the second request of an upload goes, only the answer to the first says.
    let said = listed.iter().map(|line| match line.split_once("/v2/") {
        Some((method, rest)) => format!("{method}/v2/{}", rest.split(',').next().unwrap()),
        None => "PUT to an upload".to_owned(),
    });
    let to_upload = |line: String| {
        if line.contains("_state=") { "PUT to an upload".to_owned() } else { line }
    };
    let written = world.written(&pack).into_iter().map(to_upload);
    assert_eq!(written.collect::<Vec<_>>(), said.collect::<Vec<_>>());
    assert_eq!(world.listed(&pack), Vec::<String>::new());
}

#[test]
fn a_copy_to_a_neighbour_is_listed_as_mounts() {
    let world = World::new(Served::docker(""));
    world.run(&format!("{APPLY} --source file:app --target HOST/acme/app:1.0.0")).run().succeeds();
    let copy = format!("{APPLY} --source HOST/acme/app:1.0.0 --target HOST/acme/mirror");
    let listed = world.listed(&copy);
    insta::assert_snapshot!(listed.join("\n"), @r"
    POST /v2/acme/mirror/blobs/uploads/?mount=sha256:44982b06bce9157226399a6067cfd89e71539fb15220a11209f8e351136b4c48&from=acme/app
    PUT sha256:44982b06bce9157226399a6067cfd89e71539fb15220a11209f8e351136b4c48, 445 bytes, to where the answer says, unless that has mounted it
    POST /v2/acme/mirror/blobs/uploads/?mount=sha256:eb6bd11e7ad1137f841af9094072cef246d19070e1b6fabf478c982e48383c85&from=acme/app
    PUT sha256:eb6bd11e7ad1137f841af9094072cef246d19070e1b6fabf478c982e48383c85, 2048 bytes, to where the answer says, unless that has mounted it
    PUT /v2/acme/mirror/manifests/sha256:576723926d6c69ca39357f2c2cae12bbfe2713b799cca066340a3dfa1142a8c6, 574 bytes
    PUT /v2/acme/mirror/manifests/1.2.3-860c190, 574 bytes
    ");
    let requests: Vec<&str> = listed
        .iter()
        .filter(|line| line.contains("/v2/"))
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(world.written(&copy), requests);
}

#[test]
fn a_release_is_stored_once_and_never_changed() {
    for registry in [Served::crane(), Served::docker(""), Served::cuelabs()] {
        let world = World::new(registry);
        world.run(&format!("{APPLY} --source file:app --target HOST/acme/app")).run().succeeds();
        let first = world.run("release").on_runner().env("GITHUB_SHA", COMMIT).run().succeeds();
        let outputs = &first.observed().outputs;
        assert_eq!((outputs["tag"].as_str(), outputs["tag-state"].as_str()), ("release-1.2.3", "new"));
        let again = world.run("release").on_runner().env("GITHUB_SHA", COMMIT).run().succeeds();
        assert_eq!(again.observed().outputs["tag-state"], "unchanged");
        assert_eq!(again.observed().outputs["digest"], outputs["digest"]);

        world.scratch.file("app", "another program\n");
        world.run("apply --source file:app --version 1.2.3 --target HOST/acme/app:other").run().succeeds();
        world.run("release").run().fails(1, "tag-would-move");
    }
}
