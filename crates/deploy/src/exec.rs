//! The team's own script as a target: told by variables, never through a shell, asked what runs by lines on standard output.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use ci::{
    Session,
    process::{Finished, Program},
};
use contract::{ComponentName, EnvironmentName};

use crate::{DeployError, Running, Target, Wanted, observed};

/// What the commands inherit without being asked: what every program needs, and nothing that could be a secret.
const INHERITED: [&str; 7] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"];

pub(crate) struct Exec<'a> {
    session: &'a Session,
    environment: &'a EnvironmentName,
    config: &'a config::Exec,
}

impl<'a> Exec<'a> {
    pub(crate) fn new(
        session: &'a Session,
        environment: &'a EnvironmentName,
        config: &'a config::Exec,
    ) -> Self {
        Self { session, environment, config }
    }

    fn env_files(&self) -> impl Iterator<Item = (&ComponentName, &PathBuf)> {
        self.config.env_files.iter()
    }

    /// The variables that both commands get.
    fn variables(&self) -> Vec<(OsString, OsString)> {
        let env = self.session.env();
        let names = INHERITED.into_iter().chain(self.config.inherit.iter().map(String::as_str));
        let inherited = names.filter_map(|name| Some((name.into(), env.raw(name)?.to_owned())));
        let files = self.env_files().map(|(component, path)| {
            (format!("{}_ENV_FILE", component.variable_prefix()).into(), path.clone().into_os_string())
        });
        let environment = ("ENVIRONMENT".into(), self.environment.as_str().into());
        inherited.chain(files).chain([environment]).collect()
    }

    fn run(
        &self,
        what: &'static str,
        command: &config::Program,
        variables: Vec<(OsString, OsString)>,
    ) -> Result<Finished, DeployError> {
        let _progress = self.session.progress(format!("{what}: {command}"));
        let program = Program::new(&command.name).args(&command.arguments);
        let program = program.only_env(variables).limit(self.config.timeout.duration());
        program.output().map_err(|source| {
            self.relay(command, source.printed());
            DeployError::Process { what, source }
        })
    }

    /// Passes on what it printed, under the name of the script.
    fn relay(&self, command: &config::Program, text: &str) {
        let name = Path::new(&command.name).file_name().map_or_else(Default::default, OsString::from);
        self.session.relay(&name.to_string_lossy(), text);
    }
}

impl Target for Exec<'_> {
    fn check(&self) -> Result<(), DeployError> {
        if let Some((component, path)) = self.env_files().find(|(_, path)| !path.is_file()) {
            return Err(DeployError::EnvFile { component: component.clone(), path: path.clone() });
        }
        match self.config.inherit.iter().find(|name| self.session.env().raw(name).is_none()) {
            Some(name) => Err(DeployError::Variable(name.clone())),
            None => Ok(()),
        }
    }

    fn observe(&self) -> Result<Running, DeployError> {
        let command = &self.config.observe;
        let done = self.run("observe", command, self.variables())?;
        self.relay(command, &String::from_utf8_lossy(&done.stderr));
        if !done.is_success() {
            self.relay(command, &done.text());
            return Err(DeployError::Status { what: "observe", status: done.status });
        }
        Ok(observed::parse(&done.text())?)
    }

    fn switch(&self, wanted: &Wanted) -> Result<(), DeployError> {
        let command = &self.config.command;
        let mut variables = self.variables();
        variables.extend(wanted.images.iter().map(|(component, image)| {
            (format!("{}_IMAGE", component.variable_prefix()).into(), image.to_string().into())
        }));
        variables.push(("RELEASE".into(), wanted.release.clone().into()));
        let commit = wanted.commit.iter();
        variables.extend(commit.map(|commit| ("RELEASE_COMMIT".into(), commit.as_str().into())));
        let done = self.run("deploy", command, variables)?;
        self.relay(command, &done.all_text());
        if done.is_success() {
            Ok(())
        } else {
            Err(DeployError::Status { what: "deploy", status: done.status })
        }
    }
}
