//! The table of bad input that every binary must meet with a clear refusal and an untouched disk; knows no binary.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::command::{Cmd, bin};
use crate::fixtures;
use crate::log::Level;
use crate::run::Run;
use crate::scratch::Scratch;

/// A screen, as `--help` must fit it.
pub const HELP_LINES_MAX: usize = 40;
/// A screen, as `--help` must fit it.
pub const HELP_COLUMNS_MAX: usize = 100;
/// Sanity, not a benchmark: an unoptimised binary on a busy machine still starts within this.
pub const STARTUP_MAX: Duration = Duration::from_millis(500);
/// However bad its input is, a binary says so within this.
const REFUSAL_MAX: Duration = Duration::from_secs(20);

/// Every way to call a binary wrongly. `base_args` is a valid call, so that each case breaks one thing only.
///
/// # Panics
/// At the first case that is not refused as it should be, with its transcript.
#[track_caller]
pub fn check_cli(program: impl Into<PathBuf>, base_args: &[&str]) {
    let program = program.into();
    check_screen(&program);
    let with = |more: &[&OsStr]| -> Vec<OsString> {
        base_args.iter().map(OsStr::new).chain(more.iter().copied()).map(OsStr::to_owned).collect()
    };
    let not_utf8 = fixtures::not_utf8();
    let cases: [(&str, Vec<OsString>); 7] = [
        ("an unknown flag", with(&["--no-such-flag".as_ref()])),
        ("an unknown subcommand", vec!["no-such-subcommand".into()]),
        ("a flag without its value", with(&["--release-file".as_ref()])),
        ("an empty value", with(&["--format".as_ref(), "".as_ref()])),
        ("a value outside its list", with(&["--format=xml".as_ref()])),
        ("a flag given twice", with(&["--format=human".as_ref(), "--format=human".as_ref()])),
        ("an argument that is not UTF-8", with(&[&not_utf8])),
    ];
    for (case, args) in cases {
        refused(case, |_| bin(&program).args(&args), Expect::Human);
    }
    let variable = |_: &Path| bin(&program).args(base_args).env("INPUT_FORMAT", &not_utf8);
    refused("a variable that is not UTF-8", variable, Expect::Human);
    refused(
        "a variable outside its list",
        |_| bin(&program).args(base_args).env("INPUT_FORMAT", "xml"),
        Expect::Human,
    );
    on_a_runner(&program, base_args);
    vanished_directory(&program, base_args);
}

/// On a runner the failure is an annotation as well, and no rule of the runner is broken over it.
#[track_caller]
fn on_a_runner(program: &Path, base_args: &[&str]) {
    let run = bin(program).args(base_args).arg("--no-such-flag\n::error::x").on_runner().run().exits(2);
    let code = run.failure().code;
    let annotations = &run.observed().annotations;
    let titled =
        annotations.iter().any(|one| one.level == Level::Error && one.property("title") == Some(&code));
    assert!(titled && annotations.len() == 1, "one ::error title={code}::\n{}", run.transcript());
}

/// `--help` fits a screen, `--version` says `<name> <semver>`, and both start at once.
///
/// # Panics
/// If one of them does not.
#[track_caller]
pub fn check_screen(program: &Path) {
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let help = bin(program).arg("--help").run().succeeds();
    let columns = help.stdout.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let lines = help.stdout.lines().count();
    assert!(
        (1..=HELP_LINES_MAX).contains(&lines),
        "--help has {lines} lines of {HELP_LINES_MAX}\n{}",
        help.transcript()
    );
    assert!(columns <= HELP_COLUMNS_MAX, "--help is {columns} columns wide\n{}", help.transcript());
    let start = Instant::now();
    let version = bin(program).arg("--version").run().succeeds();
    let took = start.elapsed();
    assert!(is_version(&name, &version.stdout), "not `{name} <semver>`\n{}", version.transcript());
    assert!(took <= STARTUP_MAX, "--version took {took:?}");
}

fn is_version(name: &str, line: &str) -> bool {
    let numbers = line.strip_suffix('\n').and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let release = numbers.and_then(|numbers| numbers.split(['-', '+']).next());
    release.is_some_and(|release| {
        release.split('.').count() == 3 && release.split('.').all(|n| n.parse::<u32>().is_ok())
    })
}

/// What can be wrong with an input file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFile {
    /// Nothing there.
    Missing,
    /// A directory.
    Directory,
    /// A path that goes through a file.
    ThroughFile,
    /// A symbolic link to itself: unreadable even for root, who can read a file of mode 000.
    Loop,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// 100 MB of zeros.
    Huge,
    /// No bytes.
    Empty,
}

impl BadFile {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::Directory,
        Self::ThroughFile,
        Self::Loop,
        Self::NotUtf8,
        Self::Huge,
        Self::Empty,
    ];

    fn make(self, scratch: &Scratch) -> PathBuf {
        match self {
            Self::Missing => scratch.join("missing"),
            Self::Directory => scratch.directory("directory"),
            Self::ThroughFile => scratch.file("file", "a file\n").join("child"),
            Self::Loop => {
                std::os::unix::fs::symlink("loop", scratch.join("loop")).expect("a link can be made");
                scratch.join("loop")
            }
            Self::NotUtf8 => scratch.file("latin1", b"name = caf\xe9\n"),
            Self::Huge => {
                fixtures::huge_file(&scratch.join("huge"), fixtures::HUGE_BYTES);
                scratch.join("huge")
            }
            Self::Empty => scratch.file("empty", ""),
        }
    }
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "a missing file",
            Self::Directory => "a directory in place of a file",
            Self::ThroughFile => "a path that goes through a file",
            Self::Loop => "a link to itself",
            Self::NotUtf8 => "a file that is not UTF-8",
            Self::Huge => "a file of 100 MB",
            Self::Empty => "an empty file",
        })
    }
}

/// Every bad input file, in both formats; `make_args` gives the arguments that read it.
///
/// # Panics
/// At the first case that is not refused as it should be, with its transcript.
#[track_caller]
pub fn files(program: impl Into<PathBuf>, make_args: impl Fn(&Path) -> Vec<OsString>) {
    files_except(program, &[], make_args);
}

/// As [`files`], without the cases that this input has reason to accept: an empty env file is one.
///
/// # Panics
/// As [`files`].
#[track_caller]
pub fn files_except(
    program: impl Into<PathBuf>,
    fine: &[BadFile],
    make_args: impl Fn(&Path) -> Vec<OsString>,
) {
    let program = program.into();
    for bad in BadFile::ALL.into_iter().filter(|bad| !fine.contains(bad)) {
        let inputs = Scratch::new();
        let args = make_args(&bad.make(&inputs));
        let before = inputs.tree(&[]);
        refused(&bad.to_string(), |_| bin(&program).args(&args), Expect::Human);
        refused(&bad.to_string(), |_| bin(&program).args(&args).args(["--format", "json"]), Expect::Json);
        let difference = before.difference(&inputs.tree(&[]));
        assert!(difference.is_empty(), "{bad}: the directory of the input has changed\n{difference}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Human,
    Json,
}

/// Runs a case in an empty directory and asserts the refusal: status 2, a well-formed failure, nothing written.
#[track_caller]
fn refused(case: &str, make: impl Fn(&Path) -> Cmd, expect: Expect) {
    let scratch = Scratch::new();
    let run = make(scratch.path()).dir(scratch.path()).timeout(REFUSAL_MAX).run_unchecked();
    let transcript = run.transcript();
    assert!(run.trouble().is_none(), "{case}: {}\n{transcript}", run.trouble().unwrap_or_default());
    no_panic(case, &run);
    assert!(run.status == 2, "{case}: status {} instead of 2\n{transcript}", run.status);
    match expect {
        Expect::Human => {
            assert!(run.stdout.is_empty(), "{case}: stdout carries data, and there is none\n{transcript}");
            run.failure();
        }
        Expect::Json => {
            let failure = &run.json()["failure"];
            let whole = ["code", "what", "fix", "kind"]
                .iter()
                .all(|key| failure[key].as_str().is_some_and(|text| !text.is_empty()));
            assert!(
                whole && failure["why"].is_array(),
                "{case}: the failure in stdout's JSON lacks a part\n{transcript}"
            );
        }
    }
    let tree = scratch.tree(&[]);
    assert!(tree.0.is_empty(), "{case}: it has written\n{tree}{transcript}");
}

/// A working directory that is gone: whatever comes of it, it is no crash.
#[track_caller]
fn vanished_directory(program: &Path, base_args: &[&str]) {
    let scratch = Scratch::new();
    let gone = scratch.directory("gone");
    let run = bin("/bin/sh")
        .args(["-c", r#"rmdir "$PWD" && exec "$0" "$@""#])
        .arg(program)
        .args(base_args)
        .dir(gone)
        .timeout(REFUSAL_MAX)
        .run_unchecked();
    no_panic("a working directory that is gone", &run);
    assert!(
        run.trouble().is_none() && (0..=4).contains(&run.status),
        "a working directory that is gone\n{}",
        run.transcript()
    );
}

#[track_caller]
fn no_panic(case: &str, run: &Run) {
    let panicked = run.status == 70
        || run.status >= 128
        || run.stderr.contains("panicked at")
        || run.stderr.contains("RUST_BACKTRACE");
    assert!(!panicked, "{case}: it panicked\n{}", run.transcript());
}
