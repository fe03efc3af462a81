//! SBOMs in CycloneDX JSON, 1.4 to 1.7 (cyclonedx.org/docs), whoever wrote them, as far as a check reads them; never what they say about
//! their own vulnerabilities.

use serde::{Deserialize, de::IgnoredAny};

use super::ecosystem::Source;
use crate::catalog::purl::{InvalidPurl, Purl};

/// The largest SBOM that is read, in bytes.
pub(crate) const BILL_BYTES_MAX: u64 = 256 << 20;

/// The versions of CycloneDX whose JSON is read.
const VERSIONS: [&str; 4] = ["1.4", "1.5", "1.6", "1.7"];

/// The components that are no package and can have no purl.
const NO_PACKAGES: [&str; 9] = [
    "file",
    "operating-system",
    "device",
    "device-driver",
    "firmware",
    "data",
    "platform",
    "machine-learning-model",
    "cryptographic-asset",
];

/// What an SBOM lists.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Bill {
    /// The packages. What the SBOM is about is none of them: it is not among what it is made of, and a name of yours may be somebody else's.
    pub(crate) packages: Vec<Listed>,
    /// The operating system, as a package URL would name it: `debian-12`.
    pub(crate) distribution: Option<String>,
}

/// A package of an SBOM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// What names it everywhere.
    pub(crate) purl: Option<Purl>,
    /// The source package, where the SBOM tells it beside the package URL.
    pub(crate) source: Option<Source>,
    /// Its licences, all of which hold.
    pub(crate) licences: Vec<Licence>,
}

/// Where in the SBOM it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// It is what the SBOM is about.
    Subject,
    /// It is part of that.
    Part,
}

/// A licence as it is stated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Licence {
    /// An SPDX identifier or expression.
    Spdx(String),
    /// Some name.
    Named(String),
}

/// Why a file is no SBOM that can be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoBill {
    /// Not of the form.
    #[error(transparent)]
    Form(#[from] serde_json::Error),
    /// Something else in JSON.
    #[error("its bomFormat is not `CycloneDX`")]
    Format,
    /// A version that is not read.
    #[error("it is CycloneDX {0}, and 1.4 to 1.7 are read")]
    Version(String),
    /// Nothing in it.
    #[error("it lists no component")]
    Empty,
    /// A package URL that is none.
    #[error("the component {name}")]
    PackageUrl {
        /// Whose.
        name: String,
        /// What is wrong.
        source: InvalidPurl,
    },
    /// Two answers to one question.
    #[error("the component {name} has the version `{version}`, and `{other}` by its package URL")]
    Contradiction {
        /// Whose.
        name: String,
        /// One.
        version: String,
        /// The other.
        other: String,
    },
    /// A licence in no form of the specification.
    #[error("a licence of the component {0} has neither id, name nor expression")]
    Licence(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    bom_format: String,
    spec_version: String,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    purl: Option<String>,
    #[serde(default)]
    licenses: Vec<LicenceChoice>,
    #[serde(default)]
    properties: Vec<Property>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct LicenceChoice {
    license: Option<LicenceName>,
    expression: Option<String>,
}

#[derive(Deserialize)]
struct LicenceName {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: Option<String>,
}

/// As much as tells JSON that is no SBOM from an SBOM with a mistake.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    bom_format: Option<IgnoredAny>,
}

impl Bill {
    /// Reads an SBOM.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, NoBill> {
        // An editor's byte order mark is no part of the text (RFC 8259, section 8.1).
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let outline: Outline = serde_json::from_slice(json)?;
        if outline.bom_format.is_none() {
            return Err(NoBill::Format);
        }
        let document: Document = serde_json::from_slice(json)?;
        if document.bom_format != "CycloneDX" {
            return Err(NoBill::Format);
        }
        if !VERSIONS.contains(&document.spec_version.as_str()) {
            return Err(NoBill::Version(document.spec_version));
        }
        // What is said to be made of nothing was not looked into.
        if document.components.is_empty() {
            return Err(NoBill::Empty);
        }
        let mut bill = Self::default();
        if let Some(subject) = document.metadata.and_then(|metadata| metadata.component) {
            bill.add(subject, Place::Subject)?;
        }
        for component in document.components {
            bill.add(component, Place::Part)?;
        }
        Ok(bill)
    }

    fn add(&mut self, component: Component, place: Place) -> Result<(), NoBill> {
        let Component { kind, name, version, purl, licenses, properties, components } = component;
        for part in components {
            self.add(part, Place::Part)?;
        }
        let version = version.unwrap_or_default();
        if kind == "operating-system" {
            self.distribution.get_or_insert_with(|| format!("{name}-{version}"));
        }
        let shown = || format!("{name} {version}").trim().to_owned();
        let purl = purl
            .filter(|purl| !purl.is_empty())
            .map(|purl| purl.parse::<Purl>())
            .transpose()
            .map_err(|source| NoBill::PackageUrl { name: shown(), source })?;
        if let Some(other) = purl.as_ref().and_then(Purl::version_text)
            && !agree(&version, other)
        {
            let (name, other) = (shown(), other.to_owned());
            return Err(NoBill::Contradiction { name, version, other });
        }
        // The name of the system, or of a file, is no package.
        let is_package = purl.is_some() || !NO_PACKAGES.contains(&kind.as_str());
        if !is_package || place == Place::Subject {
            return Ok(());
        }
        let licences = licenses.into_iter().map(|one| licence(one).ok_or_else(|| NoBill::Licence(shown())));
        let licences = licences.collect::<Result<_, _>>()?;
        self.packages.push(Listed { source: source(&properties), name, version, purl, licences });
        Ok(())
    }
}

/// Whether two ways of writing a version say the same: Go's `v` and `go`, rpm's and dpkg's epoch are written in one place and left out in another.
fn agree(version: &str, other: &str) -> bool {
    fn bare(text: &str) -> &str {
        let text = text.strip_prefix("go").or_else(|| text.strip_prefix('v')).unwrap_or(text);
        match text.split_once(':') {
            Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => text,
        }
    }
    version.is_empty() || bare(version) == bare(other)
}

fn licence(choice: LicenceChoice) -> Option<Licence> {
    match choice {
        LicenceChoice { expression: Some(expression), license: None } => Some(Licence::Spdx(expression)),
        LicenceChoice { license: Some(LicenceName { id: Some(id), name: None }), expression: None } => {
            Some(Licence::Spdx(id))
        }
        LicenceChoice { license: Some(LicenceName { id: None, name: Some(name) }), expression: None } => {
            Some(Licence::Named(name))
        }
        _ => None,
    }
}

/// Trivy tells the source package in properties.
fn source(properties: &[Property]) -> Option<Source> {
    let value = |name: &str| {
        let name = format!("aquasecurity:trivy:{name}");
        let found = properties.iter().find(|property| property.name == name);
        found.and_then(|property| property.value.clone()).filter(|value| !value.is_empty())
    };
    let epoch = value("SrcEpoch").filter(|epoch| epoch != "0").map(|epoch| format!("{epoch}:"));
    let release = value("SrcRelease").map(|release| format!("-{release}"));
    let version = value("SrcVersion")
        .map(|version| format!("{}{version}{}", epoch.unwrap_or_default(), release.unwrap_or_default()));
    value("SrcName").map(|name| Source { name, version })
}

#[cfg(test)]
mod tests;
