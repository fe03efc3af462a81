//! A binary whose subject is nothing but the contract: each command makes one thing happen that the tests look at. Never shipped.

use std::{borrow::Cow, process::ExitCode, time::Duration};

use ci::{Annotation, Code, Failure, Kind, Level, Page, Place, Report, Session, Stop};
use contract::Secret;

#[derive(clap::Parser)]
#[command(name = "probe", version, about = "Makes each part of the contract happen")]
struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: ci::Common,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Tell outputs, a page and an annotation
    Tell {
        /// Text from outside
        #[arg(long)]
        text: String,
    },
    /// Relay text while a secret is known
    Secret,
    /// Refuse, with a report all the same
    Refuse,
    /// Annotate so many times
    Annotate {
        /// How often
        times: usize,
    },
    /// Fill a page with three megabytes
    Flood,
    /// Add to the release record
    Record,
    /// Wait for a signal
    Wait,
    /// Run a shell script
    Run {
        /// The script
        script: String,
    },
    /// Break
    Panic,
}

impl ci::Arguments for Args {
    const OWN_VARIABLES: &'static [(&'static str, &'static [&'static str])] = &[("text", &["PROBE_TEXT"])];

    fn common(&self) -> &ci::Common {
        &self.common
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the probe refuses\n::error::{0}")]
struct Refused(String);

impl Failure for Refused {
    fn code(&self) -> Code {
        // Not through `Code::new("…")` in one piece: the page of failures describes shipped binaries only.
        const CODE: &str = "probe-refused";
        Code::new(CODE)
    }

    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn fix(&self) -> Cow<'static, str> {
        "ask for something else".into()
    }

    fn place(&self) -> Option<Place> {
        Some(Place { file: "probe.yaml".into(), line: Some(7) })
    }
}

fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    match args.command {
        Command::Tell { text } => {
            let page =
                Page::new().heading(&text).table(&["name", "value"], [["text".to_owned(), text.clone()]]);
            let mut report =
                Report::new(page, serde_json::json!({ "text": text })).output("text", text.clone());
            report.annotate(note(&text));
            Ok(report)
        }
        Command::Secret => {
            let secret = session.secret("PROBE_SECRET")?.unwrap_or_else(|| Secret::new("unset"));
            let shown = secret.reveal();
            session.relay("child", &format!("token={shown}\n::error::from outside\n##[error]also\n"));
            Ok(Report::new(Page::new().line(shown), serde_json::json!(shown))
                .output("value", shown.to_owned()))
        }
        Command::Refuse => {
            let report = Report::new(Page::new().line("one gate of two"), serde_json::json!([1, 2]));
            Err(Stop::with(report.output("verdict", "failed"), Refused("injected".to_owned())))
        }
        Command::Annotate { times } => {
            let mut report = Report::default();
            (0..times).for_each(|number| report.annotate(note(&number.to_string())));
            Ok(report)
        }
        Command::Flood => Ok(Report::new(Page::new().line("ä|".repeat(1_000_000)), serde_json::Value::Null)),
        Command::Record => {
            let mut release = session.release()?;
            release.version = Some(contract::Version::new(1, 2, 3));
            session.save(&release)?;
            Ok(Report::default())
        }
        Command::Wait => {
            session.relay("probe", "waiting");
            while !session.interrupted() {
                std::thread::sleep(Duration::from_millis(5));
            }
            session.check_interrupt()?;
            Ok(Report::default())
        }
        Command::Run { script } => {
            ci::process::Program::new("sh").args(["-c", &script]).output()?;
            Ok(Report::default())
        }
        Command::Panic => Err(broken(&[])),
    }
}

fn note(message: &str) -> Annotation {
    Annotation { level: Level::Notice, title: "note".to_owned(), message: message.to_owned(), place: None }
}

#[allow(clippy::indexing_slicing, reason = "the defect that the panic hook is tested with")]
fn broken(nothing: &[Refused]) -> Stop {
    Refused(nothing[nothing.len()].0.clone()).into()
}

fn main() -> ExitCode {
    ci::main(run)
}
