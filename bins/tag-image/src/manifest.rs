//! The version that a project's own files declare: texts in, versions out; never git, never a registry.

use std::{path::PathBuf, str::FromStr};

use ci::{Stop, files};
use serde::Deserialize;

use crate::error::TagError;

/// How far up a crate may lie below the manifest of its workspace.
const ANCESTORS_MAX: usize = 16;

/// A file that declares a version, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Manifest {
    form: Form,
    file: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// `Cargo.toml`: `[package] version`, or that of the workspace.
    Cargo,
    /// `package.json`: `version`.
    Npm,
    /// `pyproject.toml`: `[project] version`, or `[tool.poetry] version`.
    Pyproject,
    /// Nothing but the version.
    Text,
}

/// Where somebody says that the version is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum VersionFrom {
    /// In the git tag.
    GitTag,
    /// In a file.
    File(Manifest),
}

impl FromStr for VersionFrom {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        let (form, file) = text.split_once(':').map_or((text, None), |(form, file)| (form, Some(file)));
        let (form, usual) = match form {
            "git-tag" if file.is_none() => return Ok(Self::GitTag),
            "cargo" => (Form::Cargo, Some("Cargo.toml")),
            "npm" => (Form::Npm, Some("package.json")),
            "pyproject" => (Form::Pyproject, Some("pyproject.toml")),
            "file" => (Form::Text, None),
            _ => return Err(TagError::VersionFrom(text.to_owned())),
        };
        let file = file.filter(|file| !file.is_empty()).or(usual);
        let file = file.ok_or_else(|| TagError::VersionFrom(text.to_owned()))?;
        Ok(Self::File(Manifest { form, file: file.into() }))
    }
}

#[derive(Deserialize)]
struct CargoToml {
    package: Option<Cargo>,
    workspace: Option<Workspace>,
}

#[derive(Deserialize)]
struct Workspace {
    package: Option<Cargo>,
}

#[derive(Deserialize)]
struct Cargo {
    version: Option<Declared>,
}

/// A version, or `version.workspace = true`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Declared {
    Here(String),
    InWorkspace {
        #[expect(dead_code, reason = "only the form counts")]
        workspace: bool,
    },
}

#[derive(Deserialize)]
struct PackageJson {
    version: Option<String>,
}

#[derive(Deserialize)]
struct Pyproject {
    project: Option<PackageJson>,
    tool: Option<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    poetry: Option<PackageJson>,
}

impl Manifest {
    /// The text that the file declares as its version.
    ///
    /// # Errors
    /// [`TagError::Manifest`] for a file of another form, [`TagError::Undeclared`] for one without a version.
    pub(crate) fn version(&self) -> Result<String, Stop> {
        let text = files::read_text(&self.file)?;
        let version = match self.form {
            Form::Cargo => match self.cargo(&text)? {
                Declared::Here(version) => Some(version),
                Declared::InWorkspace { .. } => self.of_workspace()?,
            },
            Form::Npm => self.parsed::<PackageJson, _>(serde_json::from_str(&text))?.version,
            Form::Pyproject => {
                let file: Pyproject = self.parsed(toml::from_str(&text))?;
                let poetry = || file.tool?.poetry?.version;
                file.project.and_then(|project| project.version).or_else(poetry)
            }
            Form::Text => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        };
        Ok(version.ok_or_else(|| self.undeclared())?)
    }

    fn cargo(&self, text: &str) -> Result<Declared, TagError> {
        let file: CargoToml = self.parsed(toml::from_str(text))?;
        let of_workspace = || file.workspace?.package?.version;
        match file.package.and_then(|package| package.version) {
            Some(here @ Declared::Here(_)) => Ok(here),
            other => of_workspace().or(other).ok_or_else(|| self.undeclared()),
        }
    }

    /// What the nearest workspace above declares.
    fn of_workspace(&self) -> Result<Option<String>, Stop> {
        let absolute = std::path::absolute(&self.file).unwrap_or_else(|_| self.file.clone());
        for directory in absolute.ancestors().skip(2).take(ANCESTORS_MAX) {
            let Some(text) = files::read_text_if_there(&directory.join("Cargo.toml"))? else { continue };
            let file: CargoToml = self.parsed(toml::from_str(&text))?;
            if let Some(Declared::Here(version)) = file.workspace.and_then(|all| all.package?.version) {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    fn parsed<T, E: std::error::Error + Send + Sync + 'static>(
        &self,
        parsed: Result<T, E>,
    ) -> Result<T, TagError> {
        parsed.map_err(|source| TagError::Manifest { file: self.file.clone(), source: source.into() })
    }

    fn undeclared(&self) -> TagError {
        TagError::Undeclared { file: self.file.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(form: &str, content: &str) -> Result<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("manifest");
        files::write(&file, content.as_bytes()).unwrap();
        let Ok(VersionFrom::File(manifest)) = format!("{form}:{}", file.display()).parse() else {
            panic!("{form} reads a file");
        };
        manifest.version().map_err(|stop| stop.failure.code().as_str().to_owned())
    }

    #[test]
    fn each_language_declares_its_version_in_its_own_way() {
        let is = |form, content: &str| assert_eq!(version(form, content).as_deref(), Ok("1.2.3"), "{form}");
        is("cargo", "[package]\nname = \"a\"\nversion = \"1.2.3\"");
        is("cargo", "[package]\nversion.workspace = true\n[workspace.package]\nversion = \"1.2.3\"");
        is("cargo", "[workspace.package]\nversion = \"1.2.3\"");
        is("npm", r#"{"name": "a", "version": "1.2.3"}"#);
        is("pyproject", "[project]\nversion = \"1.2.3\"");
        is("pyproject", "[tool.poetry]\nversion = \"1.2.3\"");
        is("file", " 1.2.3\n");
    }

    #[test]
    fn a_file_that_declares_none_says_so() {
        for (form, content, code) in [
            ("cargo", "[package]\nname = \"a\"", "version-undeclared"),
            ("npm", "{}", "version-undeclared"),
            ("npm", "version", "version-file-invalid"),
            ("pyproject", "[project]\ndynamic = [\"version\"]", "version-undeclared"),
            ("pyproject", "project = 1", "version-file-invalid"),
            ("file", "\n", "version-undeclared"),
        ] {
            assert_eq!(version(form, content), Err(code.to_owned()), "{form} {content}");
        }
        for text in ["", "maven", "file", "file:", "git-tag:x"] {
            assert!(text.parse::<VersionFrom>().is_err(), "{text}");
        }
    }
}
