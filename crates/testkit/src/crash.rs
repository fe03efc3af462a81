//! Kills a binary at each of its writes and runs it again: the end must be the same; needs no hooks in the code, only
//! strace. A killed process keeps what it wrote, so this is not a power cut.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::command::Cmd;
use crate::run::Run;
use crate::scratch::Scratch;
use crate::trace::{self, Point, Reach};
use crate::tree::Tree;

/// More points than this are thinned out evenly.
pub const POINTS_MAX: usize = 400;

const STRACE: &str = "/usr/bin/strace";

type Make<'a> = Box<dyn Fn() -> (Scratch, Cmd) + 'a>;
type OnWreck<'a> = Box<dyn Fn(&Scratch) + 'a>;
type Same<'a> = Box<dyn Fn(&Scratch, &Scratch) + 'a>;
type Normal<'a> = Box<dyn Fn(&str, Vec<u8>) -> Vec<u8> + 'a>;

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Calls of the undisturbed run that change something.
    pub found: usize,
    /// Runs that were killed at one of them.
    pub killed: usize,
    /// Runs that ended without reaching theirs, because threads raced; they had to succeed.
    pub missed: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} crash points found, {} killed, {} missed", self.found, self.killed, self.missed)
    }
}

/// Kills what `make` makes at each of its writes and runs it again; `check` looks at each wreck before that.
///
/// # Panics
/// If there was nothing to kill, a second run fails, or its end differs from that of an undisturbed run.
#[track_caller]
pub fn at_every_write(make: impl Fn() -> (Scratch, Cmd), check: impl Fn(&Scratch)) -> Report {
    Crash::of(make).wreck(check).run()
}

/// A crash test with its options.
pub struct Crash<'a> {
    make: Make<'a>,
    wreck: OnWreck<'a>,
    same: Same<'a>,
    normal: Normal<'a>,
    except: Vec<&'a str>,
    points_max: usize,
}

impl<'a> Crash<'a> {
    /// `make` gives a new directory and the command that works in it; both must not depend on anything else.
    pub fn of(make: impl Fn() -> (Scratch, Cmd) + 'a) -> Self {
        Self {
            make: Box::new(make),
            wreck: Box::new(|_| ()),
            same: Box::new(|_, _| ()),
            normal: Box::new(|_, bytes| bytes),
            except: Vec::new(),
            points_max: POINTS_MAX,
        }
    }

    /// Looks at the directory just after the kill: what must hold even there, such as "absent or whole".
    #[must_use]
    pub fn wreck(mut self, check: impl Fn(&Scratch) + 'a) -> Self {
        self.wreck = Box::new(check);
        self
    }

    /// Compares more than bytes: gets the goal and what was reached, and panics if they differ. For databases.
    #[must_use]
    pub fn same(mut self, check: impl Fn(&Scratch, &Scratch) + 'a) -> Self {
        self.same = Box::new(check);
        self
    }

    /// Evens out what may differ in a file: gets its path and bytes. The directory's own path is evened out already.
    #[must_use]
    pub fn normalising(mut self, change: impl Fn(&str, Vec<u8>) -> Vec<u8> + 'a) -> Self {
        self.normal = Box::new(change);
        self
    }

    /// Leaves out paths (patterns of [`Tree::read`]): backups with a time in their name, lock files, databases.
    #[must_use]
    pub fn except(mut self, patterns: &[&'a str]) -> Self {
        self.except.extend(patterns);
        self
    }

    /// Tries at most this many points, spread evenly.
    #[must_use]
    pub fn at_most(mut self, points: usize) -> Self {
        self.points_max = points;
        self
    }

    /// Runs the whole test and prints how many points were tried.
    ///
    /// # Panics
    /// As [`at_every_write`].
    #[track_caller]
    pub fn run(self) -> Report {
        let (goal, command) = (self.make)();
        let (undisturbed, record) = under_strace(&command, None);
        assert!(undisturbed.status == 0, "the undisturbed run fails\n{}", undisturbed.transcript());
        let points = trace::points(&record);
        assert!(!points.is_empty(), "no crash point: the run writes nothing\n{}", undisturbed.transcript());
        let wanted = self.tree(&goal);
        let again = command.run().succeeds();
        self.arrives(&goal, &goal, &wanted, "a second run after an undisturbed one", &again);

        let mut report = Report { found: points.len(), killed: 0, missed: 0 };
        let stride = points.len().div_ceil(self.points_max.max(1));
        for point in points.iter().step_by(stride) {
            let (scratch, command) = (self.make)();
            let (run, record) = under_strace(&command, Some(point));
            if trace::was_killed(&record) {
                report.killed += 1;
            } else {
                assert!(run.status == 0, "not killed at {}, and fails\n{}", point.shown, run.transcript());
                report.missed += 1;
            }
            (self.wreck)(&scratch);
            let again = command.run_unchecked();
            let moment =
                format!("a run after one killed at {} number {}: {}", point.call, point.nth, point.shown);
            assert!(
                again.status == 0,
                "{moment}\nfails\n{}\nleft by the kill:\n{}",
                again.transcript(),
                self.tree(&scratch)
            );
            self.arrives(&goal, &scratch, &wanted, &moment, &again);
        }
        assert!(report.killed > 0, "no run was killed: {report}");
        println!("{report}");
        report
    }

    fn tree(&self, scratch: &Scratch) -> Tree {
        let here = scratch.path().display().to_string();
        scratch
            .tree(&self.except)
            .map_files(|path, bytes| (self.normal)(path, replace(&bytes, here.as_bytes(), b"[DIR]")))
    }

    #[track_caller]
    fn arrives(&self, goal: &Scratch, scratch: &Scratch, wanted: &Tree, moment: &str, run: &Run) {
        let difference = wanted.difference(&self.tree(scratch));
        assert!(
            difference.is_empty(),
            "{moment}\ndoes not arrive at the goal:\n{difference}\n{}",
            run.transcript()
        );
        (self.same)(goal, scratch);
    }
}

/// Runs the command under strace, killed at `point` if there is one, and gives back strace's record.
fn under_strace(command: &Cmd, point: Option<&Point>) -> (Run, String) {
    assert!(Path::new(STRACE).exists(), "crash tests need strace: apt-get install strace, or script/setup");
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let record = dir.path().join("record");
    let mut words: Vec<OsString> =
        [STRACE, "-q", "-y", "-e", "signal=none", "-o"].map(OsString::from).to_vec();
    words.push(record.clone().into_os_string());
    if point.is_none_or(|point| point.reach == Reach::First) {
        words.push("-f".into());
    }
    let calls = point.map_or(trace::MUTATING, |point| point.call.as_str());
    words.extend(["-e".into(), format!("trace={calls}").into()]);
    if let Some(point) = point {
        // The signal arrives as the call is entered, and a killed thread never performs it.
        words.extend(["-e".into(), format!("inject={}:signal=KILL:when={}", point.call, point.nth).into()]);
    }
    words.push("--".into());
    let run = command.run_under(&words);
    // Whoever is killed alone leaves its children behind, and they are ended with its process group.
    let alone = point.is_some_and(|point| point.reach == Reach::Alone);
    assert!(alone || run.trouble().is_none(), "{}\n{}", run.trouble().unwrap_or_default(), run.transcript());
    let record = fs::read_to_string(&record)
        .unwrap_or_else(|error| panic!("strace left no record: {error}\n{}", run.transcript()));
    (run, record)
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}
