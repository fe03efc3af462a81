//! What is inside, who made it, and can anyone check that? Lists what a source tree is made of, signs images and statements about them in
//! cosign's formats, and says which evidence holds; decides nothing about a release. The order of the rooms: context → facts → plan →
//! apply → outputs.

pub mod apply;
pub mod args;
pub mod bom;
pub mod catalog;
pub mod check;
pub mod context;
pub mod error;
pub mod facts;
pub mod image;
pub mod outputs;
pub mod plan;
pub mod provenance;

use ci::{Mode, Report, Session, Stop};
use trust::PredicateType;

pub use args::Args;
use context::{Claim, Task};

/// Runs one command.
pub fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    let plan = match context::read(args.command, session)? {
        Task::Check(args) => return check::run(*args, session),
        Task::Keygen(files) => {
            let there = facts::key_pair(&files, session)?;
            plan::keygen(files, there)?
        }
        Task::Sbom(wanted) => {
            let listed = facts::listed(&wanted, session)?;
            plan::sbom(wanted, &listed)?
        }
        Task::Attest(wanted) => {
            let (signatory, claims) = facts::claims(&wanted, session)?;
            plan::claims(kind_of(wanted.claim), signatory, claims)
        }
        Task::SignBlob(wanted) => {
            let unsigned = facts::unsigned(&wanted, session)?;
            plan::sign_blob(wanted, unsigned)
        }
        Task::Copy(wanted) => plan::copy(facts::journey(wanted, session)?)?,
        // Questions write nothing, so a dry run asks them all the same.
        Task::Verify(wanted) => {
            let evidence = facts::evidence(&wanted, session)?;
            let judged = plan::judge(&wanted.requirement, &evidence, session.now());
            return outputs::verdict(&wanted.requirement, &judged);
        }
        Task::VerifyStatement(wanted, requirement) => {
            let evidence = facts::statement_about(&wanted, session)?;
            let judged =
                plan::judge_one(&requirement, plan::Subject::File(&wanted.blob), &evidence, session.now());
            return outputs::verdict(&requirement, &[judged]);
        }
        Task::VerifyBlob(wanted) => return outputs::signature(&wanted, facts::signature(&wanted, session)?),
    };
    match session.mode() {
        Mode::DryRun => Ok(Report::planned(&plan, serde_json::Value::Null)),
        Mode::Apply => Ok(outputs::done(&apply::apply(plan, session)?)),
    }
}

fn kind_of(claim: Claim) -> PredicateType {
    match claim {
        Claim::Signature => PredicateType::SIGNATURE,
        Claim::Predicate(kind, _) => kind,
        Claim::Provenance(_) => PredicateType::PROVENANCE,
    }
}
