//! How a binary starts and ends: arguments in, report and failure out, one exit status; the one place that may end the process.

use std::{
    borrow::Cow,
    ffi::OsString,
    fs::OpenOptions,
    io::{Write, stdout},
    os::unix::ffi::OsStrExt,
    panic::PanicHookInfo,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::{Value, json};

use crate::{
    arguments::{self, Arguments, Common, Format, Unparsed},
    env::Env,
    failure::{Code, Failure, Kind, Place, Stop},
    files::FileError,
    report::{Annotation, Level, Report},
    session::{Session, tell},
    signals,
    token::token,
    typed, workflow,
};

/// Where a line of a failure is cut, in characters: names from outside can be as long as somebody likes.
const LINE_CHARS_MAX: usize = 4000;

/// Parses, runs, reports: all that a `main.rs` calls.
pub fn main<A: Arguments>(run: impl FnOnce(A, &Session) -> Result<Report, Stop>) -> ExitCode {
    std::panic::set_hook(Box::new(panicked));
    let env = Env::capture();
    let typed: Vec<_> = std::env::args_os().collect();
    let format = format_of(&env, &typed);
    let passwords = typed::passwords(&typed);
    let begun = |common| {
        let session = Session::new(env.clone(), common);
        for password in &passwords {
            session.mask(password);
        }
        session
    };
    match arguments::parse::<A>(&env, typed) {
        Ok(arguments) => {
            let session = begun(arguments.common().clone());
            signals::install();
            let result = run(arguments, &session);
            end(&session, &A::command(), result)
        }
        Err(Unparsed::Text(text)) => {
            _ = stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Unparsed::Failure(failure)) => {
            let common = Common { dry_run: false, format, release_file: PathBuf::new() };
            let stop = Stop { failure, report: Box::default() };
            end(&begun(common), &A::command(), Err(stop))
        }
    }
}

/// The format asked for, found without understanding the rest, because the rest may be wrong.
fn format_of(env: &Env, typed: &[OsString]) -> Format {
    let typed = typed.iter().skip_while(|one| !one.as_bytes().starts_with(b"--format"));
    let mut typed = typed.take(2).map(|one| one.as_bytes());
    let json = match typed.next() {
        Some(b"--format") => typed.next() == Some(b"json"),
        Some(joined) => joined == b"--format=json",
        None => env.raw("INPUT_FORMAT").is_some_and(|input| input == "json"),
    };
    if json { Format::Json } else { Format::Human }
}

/// Tells everything there is to tell and gives the exit status.
fn end(session: &Session, command: &clap::Command, result: Result<Report, Stop>) -> ExitCode {
    let (mut report, mut failure) = match result {
        Ok(report) => (report, None),
        Err(Stop { failure, report }) => (*report, Some(failure)),
    };
    if let Some(failure) = &failure {
        report.annotate(annotation(failure.as_ref()));
    }
    // Redacted here, before each way out escapes the text in its own manner and a secret no longer looks like itself.
    let report = session.redacted(report);
    let name = command.get_name();
    // Standard output has its document even where the runner's files can't be written: it says so.
    if let Err(error) = hand_over(session, &report) {
        failure.get_or_insert(Box::new(error));
    }
    if let Err(error) = print(&told(session, name, &report, failure.as_deref())) {
        failure.get_or_insert(Box::new(error));
    }
    if let Some(failure) = &failure {
        tell(&describe(failure.as_ref(), |text| session.redact(text)));
    }
    ExitCode::from(failure.map_or(0, |failure| failure.kind().exit_status()))
}

/// Outputs, variables, summary and annotations, on a runner.
fn hand_over(session: &Session, report: &Report) -> Result<(), FileError> {
    let Some(runner) = session.runner() else { return Ok(()) };
    let entry = |name: &&'static str, value: &str| workflow::output(name, value, &token());
    let outputs: String = report.outputs().iter().map(|(name, value)| entry(name, value)).collect();
    if let Some(path) = &runner.output {
        if outputs.len() > workflow::OUTPUT_BYTES_MAX {
            return Err(FileError::TooLarge { path: path.clone(), limit: workflow::OUTPUT_BYTES_MAX as u64 });
        }
        append(path, &outputs)?;
    }
    if let Some(path) = &runner.environment {
        let variables = report.variables().iter().map(|(name, value)| entry(name, value));
        append(path, &variables.collect::<String>())?;
    }
    if let Some(path) = &runner.summary {
        append(path, &workflow::cut(&report.page.markdown(), workflow::SUMMARY_BYTES_MAX))?;
    }
    tell(&workflow::annotations(report.annotations()));
    Ok(())
}

/// The runner's files belong to it: they are appended to, never replaced.
fn append(path: &Path, text: &str) -> Result<(), FileError> {
    if text.is_empty() {
        return Ok(());
    }
    let open = OpenOptions::new().append(true).create(true).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes())).map_err(FileError::writing(path))
}

/// What standard output carries: the page, or one JSON document.
fn told(session: &Session, name: &str, report: &Report, failure: Option<&dyn Failure>) -> String {
    let text = match session.format() {
        Format::Human => session.redact(&report.page.text()),
        // JSON can spell `#` otherwise, so that the runner finds no `##[command]` in it.
        Format::Json => {
            document(session, name, report, failure).to_string().replace("##[", "#\\u0023[") + "\n"
        }
    };
    if session.runner().is_some() { workflow::inert(&text) } else { text }
}

fn print(text: &str) -> Result<(), FileError> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        // A reader that has seen enough (`| head`) is no failure.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(FileError::writing(Path::new("standard output"))(error))
        }
        _ => Ok(()),
    }
}

/// Redacted text by text: in the whole, a secret that looks like a number or a member's name would take the form with it.
fn document(session: &Session, name: &str, report: &Report, failure: Option<&dyn Failure>) -> Value {
    let shown = |text: &str| session.redact(text);
    let annotations = report.annotations().iter().map(|one| {
        json!({
            "level": one.level.word(),
            "title": one.title,
            "message": one.message,
            "file": one.place.as_ref().map(|place| place.file.display().to_string()),
            "line": one.place.as_ref().and_then(|place| place.line),
        })
    });
    json!({
        "binary": name,
        "status": failure.map_or("done", |failure| failure.kind().word()),
        "outputs": report.outputs(),
        "result": report.data,
        "annotations": annotations.collect::<Vec<_>>(),
        "failure": failure.map(|failure| json!({
            "code": failure.code().as_str(),
            "kind": failure.kind().word(),
            "what": shown(&failure.to_string()),
            "why": causes(failure).iter().map(|cause| shown(cause)).collect::<Vec<_>>(),
            "fix": shown(&failure.fix()),
        })),
    })
}

fn annotation(failure: &dyn Failure) -> Annotation {
    let why: String = causes(failure).iter().map(|cause| format!("\nwhy: {cause}")).collect();
    Annotation {
        level: if failure.kind() == Kind::NotYet { Level::Warning } else { Level::Error },
        title: failure.code().as_str().to_owned(),
        message: format!("{failure}{why}\nfix: {}", failure.fix()),
        place: failure.place(),
    }
}

/// The failure for a person at a terminal or reading a log, each text redacted before its white space is folded.
fn describe(failure: &dyn Failure, redact: impl Fn(&str) -> String) -> String {
    let code = failure.code().as_str();
    let visible = |one: &char| one.is_whitespace() || !one.is_control();
    let one_line = |text: &str| {
        let text = redact(&text.chars().filter(visible).collect::<String>());
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(LINE_CHARS_MAX).collect::<String>()
    };
    let why: String = causes(failure).iter().map(|cause| format!("  why: {}\n", one_line(cause))).collect();
    let (what, fix) = (one_line(&failure.to_string()), one_line(&failure.fix()));
    let at = failure.place().and_then(|Place { file, line }| Some((file, line?)));
    let at = at.filter(|(_, line)| !names_line(&format!("{what}\n{why}"), *line));
    let at = at.map(|(file, line)| format!("  at: {}\n", one_line(&format!("{}:{line}", file.display()))));
    let at = at.unwrap_or_default();
    workflow::inert(&format!(
        "error[{code}]: {what}\n{at}{why}  fix: {fix}\n  see: docs/failures.md#{code}\n"
    ))
}

/// Whether a text says `line 3` or `file:3` itself: then nobody is told twice.
fn names_line(text: &str, line: usize) -> bool {
    [format!(":{line}"), format!("line {line}")].iter().any(|words| {
        let mut rests = text.match_indices(words).map(|(at, _)| &text[at + words.len()..]);
        rests.any(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
    })
}

fn causes(failure: &dyn Failure) -> Vec<String> {
    std::iter::successors(failure.source(), |error| error.source()).map(ToString::to_string).collect()
}

/// A defect of ours.
#[derive(Debug, thiserror::Error)]
#[error("a defect in this program: {0}")]
struct Defect(String);

impl Failure for Defect {
    fn code(&self) -> Code {
        Code::new("defect")
    }

    fn kind(&self) -> Kind {
        Kind::Ours
    }

    fn fix(&self) -> Cow<'static, str> {
        "please report it with this text and the command line; what was done so far is safe, and a second run continues".into()
    }
}

/// Reports a panic and ends the process with 70. The text of a panic may hold a value, so only its place is shown.
#[allow(clippy::exit, reason = "the one place that may end the process")]
fn panicked(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let defect = Defect(format!("panic at {place}"));
    if Env::capture().is_true("GITHUB_ACTIONS") {
        tell(&workflow::annotations(&[annotation(&defect)]));
    }
    tell(&describe(&defect, str::to_owned));
    std::process::exit(i32::from(Kind::Ours.exit_status()));
}

#[cfg(test)]
mod tests {
    use contract::Secret;

    use super::*;

    fn session(format: Format) -> Session {
        let common = Common { dry_run: false, format, release_file: PathBuf::new() };
        Session::new(Env::default(), common)
    }

    #[test]
    fn a_secret_that_looks_like_json_once_made_the_document_none() {
        let session = session(Format::Json);
        for secret in ["null", "8080", "outputs", "\": \""] {
            session.mask(&Secret::new(secret));
        }
        let mut report = Report::default();
        report.data = json!({"port": 8080});
        let failure = FileError::Missing("null/8080".into());
        let document: Value = serde_json::from_str(&told(&session, "x", &report, Some(&failure))).unwrap();
        assert_eq!(document["outputs"], json!({}));
        assert_eq!(document["failure"]["what"], "***/*** does not exist");
    }

    #[test]
    fn a_secret_is_hidden_before_its_white_space_is_folded() {
        let session = session(Format::Human);
        session.mask(&Secret::new("correct  horse"));
        let failure = FileError::Missing("a/correct  horse/hun\u{7}ter".into());
        let told = describe(&failure, |text| session.redact(text));
        assert!(told.starts_with("error[file-missing]: a/***/hunter does not exist\n"), "{told}");
    }

    #[test]
    fn a_line_is_told_once_on_a_terminal() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct InLine3(&'static str);
        impl Failure for InLine3 {
            fn code(&self) -> Code {
                FileError::Missing(PathBuf::new()).code()
            }
            fn kind(&self) -> Kind {
                Kind::Input
            }
            fn fix(&self) -> Cow<'static, str> {
                "mend it".into()
            }
            fn place(&self) -> Option<Place> {
                Some(Place { file: "a.lock".into(), line: Some(3) })
            }
        }
        let second = |what| {
            let told = describe(&InLine3(what), str::to_owned);
            told.lines().nth(1).unwrap().to_owned()
        };
        for what in ["a.lock is none", "a.lock is none, at line 33", "a.lock:31 is none"] {
            assert_eq!(second(what), "  at: a.lock:3");
        }
        for what in ["a.lock is none, at line 3", "a.lock:3: none", "line 3: none"] {
            assert_eq!(second(what), "  fix: mend it");
        }
    }

    #[test]
    fn the_format_is_known_although_the_rest_is_wrong() {
        let json = |input: &str, typed: &[&str]| {
            let typed: Vec<OsString> = typed.iter().map(OsString::from).collect();
            format_of(&Env::of([("INPUT_FORMAT", input)]), &typed) == Format::Json
        };
        assert!(json("", &["x", "--format", "json", "--nonsense"]) && json("", &["x", "--format=json"]));
        assert!(json("json", &["x", "--nonsense"]) && !json("json", &["x", "--format", "human"]));
        assert!(!json("", &["x", "--format"]) && !json("xml", &["x"]));
    }
}
