//! A running version of the service, stopped when the test ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use notes::Edition;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::client::Client;
use crate::database::Database;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

pub(crate) struct Service {
    child: Child,
    log: BufReader<ChildStdout>,
    pub(crate) anyone: Client,
}

impl Service {
    /// Starts and waits for the line that names the port.
    pub(crate) fn start(edition: Edition, database: &Database) -> Self {
        let mut child = command(edition)
            .env("BIND_ADDRESS", "127.0.0.1:0")
            .env("DATABASE_URL", database.url())
            .env("SESSION_SECRET", SECRET)
            .env("CORS_ORIGINS", "https://notes.example.com")
            .env("RELEASE", "release-7")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut log = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        log.read_line(&mut line).expect("a first line");
        let line: Value = serde_json::from_str(&line).expect("JSON lines");
        let address = line["address"].as_str().unwrap_or_else(|| panic!("{line}"));
        let address = address.parse().expect("an address");
        Self { child, log, anyone: Client { address, token: None } }
    }

    /// Registers `email` and logs in.
    pub(crate) fn user(&self, email: &str) -> Client {
        let credentials = json!({ "email": email, "password": "correct horse" });
        assert_eq!(self.anyone.post("/register", &credentials).status, 201);
        self.login(email)
    }

    /// Logs in whoever is registered already.
    pub(crate) fn login(&self, email: &str) -> Client {
        let login = self.anyone.post("/login", &json!({ "email": email, "password": "correct horse" }));
        assert_eq!(login.status, 200, "{}", login.text);
        let token = login.json()["token"].as_str().expect("a token").to_owned();
        Client { token: Some(token), ..self.anyone.clone() }
    }

    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it runs");
    }

    /// How it ended, and the rest of its log.
    pub(crate) fn ended(mut self) -> (ExitStatus, Vec<Value>) {
        let lines = (&mut self.log)
            .lines()
            .map(|line| serde_json::from_str(&line.expect("text")).expect("JSON lines"));
        let lines = lines.collect();
        (self.child.wait().expect("a status"), lines)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Either fails only if it has ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The binary of one version with an empty environment.
pub(crate) fn command(edition: Edition) -> Command {
    let mut command = Command::new(match edition {
        Edition::V1 => env!("CARGO_BIN_EXE_notes-v1"),
        Edition::V2 => env!("CARGO_BIN_EXE_notes-v2"),
        Edition::V3 => env!("CARGO_BIN_EXE_notes-v3"),
    });
    command.env_clear();
    command
}
