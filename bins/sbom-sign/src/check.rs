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

use std::path::PathBuf;

use ci::{Mode, Report, Session, Stop, files};
use jiff::Timestamp;

pub use args::Check;
pub use error::CheckError;

/// The order of the rooms. A dry run asks everything, and leaves out the one file that is written.
pub(crate) fn run(args: Check, session: &Session) -> Result<Report, Stop> {
    let context = context::read(args)?;
    context.predicate.as_deref().map_or(Ok(()), crate::facts::check_result)?;
    let facts = facts::read(&context, session)?;
    let verdict = plan::judge(&context, &facts);
    if let Some(output) =
        context.predicate.as_ref().filter(|_| verdict.is_conclusive() && session.mode() == Mode::Apply)
    {
        files::write(output, &verdict.predicate()?).map_err(CheckError::from)?;
    }
    outputs::verdict(&context, &verdict, session.mode())
}

/// Judges texts that are already in memory: an SBOM, a policy and records of OSV, as anybody may have written them. How many findings there
/// are; nothing where one of the texts is not of its form. `check` itself reads files, and asks what is in them one after the other.
pub fn judge(bill: &[u8], policy: &[u8], records: &[&[u8]], now: Timestamp) -> Option<usize> {
    let bill = bill::Bill::parse(bill).ok()?;
    let policy = policy::Policy::parse(std::str::from_utf8(policy).ok()?, policy::Day::of(now)).ok()?;
    let questions = facts::questions(&bill);
    let asked = questions.iter().flatten().cloned().collect();
    let found = database::Found::among(records, &asked).ok()?;
    let facts = facts::Facts { bill, questions, policy, found, started: now, finished: now };
    let verdict = plan::judge(&context::Context::strict(PathBuf::new()), &facts);
    let stated = verdict.predicate().is_ok();
    stated.then_some(verdict.findings.len())
}
