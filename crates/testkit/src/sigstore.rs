//! A whole private Sigstore on this machine, of real servers: Fulcio, Rekor, a timestamp authority, a log of certificates where one is wanted,
//! and an issuer of tokens like GitHub's; started once a test, one at a time on a machine. Never the public instance.

mod certificates;
mod fulcio;
mod issuer;
mod rekor;
mod timestamps;
mod trillian;

use std::{
    collections::BTreeSet,
    env,
    fs::File,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};
use serde_json::Value;

use crate::{Cmd, Scratch, http::Server, tools::tool};
use issuer::REQUEST_TOKEN;
use trillian::Trillian;

pub use certificates::CertificateLog;
pub use fulcio::promise_in;
pub use rekor::Rekor;

/// Where all of it listens.
const LOCAL: &str = "127.0.0.1";
/// How long a server may take to start.
const START_MAX: Duration = Duration::from_mins(1);
/// How often it is asked.
const START_INTERVAL: Duration = Duration::from_millis(50);
/// When its keys began to be valid, for the trusted root.
const START: &str = "start-time=2020-01-01T00:00:00Z";

/// The servers, ended when dropped, and their files.
#[derive(Debug)]
pub struct Sigstore {
    directory: Scratch,
    servers: Vec<Child>,
    issuer: Server,
    trillian: Option<Trillian>,
    /// The timestamp authority counts for its metrics on a port that no flag changes: there can be one on a machine.
    _turn: File,
}

impl Sigstore {
    /// Starts it with a log of version 2, and without one of certificates.
    pub fn start() -> Self {
        Self::with(Rekor::V2, CertificateLog::None)
    }

    /// Starts it with these logs.
    pub fn with(version: Rekor, certificates: CertificateLog) -> Self {
        let turn = File::create(env::temp_dir().join("seaworthy-sigstore.lock")).expect("a lock file");
        flock(&turn, FlockOperation::LockExclusive).expect("the lock");
        let directory = Scratch::new();
        let issuer = issuer::serve(directory.path().to_owned());
        let mut bed = Self { directory, servers: Vec::new(), issuer, trillian: None, _turn: turn };
        bed.make_authority();
        let certificates = bed.serve_certificate_log(certificates);
        let fulcio = bed.serve_fulcio(certificates.as_deref());
        let stamps = bed.serve_timestamps();
        let rekor = bed.serve_rekor(version);
        let [fulcio, stamps, rekor] = [fulcio, stamps, rekor].map(|port| format!("http://{LOCAL}:{port}"));
        bed.describe_believed(&fulcio, &stamps, &rekor, version, certificates.as_deref());
        bed.describe_asked(&fulcio, &stamps, &rekor, version);
        bed
    }

    /// Writes down whom to believe: with everything there is, without one part, and with a stranger's key for one part.
    fn describe_believed(
        &self,
        fulcio: &str,
        stamps: &str,
        rekor: &str,
        version: Rekor,
        certificates: Option<&str>,
    ) {
        openssl(
            self.directory.path(),
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key",
        );
        openssl(self.directory.path(), "pkey -in other.key -pubout -out other.pub");
        // Version 1 names its tree in checkpoints, version 2 itself.
        let origin = if version == Rekor::V2 { format!(",origin={LOCAL}") } else { String::new() };
        let authority = format!("--fulcio url={fulcio},certificate-chain=fulcio.pem,{START}");
        let stamper = format!("--tsa url={stamps}/api/v1/timestamp,certificate-chain=stamps.pem,{START}");
        let log = |key: &str| format!("--rekor url={rekor},public-key={key}.pub,{START}{origin}");
        let logged = |key: &str| {
            let url = certificates.unwrap_or("http://nowhere.invalid");
            format!("--ctfe url={url},public-key={key}.pub,{START}")
        };
        let own = if certificates.is_some() { logged("ct") } else { String::new() };
        let root = |name: &str, parts: &[&str]| {
            let line = format!("trusted-root create {} --out trusted-root{name}.json", parts.join(" "));
            run_cosign(self.directory.path(), &line);
        };
        root("", &[&authority, &stamper, &log("log"), &own]);
        root("-no-log", &[&authority, &stamper, &own]);
        root("-no-stamps", &[&authority, &log("log"), &own]);
        root("-other-log", &[&authority, &stamper, &log("other"), &own]);
        root("-other-certificate-log", &[&authority, &stamper, &log("log"), &logged("other")]);
    }

    /// Writes down whom to ask: all, and without one part.
    fn describe_asked(&self, fulcio: &str, stamps: &str, rekor: &str, version: Rekor) {
        let number = if version == Rekor::V1 { 1 } else { 2 };
        let authority = format!("--fulcio url={fulcio},api-version=1,{START},operator=local");
        let stamper = format!(
            "--tsa url={stamps}/api/v1/timestamp,api-version=1,{START},operator=local --tsa-config ANY"
        );
        let log =
            format!("--rekor url={rekor},api-version={number},{START},operator=local --rekor-config ANY");
        for (name, parts) in
            [("", [&stamper[..], &log]), ("-no-log", [&stamper, ""]), ("-no-stamps", ["", &log])]
        {
            let line = format!(
                "signing-config create {authority} {} --out signing-config{name}.json",
                parts.join(" ")
            );
            run_cosign(self.directory.path(), &line);
        }
    }

    /// One of its files: `signing-config.json` and `trusted-root.json`, both also with `-no-log` and `-no-stamps`, and the root with
    /// `-other-log` and `-other-certificate-log`, which know a stranger's key in that place.
    pub fn file(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// The address of one of its servers, by its member in the signing configuration: `rekorTlogUrls`, `tsaUrls`.
    pub fn server(&self, member: &str) -> String {
        let config = self.directory.read("signing-config.json");
        let config: Value = serde_json::from_str(&config).expect("cosign writes JSON");
        config[member][0]["url"].as_str().expect("an address").to_owned()
    }

    /// Who issues its tokens.
    pub fn issuer(&self) -> String {
        self.issuer.url("").trim_end_matches('/').to_owned()
    }

    /// Whom its certificates name.
    pub fn identity() -> &'static str {
        "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
    }

    /// A token of the job.
    pub fn token(&self) -> String {
        issuer::token(self.directory.path(), &self.issuer())
    }

    /// Makes the command one of a job with the permission `id-token: write`.
    pub fn in_job(&self, command: Cmd) -> Cmd {
        command
            .env("ACTIONS_ID_TOKEN_REQUEST_URL", self.issuer.url("/token?api-version=2.0"))
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
            .secret(REQUEST_TOKEN)
    }

    /// Lets cosign sign as the workload, in this directory: `sign`, `attest`, `sign-blob` or `attest-blob`, and what belongs to it.
    pub fn cosign_signs(&self, directory: &Path, line: &str) {
        self.cosign_signs_by(directory, "", line);
    }

    /// The same with the servers and the root of this variant, such as `-no-stamps`.
    pub fn cosign_signs_by(&self, directory: &Path, variant: &str, line: &str) {
        let config = self.file(&format!("signing-config{variant}.json"));
        let root = self.file(&format!("trusted-root{variant}.json"));
        let token = self.token();
        let line =
            format!("{line} --yes --identity-token {token} --signing-config {config} --trusted-root {root}");
        run_cosign(directory, &line);
    }

    fn serve(&mut self, program: &str, line: &str) {
        self.serve_from(&tool(program), program, line);
    }

    fn serve_from(&mut self, path: &Path, program: &str, line: &str) {
        let log = File::create(self.directory.join(&format!("{program}.log"))).expect("a log file");
        let both = log.try_clone().expect("a second handle");
        let mut command = Command::new(path);
        command
            .args(line.split_whitespace())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(both);
        let started = command.spawn();
        self.servers.push(
            started
                .unwrap_or_else(|error| panic!("{program} is not there, see script/setup --peers: {error}")),
        );
    }

    /// What a server says once it answers.
    fn get(&self, program: &str, port: u16, path: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Some(body) = try_get(port, path) {
                return body;
            }
            let log = || self.directory.read(&format!("{program}.log"));
            assert!(begun.elapsed() < START_MAX, "{program} does not answer to {path}:\n{}", log());
            thread::sleep(START_INTERVAL);
        }
    }
}

impl Drop for Sigstore {
    fn drop(&mut self) {
        for server in &mut self.servers {
            _ = server.kill();
            _ = server.wait();
        }
    }
}

fn run_cosign(directory: &Path, line: &str) {
    let mut command = Command::new(tool("cosign"));
    command.args(line.split_whitespace()).current_dir(directory).env("HOME", directory);
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cosign is not there, see script/setup --peers: {error}"));
    assert!(output.status.success(), "cosign {line}: {}", String::from_utf8_lossy(&output.stderr));
}

fn openssl(directory: &Path, line: &str) -> Vec<u8> {
    let output = Command::new("openssl").args(line.split_whitespace()).current_dir(directory).output();
    let output = output.expect("openssl is there: script/setup installs it");
    assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Asked for and given back: none of the servers says which port it took.
fn free_port() -> u16 {
    /// The system may give a port twice: nobody listens on it until its server has started.
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind((LOCAL, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        if GIVEN.lock().expect("nobody panics with it").insert(port) {
            return port;
        }
    }
}

fn try_get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect((LOCAL, port)).ok()?;
    // By version 1.0 the answer comes in one piece and ends the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {LOCAL}:{port}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.split(' ').nth(1).filter(|status| *status == "200").map(|_| body.to_owned())
}
