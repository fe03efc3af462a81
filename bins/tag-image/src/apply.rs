//! Stores images, gives names and writes files; the only room that writes, and never one that decides.

use std::path::{Path, PathBuf};

use ci::{Session, Stop, files};
use oci::Stored;

use crate::{
    facts::{self, Material, Target},
    metadata, plan,
};

/// Stores the image at each target and gives it its name, which the repository reads back.
///
/// # Errors
/// What storing met, and what [`oci::Repository::tag`] says if somebody else gave the name in the same moment.
pub(crate) fn name(facts: &facts::Apply, session: &Session) -> Result<(), Stop> {
    for target in &facts.targets {
        let Target { name, repository, transfer, holds, .. } = target;
        session.check_interrupt()?;
        let _waiting = session.progress(format!("storing {name}"));
        let was_here = match (&facts.material, transfer) {
            (Material::Repository(_), None) => true,
            (Material::Repository(from), Some(transfer)) => {
                transfer.run(from.as_ref(), repository.as_ref())?;
                false
            }
            (Material::Package(package), _) => {
                package.store(repository.as_ref())?;
                false
            }
        };
        session.check_interrupt()?;
        match holds {
            // Seen by the plan.
            Some(_) => {}
            // Seen to be free a moment ago, and nothing has been stored in between.
            None if was_here => drop(repository.tag_free(&name.tag, &facts.manifest)?),
            None => drop(repository.tag(&name.tag, &facts.manifest)?),
        }
    }
    Ok(())
}

/// Writes the definitions for the next step, where there is a place for them: `RUNNER_TEMP`.
///
/// # Errors
/// What writing met.
pub(crate) fn bake(plan: &metadata::plan::Plan, temp: Option<&Path>) -> Result<Option<PathBuf>, Stop> {
    let Some(temp) = temp else { return Ok(None) };
    let directory = metadata::bake::directory(temp, &plan.files);
    for file in &plan.files {
        files::write(&file.path(&directory), format!("{:#}", file.content).as_bytes())?;
    }
    Ok(Some(directory))
}

/// Writes the files of an image.
///
/// # Errors
/// What [`oci::unpack`] met; then the directory is as it was.
pub(crate) fn unpack(plan: &plan::Unpack, facts: &facts::Unpack) -> Result<Stored, Stop> {
    Ok(oci::unpack(facts.repository.as_ref(), &facts.image, &plan.to)?)
}
