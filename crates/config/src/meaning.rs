//! What `release.toml` means for one environment: its gates, keys and images; never a new key.

use std::{borrow::Cow, path::Path};

use ci::{Code, Failure, Kind};
use contract::{ComponentName, EnvironmentName, ImageRef};

use crate::{Config, Environment, Gate, Signer};

/// The file knows no environment of this name.
#[derive(Debug, thiserror::Error)]
#[error("there is no environment `{name}` in release.toml")]
pub struct UnknownEnvironment {
    name: EnvironmentName,
    known: Vec<String>,
}

/// The history would vanish with the runner's disk.
#[derive(Debug, thiserror::Error)]
#[error("the ledger is a directory, and a runner's disk ends with the job")]
pub struct LedgerNotPersistent;

impl Config {
    /// The environment of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn environment(&self, name: &EnvironmentName) -> Result<&Environment, UnknownEnvironment> {
        self.environments.get(name).ok_or_else(|| {
            let mut known: Vec<String> = self.environments.keys().map(ToString::to_string).collect();
            known.sort_by_key(|known| strsim::damerau_levenshtein(known, name.as_str()));
            UnknownEnvironment { name: name.clone(), known }
        })
    }

    /// Where the ledger lies.
    ///
    /// # Errors
    /// On a runner, when nobody said that the directory outlives the job.
    pub fn ledger_directory(&self, session: &ci::Session) -> Result<&Path, LedgerNotPersistent> {
        if session.runner().is_some() && !self.release.persistent {
            return Err(LedgerNotPersistent);
        }
        Ok(&self.release.ledger.0)
    }

    /// Where the images of this component lie for this environment; nothing for a component that is not configured.
    pub fn image<'a>(&'a self, at: &'a Environment, component: &ComponentName) -> Option<&'a ImageRef> {
        at.images.get(component).or_else(|| self.components.get(component).map(|component| &component.image))
    }

    /// Where release manifests lie, if anywhere: where the file says, else in the one repository that all components are built into.
    pub fn release_image(&self) -> Option<&ImageRef> {
        let shared = || ImageRef::shared(self.components.values().map(|component| &component.image));
        self.release.image.as_ref().or_else(shared)
    }

    /// Who must have signed this gate's evidence.
    pub fn signer(&self, at: &Environment, gate: &Gate) -> Option<Signer> {
        let require = &at.require;
        let own = match gate {
            Gate::Signature => require.signature.as_ref().and_then(|plain| plain.signer.clone()),
            Gate::Sbom => require.sbom.as_ref().and_then(|plain| plain.signer.clone()),
            Gate::Vulns => require.vulns.as_ref().and_then(|vulns| vulns.signer.clone()),
            Gate::Migration => require.migration.as_ref().and_then(|plain| plain.signer.clone()),
            Gate::SmokeTest(other) => require.smoke_tests.get(other).and_then(|test| test.signer.clone()),
            Gate::After | Gate::Soak | Gate::KnownBad => None,
        };
        let key = || self.release.verify_key.clone().map(Signer::Key);
        let workload = || self.release.verify_identity.clone().map(Signer::Workload);
        own.or_else(key).or_else(workload)
    }
}

impl Environment {
    /// The gates of this environment, in the order in which they are asked.
    pub fn gates(&self) -> Vec<Gate> {
        let require = &self.require;
        let mut gates = Vec::new();
        gates.extend(require.signature.as_ref().map(|_| Gate::Signature));
        gates.extend(require.sbom.as_ref().map(|_| Gate::Sbom));
        gates.extend(require.vulns.as_ref().map(|_| Gate::Vulns));
        gates.extend(require.smoke_tests.keys().cloned().map(Gate::SmokeTest));
        gates.extend((!self.after.is_empty()).then_some(Gate::After));
        gates.extend(self.soak.map(|_| Gate::Soak));
        gates.extend(require.migration.as_ref().map(|_| Gate::Migration));
        gates.push(Gate::KnownBad);
        gates
    }

    /// Whether this gate stands on signed evidence. `after` does too: verified means a signed test result.
    pub(crate) fn needs_signer(gate: &Gate) -> bool {
        !matches!(gate, Gate::Soak | Gate::KnownBad)
    }
}

impl Failure for UnknownEnvironment {
    fn code(&self) -> Code {
        Code::new("environment-unknown")
    }

    fn kind(&self) -> Kind {
        Kind::Input
    }

    fn fix(&self) -> Cow<'static, str> {
        match self.known.split_first() {
            Some((nearest, _)) => {
                format!("did you mean `{nearest}`? Known: {}", self.known.join(", ")).into()
            }
            None => "add [environments.<name>] to release.toml".into(),
        }
    }
}

impl Failure for LedgerNotPersistent {
    fn code(&self) -> Code {
        Code::new("ledger-not-persistent")
    }

    fn kind(&self) -> Kind {
        Kind::Input
    }

    fn fix(&self) -> Cow<'static, str> {
        "if that directory outlives the job (a mounted volume, or a step that brings and keeps it), say persistent = true in [release]"
            .into()
    }
}
