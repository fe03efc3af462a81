//! Other programs, run as argument arrays with a deadline and a limit on what they print; never through a shell.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    io::{self, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{
    failure::{Code, Failure, Kind},
    signals,
};

/// How much of each stream is kept, in bytes; the rest is read and dropped, so that the program is not blocked.
const STREAM_BYTES_MAX: usize = 8 << 20;
/// How much is read at a time, in bytes.
const CHUNK_BYTES: usize = 16 << 10;
/// How long a stream must be silent after the program's end before it counts as ended.
const SILENCE: Duration = Duration::from_millis(500);
/// How long a stream is read after the program's end at most.
const DRAIN: Duration = Duration::from_secs(3);
/// How long a program has where nothing else is said.
const LIMIT: Duration = Duration::from_mins(1);
/// How long after a polite signal the program and its children are killed.
const GRACE: Duration = Duration::from_secs(5);

/// A program to run.
pub struct Program {
    command: Command,
    name: String,
    limit: Duration,
}

/// What a program left.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// Whether it ended with 0.
    pub fn is_success(&self) -> bool {
        self.status == Some(0)
    }

    /// Standard output as text, what is no UTF-8 replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }

    /// Both streams as text, for relaying.
    pub fn all_text(&self) -> String {
        self.text().into_owned() + &String::from_utf8_lossy(&self.stderr)
    }
}

/// A program could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It is not there, or may not be executed.
    #[error("cannot start `{name}`")]
    NotStarted {
        /// The program.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long and was ended with its children.
    #[error("`{name}` was ended after {} s", .limit.as_secs())]
    Deadline {
        /// The program.
        name: String,
        /// How long it had.
        limit: Duration,
    },
    /// We were asked to end, and ended it too.
    #[error("`{0}` was ended because this run was interrupted")]
    Interrupted(String),
}

impl Failure for ProcessError {
    fn code(&self) -> Code {
        match self {
            Self::NotStarted { .. } => Code::new("program-not-started"),
            Self::Deadline { .. } => Code::new("program-deadline"),
            Self::Interrupted(_) => Code::new("interrupted"),
        }
    }

    fn kind(&self) -> Kind {
        Kind::World
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::NotStarted { .. } => "check that it is installed, executable and on PATH",
            Self::Deadline { .. } => "find out what it waits for, or give it more time",
            Self::Interrupted(_) => "run the same command again: it continues where this run stopped",
        }
        .into()
    }
}

impl Program {
    /// A program by name or path.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        Self { command, name: program.as_ref().to_string_lossy().into_owned(), limit: LIMIT }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable beside the inherited ones.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts from an empty environment; call it before [`Program::env`].
    #[must_use]
    pub fn only_env(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.command.env_clear().envs(variables);
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn dir(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Sets the deadline.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end, its deadline or our interruption. Its status is the caller's to judge.
    pub fn output(mut self) -> Result<Finished, ProcessError> {
        let not_started = |source| ProcessError::NotStarted { name: self.name.clone(), source };
        let mut child = self.command.spawn().map_err(not_started)?;
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        let status = wait(&mut child, &self.name, self.limit);
        if status.is_err() {
            end(&mut child);
        }
        let status = status?;
        let text = |stream: Option<Collected>| stream.map(Collected::take).unwrap_or_default();
        Ok(Finished { status: status.code(), stdout: text(stdout), stderr: text(stderr) })
    }
}

/// A stream that is read as the program writes it.
struct Collected {
    kept: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

fn collect(mut stream: impl Read + Send + 'static) -> Collected {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&kept);
    let reader = thread::spawn(move || {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            match stream.read(&mut chunk) {
                Ok(0) => return,
                Ok(length) => {
                    let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    let room = STREAM_BYTES_MAX.saturating_sub(kept.len());
                    kept.extend_from_slice(&chunk[..length.min(room)]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A stream that breaks off has told what it had to tell.
                Err(_) => return,
            }
        }
    });
    Collected { kept, reader }
}

impl Collected {
    /// What was written. A daemon that the program left behind may hold the stream open for ever: it is waited for until it falls silent,
    /// and not for long if it never does.
    fn take(self) -> Vec<u8> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = Instant::now();
        let (mut seen, mut since) = (0, ended);
        while !self.reader.is_finished() && since.elapsed() < SILENCE && ended.elapsed() < DRAIN {
            let length = kept().len();
            if length != seen {
                (seen, since) = (length, Instant::now());
            }
            thread::sleep(Duration::from_micros(500));
        }
        std::mem::take(&mut *kept())
    }
}

fn wait(child: &mut Child, name: &str, limit: Duration) -> Result<std::process::ExitStatus, ProcessError> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if signals::asked() => return Err(ProcessError::Interrupted(name.to_owned())),
            Ok(None) if begun.elapsed() >= limit => {
                return Err(ProcessError::Deadline { name: name.to_owned(), limit });
            }
            Ok(None) => thread::sleep(pause),
            Err(source) => return Err(ProcessError::NotStarted { name: name.to_owned(), source }),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Asks the whole process group to end, then makes it.
fn end(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    _ = kill_process_group(group, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < GRACE && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(Duration::from_millis(10));
    }
    _ = kill_process_group(group, Signal::KILL);
    _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_streams_come_back() {
        let done = Program::new("sh").args(["-c", "echo out; echo err >&2; exit 7"]).output().unwrap();
        assert_eq!(
            (done.status, done.text().as_ref(), done.stderr.as_slice()),
            (Some(7), "out\n", &b"err\n"[..])
        );
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let begun = Instant::now();
        let hanging = Program::new("sh").args(["-c", "sleep 60 & wait"]).limit(Duration::from_millis(50));
        let error = hanging.output().unwrap_err();
        assert_eq!(error.code().as_str(), "program-deadline");
        assert!(begun.elapsed() < GRACE);
    }

    #[test]
    fn a_daemon_that_holds_the_streams_open_is_not_waited_for() {
        let begun = Instant::now();
        let done = Program::new("sh").args(["-c", "sleep 5 & echo started"]).output().unwrap();
        assert_eq!(done.text(), "started\n");
        assert!(begun.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn a_daemon_that_goes_on_writing_was_once_listened_to_until_it_ended() {
        let begun = Instant::now();
        let chatty = "{ for i in $(seq 80); do echo $i; sleep 0.1; done; } & echo started";
        let done = Program::new("sh").args(["-c", chatty]).output().unwrap();
        assert!(done.text().contains("started\n"));
        assert!(begun.elapsed() < Duration::from_secs(6));
    }

    #[test]
    fn an_argument_is_never_a_command() {
        let done = Program::new("printf").args(["%s", "$(touch pwned); `id`"]).output().unwrap();
        assert_eq!(done.text(), "$(touch pwned); `id`");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Program::new("no-such-program").output().unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-program`");
    }
}
