//! A release whose images never lie in a layout: named, signed, let in and copied between repositories of a real registry.
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and finds its tools itself"
)]

use std::{
    env,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use testkit::{Cmd, Scratch};

const COMMIT: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";

/// `crane registry serve`, ended when the test ends.
struct Registry {
    process: Child,
    host: String,
}

impl Registry {
    fn start() -> Self {
        // Asked for and given back: crane says its port only in a log line for people.
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a port is free")
            .port();
        let host = format!("127.0.0.1:{port}");
        let tools = env::var_os("SEAWORTHY_TOOLS").map_or_else(
            || PathBuf::from(env::var_os("HOME").expect("HOME is set")).join(".cache/seaworthy/tools"),
            PathBuf::from,
        );
        let mut crane = Command::new(tools.join("bin/crane"));
        crane.args(["registry", "serve", "--address", &host]).stdout(Stdio::null()).stderr(Stdio::null());
        let process = crane.spawn().expect("crane is there: script/setup installs it");
        let begun = Instant::now();
        while TcpStream::connect(&host).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "crane does not answer at {host}");
            thread::sleep(Duration::from_millis(10));
        }
        Self { process, host }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn binary(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows where it is");
    let binary = test.ancestors().nth(2).expect("it lies in target/debug/deps").join(name);
    assert!(binary.exists(), "{} is missing: cargo build --workspace", binary.display());
    binary
}

fn run(place: &Scratch, name: &str, words: &str) -> Cmd {
    let words = words.split_whitespace();
    testkit::bin(binary(name))
        .args(words)
        .dir(place.path())
        .env("GITHUB_SHA", COMMIT)
        .env("COSIGN_PASSWORD", "pw")
}

#[test]
fn a_release_goes_through_a_registry_and_takes_its_evidence_along() {
    let registry = Registry::start();
    let host = &registry.host;
    let place = Scratch::new();
    place.file("app", "a program\n");
    place.script(
        "deploy.sh",
        "if [ \"$1\" = observe ]; then cat runs 2>/dev/null; exit 0; fi; echo \"app=$APP_IMAGE\" >runs",
    );
    place.file(
        "release.toml",
        format!(
            r#"
            [release]
            verify-key = "k.pub"
            [components.app]
            image = "{host}/acme/app"
            [environments.production]
            images = {{ app = "{host}/production/app" }}
            target = {{ kind = "exec", command = ["./deploy.sh"], observe = ["./deploy.sh", "observe"] }}
            [environments.production.require]
            signature = {{}}
            "#
        ),
    );
    let apply = "apply --component app --version 1.2.3 --source file:app --target";
    let digest = run(&place, "tag-image", &format!("{apply} {host}/acme/app")).on_runner().run().succeeds();
    let digest = digest.observed().outputs["digest"].clone();
    run(&place, "sbom-sign", "keygen --output-prefix k").run().succeeds();
    run(&place, "promote", "run --environment production").run().fails(1, "promotion-refused");

    run(&place, "sbom-sign", "sign --key k.key").run().succeeds();
    run(&place, "promote", "run --environment production").run().succeeds();
    assert_eq!(place.read("runs"), format!("app={host}/production/app@{digest}\n"));
    let verify = format!("verify {host}/production/app@{digest} --type signature --key k.pub");
    run(&place, "sbom-sign", &verify).run().succeeds();

    place.file("app", "another program\n");
    run(&place, "tag-image", &format!("{apply} {host}/acme/app")).run().fails(1, "tag-would-move");
}
