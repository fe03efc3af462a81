//! Is this environment's configuration complete, well formed and safe for this release?
//!
//! `check` holds env files, or the process environment, against a schema in env-spec syntax. Nothing is ever executed, and no value of a
//! sensitive variable is ever shown.

mod args;
mod check;
mod context;
mod cursor;
mod dotenv;
mod error;
mod facts;
mod nearest;
mod outputs;
mod schema;

use ci::{Report, Session, Stop};

pub use args::Args;
use args::Command;

/// The order of the rooms.
///
/// # Errors
/// Whatever ended the run early, with what there is to report all the same.
pub fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    match args.command {
        Command::Check(typed) => {
            let context = context::check(typed);
            let facts = facts::check(&context, session)?;
            let verdict = check::judge(&facts, context.environment.as_ref())?;
            if !verdict.problems.is_empty() {
                return Err(outputs::refused(&context, &facts, &verdict));
            }
            if let Some(release) = outputs::record(&context, &facts, session.now()) {
                session.save(&release)?;
            }
            Ok(outputs::passed(&context, &facts, &verdict))
        }
    }
}
