//! Other programs, run as argument arrays with a deadline and a limit on what they print; never through a shell.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
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
    input: Vec<u8>,
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
        /// What it had printed until then.
        printed: String,
    },
    /// We were asked to end, and ended it too.
    #[error("`{name}` was ended because this run was interrupted")]
    Interrupted {
        /// The program.
        name: String,
        /// What it had printed until then.
        printed: String,
    },
}

impl ProcessError {
    /// What the program had printed when it was ended: why it hung, often.
    pub fn printed(&self) -> &str {
        match self {
            Self::NotStarted { .. } => "",
            Self::Deadline { printed, .. } | Self::Interrupted { printed, .. } => printed,
        }
    }
}

impl Failure for ProcessError {
    fn code(&self) -> Code {
        match self {
            Self::NotStarted { .. } => Code::new("program-not-started"),
            Self::Deadline { .. } => Code::new("program-deadline"),
            Self::Interrupted { .. } => Code::new("interrupted"),
        }
    }

    fn kind(&self) -> Kind {
        Kind::World
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::NotStarted { .. } => "check that it is installed, executable and on PATH",
            Self::Deadline { .. } => "find out what it waits for, or give it more time",
            Self::Interrupted { .. } => "run the same command again: it continues where this run stopped",
        }
        .into()
    }
}

impl Program {
    /// A program by name or path.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        Self {
            command,
            name: program.as_ref().to_string_lossy().into_owned(),
            limit: LIMIT,
            input: Vec::new(),
        }
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

    /// What it reads from standard input; without this it reads nothing.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self.command.stdin(Stdio::piped());
        self
    }

    /// The file it reads as standard input, of whatever size. It holds it open until its end, and with it a lock on it.
    #[must_use]
    pub fn input_file(mut self, file: File) -> Self {
        self.command.stdin(file);
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
        let (name, limit) = (self.name, self.limit);
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(source) => return Err(ProcessError::NotStarted { name, source }),
        };
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read all of its input has its reasons; one that reads none must not hold us up.
            thread::spawn(move || stdin.write_all(&self.input));
        }
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        let ended = wait(&mut child, limit);
        if !matches!(ended, Ended::Itself(_)) {
            end(&mut child);
        }
        let take = |stream: Option<Collected>| stream.map(Collected::take).unwrap_or_default();
        let mut finished = Finished { status: None, stdout: take(stdout), stderr: take(stderr) };
        match ended {
            Ended::Itself(status) => {
                finished.status = status.code();
                Ok(finished)
            }
            Ended::AtDeadline => Err(ProcessError::Deadline { name, limit, printed: finished.all_text() }),
            Ended::Interrupted => Err(ProcessError::Interrupted { name, printed: finished.all_text() }),
            Ended::Unknown(source) => Err(ProcessError::NotStarted { name, source }),
        }
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

/// How a program came to its end, or must.
enum Ended {
    Itself(ExitStatus),
    AtDeadline,
    Interrupted,
    /// The system lost track of it.
    Unknown(io::Error),
}

fn wait(child: &mut Child, limit: Duration) -> Ended {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ended::Itself(status),
            Ok(None) if signals::asked() => return Ended::Interrupted,
            Ok(None) if begun.elapsed() >= limit => return Ended::AtDeadline,
            Ok(None) => thread::sleep(pause),
            Err(source) => return Ended::Unknown(source),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Asks the whole process group to end, then makes it.
fn end(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    signals::held_off(|hurry| {
        _ = kill_process_group(group, Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < GRACE && !hurry() && matches!(child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(10));
        }
        _ = kill_process_group(group, Signal::KILL);
        _ = child.wait();
    });
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
    fn input_is_read_to_its_end_or_ignored() {
        let long = vec![b'x'; 1 << 20];
        let done = Program::new("wc").arg("-c").input(long.clone()).output().unwrap();
        assert_eq!(done.text().trim(), "1048576");
        assert!(Program::new("true").input(long).output().unwrap().is_success());
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let begun = Instant::now();
        let hanging = Program::new("sh").args(["-c", "echo waiting for the lock; sleep 60 & wait"]);
        let error = hanging.limit(Duration::from_millis(200)).output().unwrap_err();
        assert_eq!(error.code().as_str(), "program-deadline");
        assert_eq!(error.printed(), "waiting for the lock\n");
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
    fn a_lock_ends_with_the_program_that_holds_it() {
        let path = std::env::temp_dir().join(format!("ci-holds-{}", std::process::id()));
        let file = File::create(&path).unwrap();
        file.try_lock().unwrap();
        let other = File::open(&path).unwrap();
        let held = thread::spawn(|| Program::new("sleep").arg("0.3").input_file(file).output().unwrap());
        thread::sleep(Duration::from_millis(100));
        assert!(other.try_lock().is_err());
        assert!(held.join().unwrap().is_success());
        other.try_lock().unwrap();
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Program::new("no-such-program").output().unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-program`");
    }
}
