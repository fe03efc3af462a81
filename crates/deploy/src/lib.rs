//! What an environment runs on, and how it is switched; never whether it may be.
//!
//! A target is asked twice: what runs, before and after. It is switched only to images named by digest, and it counts as switched
//! only when it says so itself.

mod error;
mod exec;
mod observed;

use std::collections::BTreeMap;

use contract::{Commit, ComponentName, Digest, EnvironmentName, ImageRef};

pub use error::DeployError;
pub use observed::InvalidObservation;

/// What runs, by component; empty where nothing does.
pub type Running = BTreeMap<ComponentName, Digest>;

/// What should run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What people call the release: its version, or its commit.
    pub release: String,
    /// The commit it was built from.
    pub commit: Option<Commit>,
    /// The exact images.
    pub images: BTreeMap<ComponentName, ImageRef>,
}

/// What an environment runs on.
pub trait Target {
    /// Whether all that a switch needs is there; asked before anything is written.
    ///
    /// # Errors
    /// A file or a variable is missing.
    fn check(&self) -> Result<(), DeployError>;

    /// What runs now.
    ///
    /// # Errors
    /// [`DeployError`] if the target can't be asked, or its answer can't be understood: never "nothing runs".
    fn observe(&self) -> Result<Running, DeployError>;

    /// Switches to these images. Whether it worked is for [`observe`](Self::observe) to say.
    ///
    /// # Errors
    /// [`DeployError`]; then what runs is uncertain.
    fn switch(&self, wanted: &Wanted) -> Result<(), DeployError>;
}

/// The target of an environment.
pub fn target<'a>(
    session: &'a ci::Session,
    environment: &'a EnvironmentName,
    config: &'a config::Target,
) -> Box<dyn Target + 'a> {
    match config {
        config::Target::Exec(exec) => Box::new(exec::Exec::new(session, environment, exec)),
    }
}

/// Switches and asks afterwards: done means that the target says it runs exactly what it should.
///
/// # Errors
/// [`DeployError::Differs`] if it runs something else; otherwise as [`Target::switch`] and [`Target::observe`].
pub fn switch(target: &dyn Target, wanted: &Wanted) -> Result<(), DeployError> {
    target.switch(wanted)?;
    let running = target.observe()?;
    let expected = wanted.digests();
    if running == expected { Ok(()) } else { Err(DeployError::Differs { expected, running }) }
}

impl Wanted {
    /// By content.
    pub fn digests(&self) -> Running {
        let digest = |image: &ImageRef| image.digest();
        self.images.iter().filter_map(|(name, image)| Some((name.clone(), digest(image)?))).collect()
    }
}
