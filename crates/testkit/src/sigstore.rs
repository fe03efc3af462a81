//! A whole private Sigstore on this machine: Fulcio, Rekor v2, a timestamp authority, all real, and an issuer of tokens like GitHub's; started
//! once a test, one at a time on a machine. Never the public instance.

use std::{
    env,
    fs::File,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

use crate::{
    Cmd, Scratch,
    http::{Reply, Request, Server},
    tools::tool,
};

/// How long a server may take to start.
const START_MAX: Duration = Duration::from_secs(30);
/// How often it is asked.
const START_INTERVAL: Duration = Duration::from_millis(50);
/// When its keys began to be valid, for the trusted root.
const START: &str = "start-time=2020-01-01T00:00:00Z";
/// What the token of a job asks for its identity token with.
const REQUEST_TOKEN: &str = "the-token-of-the-job";

/// The servers, ended when dropped, and their files.
#[derive(Debug)]
pub struct Sigstore {
    directory: Scratch,
    servers: Vec<Child>,
    issuer: Server,
    /// The timestamp authority counts for its metrics on a port that no flag changes: there can be one on a machine.
    _turn: File,
}

impl Sigstore {
    /// Starts all of it.
    pub fn start() -> Self {
        let turn = File::create(env::temp_dir().join("seaworthy-sigstore.lock")).expect("a lock file");
        flock(&turn, FlockOperation::LockExclusive).expect("the lock");
        let directory = Scratch::new();
        openssl(
            directory.path(),
            &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "token.key"],
        );
        openssl(directory.path(), &["genpkey", "-algorithm", "ED25519", "-out", "log.key"]);
        openssl(directory.path(), &["pkey", "-in", "log.key", "-pubout", "-out", "log.pub"]);
        let issuer = issuer(directory.path().to_owned());
        let [fulcio, rekor, stamps] = [free_port(), free_port(), free_port()];
        let mut bed = Self { directory, servers: Vec::new(), issuer, _turn: turn };
        bed.serve_fulcio(fulcio);
        bed.serve_rekor(rekor);
        bed.serve_timestamps(stamps);
        bed.describe(fulcio, rekor, stamps);
        bed
    }

    fn serve_fulcio(&mut self, port: u16) {
        let issuer = self.issuer();
        let config = format!(
            "oidc-issuers:\n  {issuer}:\n    issuer-url: {issuer}\n    client-id: sigstore\n    type: github-workflow\n"
        );
        self.directory.file("fulcio.yaml", config);
        let (port, grpc, metrics) = (port.to_string(), free_port().to_string(), free_port().to_string());
        self.serve(
            "fulcio",
            &[
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                &port,
                "--grpc-host",
                "127.0.0.1",
                "--grpc-port",
                &grpc,
                "--metrics-port",
                &metrics,
                "--ca",
                "ephemeralca",
                "--ct-log-url",
                "",
                "--legacy-unix-domain-socket",
                &format!("@fulcio-{port}"),
                "--config-path",
                "fulcio.yaml",
            ],
        );
    }

    fn serve_rekor(&mut self, port: u16) {
        let (port, grpc, metrics) = (port.to_string(), free_port().to_string(), free_port().to_string());
        let tiles = self.directory.join("tiles").display().to_string();
        // The name of the log is the host of its address without the port, or its checkpoints do not verify.
        self.serve(
            "rekor-server",
            &[
                "serve",
                "--hostname",
                "127.0.0.1",
                "--http-port",
                &port,
                "--grpc-port",
                &grpc,
                "--http-metrics-port",
                &metrics,
                "--storage-dir",
                &tiles,
                "--signer-filepath",
                "log.key",
                "--checkpoint-interval",
                "200ms",
            ],
        );
    }

    fn serve_timestamps(&mut self, port: u16) {
        let port = port.to_string();
        self.serve(
            "timestamp-server",
            &[
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                &port,
                "--scheme",
                "http",
                "--timestamp-signer",
                "memory",
                "--disable-ntp-monitoring",
            ],
        );
    }

    /// Waits for the servers and writes down whom to ask and whom to believe: with the log, and without.
    fn describe(&self, fulcio: u16, rekor: u16, stamps: u16) {
        let bundle: Value = serde_json::from_str(&self.get("fulcio", fulcio, "/api/v2/trustBundle"))
            .expect("Fulcio writes JSON");
        let chain = bundle["chains"][0]["certificates"].as_array().expect("a chain");
        let chain: Vec<&str> = chain.iter().filter_map(Value::as_str).collect();
        self.directory.file("fulcio.pem", chain.join("\n"));
        self.directory
            .file("stamps.pem", self.get("timestamp-server", stamps, "/api/v1/timestamp/certchain"));
        self.get("rekor-server", rekor, "/healthz");
        let [fulcio, rekor, stamps] =
            [fulcio, rekor, stamps].map(|port| format!("url=http://127.0.0.1:{port}"));
        let authority = format!("{fulcio},certificate-chain=fulcio.pem,{START}");
        let stamper = format!("{stamps}/api/v1/timestamp,certificate-chain=stamps.pem,{START}");
        let log = format!("{rekor},public-key=log.pub,{START},origin=127.0.0.1");
        let root = ["trusted-root", "create", "--fulcio", &authority, "--tsa", &stamper];
        self.cosign(&[&root[..], &["--rekor", &log, "--out", "trusted-root.json"]].concat());
        self.cosign(&[&root[..], &["--out", "trusted-root-no-log.json"]].concat());
        let authority = format!("{fulcio},api-version=1,{START},operator=local");
        let stamper = format!("{stamps}/api/v1/timestamp,api-version=1,{START},operator=local");
        let log = format!("{rekor},api-version=2,{START},operator=local");
        let config =
            ["signing-config", "create", "--fulcio", &authority, "--tsa", &stamper, "--tsa-config", "ANY"];
        self.cosign(
            &[&config[..], &["--rekor", &log, "--rekor-config", "ANY", "--out", "signing-config.json"]]
                .concat(),
        );
        self.cosign(&[&config[..], &["--out", "signing-config-no-log.json"]].concat());
    }

    /// One of its files: `signing-config.json`, `trusted-root.json`, and both `-no-log.json`.
    pub fn file(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
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
        token(self.directory.path(), &self.issuer())
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
        let token = self.token();
        let (config, root) = (self.file("signing-config.json"), self.file("trusted-root.json"));
        let as_workload =
            ["--yes", "--identity-token", &token, "--signing-config", &config, "--trusted-root", &root];
        let words: Vec<&str> = line.split_whitespace().chain(as_workload).collect();
        run_cosign(directory, &words);
    }

    fn serve(&mut self, program: &str, arguments: &[&str]) {
        let log = File::create(self.directory.join(&format!("{program}.log"))).expect("a log file");
        let both = log.try_clone().expect("a second handle");
        let mut command = Command::new(tool(program));
        command
            .args(arguments)
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

    fn cosign(&self, arguments: &[&str]) {
        run_cosign(self.directory.path(), arguments);
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

fn run_cosign(directory: &Path, arguments: &[&str]) {
    let mut command = Command::new(tool("cosign"));
    command.args(arguments).current_dir(directory).env("HOME", directory);
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cosign is not there, see script/setup --peers: {error}"));
    assert!(output.status.success(), "cosign {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Answers as GitHub's issuer does, and as the endpoint that gives a job its token.
fn issuer(directory: PathBuf) -> Server {
    let modulus = openssl(&directory, &["rsa", "-in", "token.key", "-noout", "-modulus"]);
    let hex = String::from_utf8_lossy(&modulus).trim().trim_start_matches("Modulus=").to_owned();
    let digits: Vec<u8> =
        (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect();
    let key =
        json!({"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": base64url(&digits), "e": "AQAB"});
    Server::answer(move |request: &Request| {
        let host = request.header("host").unwrap_or_default();
        let own = format!("http://{host}");
        if request.target.starts_with("/token") {
            let bearer = format!("Bearer {REQUEST_TOKEN}");
            let asked =
                request.target.contains("audience=sigstore") && request.target.contains("api-version=2.0");
            return match request.header("authorization") {
                Some(shown) if shown == bearer && asked => {
                    Reply::json(&json!({"value": token(&directory, &own)}).to_string())
                }
                _ => Reply::status(401),
            };
        }
        if request.target.contains("openid-configuration") {
            return Reply::json(
                &json!({
                    "issuer": own, "jwks_uri": format!("{own}/jwks"), "authorization_endpoint": format!("{own}/a"),
                    "token_endpoint": format!("{own}/t"), "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
                })
                .to_string(),
            );
        }
        Reply::json(&json!({"keys": [key]}).to_string())
    })
}

/// A token with the claims that GitHub makes.
fn token(directory: &Path, issuer: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let workflow = "acme/app/.github/workflows/release.yml@refs/heads/main";
    let sha = "a".repeat(40);
    let claims = json!({
        "iss": issuer, "aud": "sigstore", "sub": "repo:acme/app:ref:refs/heads/main", "iat": now, "nbf": now,
        "exp": now + 600, "event_name": "push", "sha": sha, "workflow": "release", "repository": "acme/app",
        "ref": "refs/heads/main", "job_workflow_ref": workflow, "job_workflow_sha": sha,
        "runner_environment": "github-hosted", "repository_id": "1", "repository_owner": "acme",
        "repository_owner_id": "2", "workflow_ref": workflow, "workflow_sha": sha, "run_id": "1",
        "run_attempt": "1", "repository_visibility": "public",
    });
    let head = json!({"alg": "RS256", "kid": "1", "typ": "JWT"});
    let signed =
        format!("{}.{}", base64url(head.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-sign", "token.key"]).current_dir(directory);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("openssl is there: script/setup");
    child.stdin.take().expect("a pipe").write_all(signed.as_bytes()).expect("openssl reads");
    let signature = child.wait_with_output().expect("openssl ends").stdout;
    format!("{signed}.{}", base64url(&signature))
}

fn openssl(directory: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output();
    let output = output.expect("openssl is there: script/setup installs it");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// RFC 4648, section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |three: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        (0..=three.len())
            .map(move |digit| char::from(ALPHABET[(bits >> (18 - 6 * digit) & 63) as usize]))
            .collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// Asked for and given back: none of the servers says which port it took.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

fn try_get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    // By version 1.0 the answer comes in one piece and ends the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.split(' ').nth(1).filter(|status| *status == "200").map(|_| body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn base64url_is_as_in_the_specification() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")] {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
