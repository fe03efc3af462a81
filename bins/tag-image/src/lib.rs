//! What is this image called, and does exactly that digest carry the name?
//!
//! `compute` works out `<component>:<semver>-<short sha>`, `apply` gives that name to one digest and never to another, `release` names the
//! set of digests that a release is, `resolve` says what carries a name, `unpack` writes the files of an image.

mod apply;
mod args;
mod context;
mod error;
mod facts;
mod manifest;
mod metadata;
mod name;
mod outputs;
mod plan;
mod recall;
mod release;

use ci::{Mode, Report, Session, Stop};

pub use args::Args;
use args::Command;
use context::Compute;

/// The order of the rooms.
///
/// # Errors
/// Whatever ended the run early, with what there is to report all the same.
pub fn run(args: Args, session: &Session) -> Result<Report, Stop> {
    match args.command {
        Command::Compute { naming, metadata } => match context::compute(naming, *metadata, session)? {
            Compute::Standard { naming, others } => {
                let facts = facts::naming(&naming, session)?;
                Ok(outputs::computed(&plan::names(&naming, &facts, &others)?))
            }
            Compute::Metadata(context) => {
                let facts = metadata::facts::read(&context, session)?;
                let plan = metadata::plan::plan(&context, &facts)?;
                if session.mode() == Mode::DryRun {
                    return Ok(Report::planned(&plan, metadata::outputs::json(&plan)));
                }
                let directory = apply::bake(&plan, context.temp.as_deref())?;
                Ok(metadata::outputs::computed(plan, &context, directory.as_deref()))
            }
        },
        Command::Apply(args) => {
            let context = context::apply(*args, session)?;
            let names = plan::targets(&context, &facts::naming(&context.naming, session)?)?;
            let facts = facts::apply(&context, &names, session)?;
            let plan = plan::apply(&context, &names, &facts)?;
            if session.mode() == Mode::DryRun {
                return Ok(Report::planned(&plan, outputs::json(&plan)));
            }
            apply::name(&facts, session)?;
            session.save(&outputs::record(&plan, facts.release, facts.platforms))?;
            Ok(outputs::applied(&plan))
        }
        Command::Release(typed) => match typed.from_manifest {
            Some(version) => recall::run(&version, typed.target, typed.config, session),
            None => release::run(typed, session),
        },
        Command::Resolve { image } => {
            let context = context::image(image)?;
            Ok(outputs::resolved(&facts::resolve(&context, session)?))
        }
        Command::Unpack { image, to, platform } => {
            let context = context::unpack(image, to, platform)?;
            let facts = facts::unpack(&context, session)?;
            let plan = plan::unpack(&context, &facts);
            if session.mode() == Mode::DryRun {
                return Ok(Report::planned(&plan, outputs::unpack_json(&plan)));
            }
            let stored = apply::unpack(&plan, &facts)?;
            Ok(outputs::unpacked(&plan, stored))
        }
    }
}
