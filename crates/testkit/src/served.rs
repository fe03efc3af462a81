//! Real registries on this machine, each on a port of its own, ended with the test; never a stand-in.

use std::{
    env,
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{Scratch, tools::tool};

/// How long a registry may take to listen.
const START_MAX: Duration = Duration::from_secs(20);

/// A program that listens on a port.
pub struct Served {
    child: Child,
    port: u16,
    directory: Scratch,
}

impl Served {
    /// go-containerregistry's: no `Location` and no `OCI-Subject` where others have them.
    pub fn crane() -> Self {
        Self::start(|directory, port| {
            let mut command = Command::new(tool("crane"));
            command.args(["registry", "serve", "--address", &format!("127.0.0.1:{port}"), "--disk"]);
            command.arg(directory);
            command
        })
    }

    /// cuelabs' ociserver: with the referrers API of the distribution specification 1.1 (tests/referrers-registry).
    pub fn cuelabs() -> Self {
        Self::start(|_, port| {
            let mut command = Command::new(tool("referrers-registry"));
            command.arg(format!("127.0.0.1:{port}"));
            command
        })
    }

    /// Debian's docker-registry: no referrers API. `auth` is the section of that name of its configuration.
    pub fn docker(auth: &str) -> Self {
        Self::start(|directory, port| {
            let root = directory.join("data");
            let text = format!(
                "version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n{auth}",
                root.display()
            );
            configured("docker-registry", &["serve"], directory, &text)
        })
    }

    /// nginx in front of another registry; `rules` belong to the server, and `up` is the registry's address.
    pub fn nginx(rules: &str, up: &str) -> Self {
        Self::start(|directory, port| {
            let text = format!(
                "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;
                events {{}}
                http {{
                    access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;
                    fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
                    limit_req_zone $server_addr zone=all:1m rate=1r/s;
                    server {{
                        listen 127.0.0.1:{port}; proxy_set_header Host $http_host; proxy_http_version 1.1;
                        {rules}
                        location / {{ proxy_pass http://{up}; }}
                    }}
                }}",
                directory.display()
            );
            configured("nginx", &["-c"], directory, &text)
        })
    }

    /// A port that is free now may be taken a moment later: then it is another one's turn.
    fn start(command: impl Fn(&Path, u16) -> Command) -> Self {
        let tried = Self::try_start(&command).or_else(|_| Self::try_start(&command));
        tried.unwrap_or_else(|log| panic!("the program ended before it listened: {log}"))
    }

    fn try_start(command: impl Fn(&Path, u16) -> Command) -> Result<Self, String> {
        let directory = Scratch::new();
        let path = directory.join("served");
        fs::create_dir_all(&path).expect("a scratch directory can be written");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a port is free")
            .port();
        let mut command = command(&path, port);
        let log = File::create(path.join("log")).expect("a scratch directory can be written");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("an open file")).stderr(log);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn();
        let child = child.unwrap_or_else(|_| panic!("{program} is not installed: run script/setup"));
        let mut served = Self { child, port, directory };
        let began = Instant::now();
        loop {
            if served.child.try_wait().expect("our own child").is_some() {
                return Err(served.log());
            }
            if TcpStream::connect(served.authority()).is_ok() {
                return Ok(served);
            }
            assert!(began.elapsed() < START_MAX, "{program} does not listen: {}", served.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> String {
        let log = self.directory.join("served/log");
        fs::read_to_string(log).unwrap_or_default()
    }

    /// `127.0.0.1:<port>`.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configured(program: &str, arguments: &[&str], directory: &Path, text: &str) -> Command {
    let path = directory.join("config");
    fs::write(&path, text).expect("a scratch directory can be written");
    // nginx is installed where only root's PATH looks.
    let path_of = env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let found = path_of.split(':').map(|place| Path::new(place).join(program)).find(|place| place.exists());
    let mut command = Command::new(found.unwrap_or_else(|| program.into()));
    command.args(arguments).arg(&path).env("OTEL_TRACES_EXPORTER", "none");
    command
}
