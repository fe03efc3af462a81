//! A child process that is watched: its streams, its end, its time; knows nothing of runners or transcripts.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, kill_process, kill_process_group};

/// How long a stream may stay open after the child has ended: longer means that a grandchild holds it.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(2);

/// The signals that a runner, a terminal and the kernel send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C, and the first thing a cancelled runner sends.
    Interrupt,
    /// SIGTERM: what a runner sends 7.5 seconds later.
    Terminate,
    /// SIGKILL: what nobody can catch.
    Kill,
}

impl From<Signal> for rustix::process::Signal {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::INT,
            Signal::Terminate => Self::TERM,
            Signal::Kill => Self::KILL,
        }
    }
}

/// What a child left behind. A status of 128 + n means that signal n ended it, as a shell would say.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Why this run counts for nothing, if it does.
    pub(crate) trouble: Option<String>,
}

/// What a child gets, and for how long it may run.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    pub(crate) stdin: Option<&'a [u8]>,
    pub(crate) timeout: Duration,
    /// Each signal is sent when its text has appeared on either stream, one after the other.
    pub(crate) signals: &'a [(String, Signal)],
}

#[derive(Default)]
struct Seen {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    open: usize,
    status: Option<i32>,
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// Runs the command to its end, in a process group of its own.
pub(crate) fn watch(command: &mut Command, watch: &Watch<'_>) -> Finished {
    let stdin = if watch.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
    let spawned = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            return Finished {
                status: 127,
                trouble: Some(format!("it could not be started: {error}")),
                ..Finished::default()
            };
        }
    };
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a child has a positive pid");
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), watch.stdin) {
        let bytes = bytes.to_vec();
        // A child that ends without reading its input is no fault of this thread.
        thread::spawn(move || drop(pipe.write_all(&bytes)));
    }
    let shared: Shared = Arc::new((Mutex::new(Seen { open: 2, ..Seen::default() }), Condvar::new()));
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    follow(stdout, Arc::clone(&shared), |seen| &mut seen.stdout);
    follow(stderr, Arc::clone(&shared), |seen| &mut seen.stderr);
    let waiter = Arc::clone(&shared);
    thread::spawn(move || {
        let status = child
            .wait()
            .map_or(-1, |status| status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)));
        lock(&waiter).status = Some(status);
        waiter.1.notify_all();
    });
    until_the_end(&shared, pid, watch)
}

fn follow(mut pipe: impl Read + Send + 'static, shared: Shared, stream: fn(&mut Seen) -> &mut Vec<u8>) {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            stream(&mut lock(&shared)).extend_from_slice(&buffer[..count]);
            shared.1.notify_all();
        }
        lock(&shared).open -= 1;
        shared.1.notify_all();
    });
}

fn lock(shared: &Shared) -> MutexGuard<'_, Seen> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn until_the_end(shared: &Shared, pid: Pid, watch: &Watch<'_>) -> Finished {
    let mut deadline = Instant::now() + watch.timeout;
    let mut ended = false;
    let mut trouble = None;
    let mut signals = watch.signals.iter();
    let mut next = signals.next();
    let mut seen = lock(shared);
    loop {
        let due =
            |(text, _): &&(String, Signal)| contains(&seen.stdout, text) || contains(&seen.stderr, text);
        if let Some((_, signal)) = next.filter(due)
            && seen.status.is_none()
        {
            let _ = kill_process(pid, (*signal).into());
            next = signals.next();
            continue;
        }
        if seen.status.is_some() && !ended {
            ended = true;
            deadline = Instant::now() + LEFT_BEHIND_AFTER;
        }
        if seen.status.is_some() && seen.open == 0 {
            break;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            if trouble.is_some() {
                break;
            }
            trouble = Some(if ended {
                "it left a process behind that holds its output open".to_owned()
            } else {
                format!("it was still running after {:?}", watch.timeout)
            });
            let _ = kill_process_group(pid, rustix::process::Signal::KILL);
            deadline = Instant::now() + LEFT_BEHIND_AFTER;
            continue;
        }
        seen = shared.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
    }
    if let (None, Some((text, signal))) = (&trouble, next) {
        trouble = Some(format!("it ended before {signal:?} could be sent at {text:?}"));
    }
    Finished {
        status: seen.status.unwrap_or(-1),
        stdout: std::mem::take(&mut seen.stdout),
        stderr: std::mem::take(&mut seen.stderr),
        trouble,
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
