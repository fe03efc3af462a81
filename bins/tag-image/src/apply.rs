//! Stores images, gives names and writes files; the only room that writes, and never one that decides.

use std::path::{Path, PathBuf};

use ci::{Session, Stop, files};
use contract::Selector;
use oci::{OciError, Stored};

use crate::{
    error::TagError,
    facts::{self, Material, Target},
    metadata, plan,
};

/// Stores the image at each target, names it, and reads the name back.
///
/// # Errors
/// What storing met, or [`TagError::ReadBack`] if somebody else gave the name in the same moment.
pub(crate) fn name(plan: &plan::Plan, facts: &facts::Apply, session: &Session) -> Result<(), Stop> {
    for target in &facts.targets {
        let Target { name, repository, .. } = target;
        session.check_interrupt()?;
        let _waiting = session.progress(format!("storing {name}"));
        store(target, facts)?;
        session.check_interrupt()?;
        repository.tag(&name.tag, &facts.manifest)?;
        let found = repository.resolve(&Selector::Tag(name.tag.clone()))?.map(|found| found.digest);
        if found != Some(plan.digest) {
            let found = found.map_or_else(|| "nothing".to_owned(), |digest| digest.to_string());
            return Err(TagError::ReadBack { name: name.to_string(), wanted: plan.digest, found }.into());
        }
    }
    Ok(())
}

fn store(target: &Target, facts: &facts::Apply) -> Result<(), OciError> {
    let to = target.repository.as_ref();
    match (&facts.material, &target.transfer) {
        (Material::Package(package), _) => package.store(to),
        (Material::Repository(from), Some(transfer)) => transfer.run(from.as_ref(), to).map(drop),
        (Material::Repository(from), None) => oci::copy(from.as_ref(), to, facts.manifest.digest()).map(drop),
    }
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
