//! Whether what an SBOM lists may be released: its known vulnerabilities by OSV's records, its licences by a team's policy; never a statement
//! of that, which `attest` signs.

mod affected;
mod api;
mod args;
mod bill;
mod context;
mod database;
mod ecosystem;
mod error;
mod facts;
mod findings;
mod licence;
mod lines;
mod osv;
mod outputs;
mod package_url;
mod plan;
mod policy;
mod severity;
mod versions;

use ci::{Mode, Report, Session, Stop, files};

pub use args::Check;
pub use error::CheckError;

/// The order of the rooms. A dry run asks everything, and leaves out the one file that is written.
pub(crate) fn run(args: Check, session: &Session) -> Result<Report, Stop> {
    let context = context::read(args)?;
    let facts = facts::read(&context, session)?;
    let verdict = plan::judge(&context, &facts);
    if let Some(output) =
        context.predicate.as_ref().filter(|_| verdict.is_conclusive() && session.mode() == Mode::Apply)
    {
        files::write(output, &verdict.predicate()?).map_err(CheckError::from)?;
    }
    outputs::verdict(&context, &verdict, session.mode())
}
