//! Package URLs (ECMA-427): built and read, in the one canonical form; never whether such a package exists.

use std::{collections::BTreeMap, fmt, str::FromStr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is percent-encoded in every part: all but letters, digits and `-._~:` (ECMA-427, "Character encoding").
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// An ecosystem, by the type that package URLs have for it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PurlType {
    /// Alpine packages.
    Apk,
    /// Rust crates.
    Cargo,
    /// Debian packages.
    Deb,
    /// Images by their name at a registry.
    Docker,
    /// What has no ecosystem.
    Generic,
    /// Repositories on GitHub, actions among them.
    Github,
    /// Go modules.
    Golang,
    /// JavaScript packages.
    Npm,
    /// Content by its digest at a registry.
    Oci,
    /// Python packages.
    Pypi,
    /// RPM packages.
    Rpm,
    /// Any other, in lower case. This one is only read.
    Other(String),
}

/// The qualifiers that we write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Qualifier {
    /// `arch`: what machine it is for.
    Arch,
    /// `distro`: the release of the distribution, `debian-13`.
    Distro,
    /// `download_url`: where exactly it comes from.
    DownloadUrl,
    /// `epoch`: of an RPM.
    Epoch,
    /// `repository_url`: another registry than the ecosystem's own.
    RepositoryUrl,
    /// `tag`: of an image.
    Tag,
    /// `upstream`: the source package that it was built from.
    Upstream,
    /// `vcs_url`: the repository and commit that it comes from.
    VcsUrl,
}

/// A package URL in canonical form: `pkg:npm/%40scope/name@1.0.0`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Purl {
    kind: PurlType,
    namespace: Vec<String>,
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
    subpath: Vec<String>,
}

/// The text is no package URL, or the parts make none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is no package URL: {why}")]
pub struct InvalidPurl {
    text: String,
    why: &'static str,
}

impl PurlType {
    /// As it stands in a package URL.
    pub fn word(&self) -> &str {
        match self {
            Self::Apk => "apk",
            Self::Cargo => "cargo",
            Self::Deb => "deb",
            Self::Docker => "docker",
            Self::Generic => "generic",
            Self::Github => "github",
            Self::Golang => "golang",
            Self::Npm => "npm",
            Self::Oci => "oci",
            Self::Pypi => "pypi",
            Self::Rpm => "rpm",
            Self::Other(word) => word,
        }
    }

    fn of(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".+-".contains(&byte);
        if !word.starts_with(|first: char| first.is_ascii_alphabetic()) || !word.bytes().all(legal) {
            return None;
        }
        Some(match word.as_str() {
            "apk" => Self::Apk,
            "cargo" => Self::Cargo,
            "deb" => Self::Deb,
            "docker" => Self::Docker,
            "generic" => Self::Generic,
            "github" => Self::Github,
            "golang" => Self::Golang,
            "npm" => Self::Npm,
            "oci" => Self::Oci,
            "pypi" => Self::Pypi,
            "rpm" => Self::Rpm,
            _ => Self::Other(word),
        })
    }

    fn has_namespace(&self) -> bool {
        !matches!(self, Self::Cargo | Self::Oci | Self::Pypi)
    }

    /// A segment of the namespace as the type wants it (ECMA-427, the type definitions).
    fn namespace(&self, segment: &str) -> String {
        match self {
            Self::Apk | Self::Deb | Self::Github | Self::Golang | Self::Npm | Self::Rpm => {
                segment.to_lowercase()
            }
            _ => segment.to_owned(),
        }
    }

    /// The name as the type wants it (ECMA-427, the type definitions).
    fn name(&self, name: &str) -> String {
        match self {
            Self::Apk | Self::Deb | Self::Github | Self::Golang | Self::Npm | Self::Oci => {
                name.to_lowercase()
            }
            Self::Pypi => pypi_name(name),
            _ => name.to_owned(),
        }
    }
}

/// A Python package's name as all spellings of it agree on: lower case, and one `-` for each run of `-`, `_` and `.`
/// (the PyPA's "Names and normalization").
pub fn pypi_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            _ => out.extend(letter.to_lowercase()),
        }
    }
    out
}

impl Qualifier {
    const fn key(self) -> &'static str {
        match self {
            Self::Arch => "arch",
            Self::Distro => "distro",
            Self::DownloadUrl => "download_url",
            Self::Epoch => "epoch",
            Self::RepositoryUrl => "repository_url",
            Self::Tag => "tag",
            Self::Upstream => "upstream",
            Self::VcsUrl => "vcs_url",
        }
    }
}

impl Purl {
    /// A package by its full name in its ecosystem: what stands before the last `/` is the namespace, where the type has one
    /// (`@scope/name`, `github.com/owner/module`, `debian/curl`).
    pub fn new(kind: PurlType, full_name: &str) -> Result<Self, InvalidPurl> {
        let (namespace, name) = match full_name.rsplit_once('/') {
            Some((namespace, name)) if kind.has_namespace() => (namespace, name),
            _ => ("", full_name),
        };
        let segments = namespace.split('/').filter(|segment| !segment.is_empty());
        let namespace = segments.map(|segment| kind.namespace(segment)).collect();
        let name = kind.name(name);
        if name.is_empty() {
            return Err(InvalidPurl { text: full_name.to_owned(), why: "it has no name" });
        }
        let (version, qualifiers, subpath) = (None, BTreeMap::new(), Vec::new());
        Ok(Self { kind, namespace, name, version, qualifiers, subpath })
    }

    /// With this version; an empty one is none.
    pub fn version(mut self, version: &str) -> Self {
        self.version = Some(version.to_owned()).filter(|version| !version.is_empty());
        self
    }

    /// With this qualifier; an empty one is none.
    pub fn qualifier(mut self, key: Qualifier, value: &str) -> Self {
        if !value.is_empty() {
            self.qualifiers.insert(key.key().to_owned(), value.to_owned());
        }
        self
    }

    /// With this path below the package's root.
    pub fn subpath(mut self, path: &str) -> Self {
        let segments = path.split('/').filter(|segment| !matches!(*segment, "" | "." | ".."));
        self.subpath = segments.map(str::to_owned).collect();
        self
    }

    /// The ecosystem.
    pub const fn kind(&self) -> &PurlType {
        &self.kind
    }

    /// Namespace and name with a `/` between them, as the ecosystem writes it.
    pub fn full_name(&self) -> String {
        let parts: Vec<&str> = self.namespace.iter().chain([&self.name]).map(String::as_str).collect();
        parts.join("/")
    }

    /// The last part of the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace, empty if there is none.
    pub fn namespace(&self) -> String {
        self.namespace.join("/")
    }

    /// The version.
    pub fn version_text(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The value of a qualifier.
    pub fn qualified(&self, key: &str) -> Option<&str> {
        self.qualifiers.get(key).map(String::as_str)
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encode = |text| utf8_percent_encode(text, ENCODED);
        write!(out, "pkg:{}/", self.kind.word())?;
        for segment in &self.namespace {
            write!(out, "{}/", encode(segment))?;
        }
        write!(out, "{}", encode(&self.name))?;
        if let Some(version) = &self.version {
            write!(out, "@{}", encode(version))?;
        }
        for (place, (key, value)) in self.qualifiers.iter().enumerate() {
            write!(out, "{}{key}={}", if place == 0 { '?' } else { '&' }, encode(value))?;
        }
        for (place, segment) in self.subpath.iter().enumerate() {
            write!(out, "{}{}", if place == 0 { '#' } else { '/' }, encode(segment))?;
        }
        Ok(())
    }
}

impl FromStr for Purl {
    type Err = InvalidPurl;

    /// Reads a package URL, canonical or not (ECMA-427, "Parsing").
    fn from_str(text: &str) -> Result<Self, InvalidPurl> {
        let invalid = |why| InvalidPurl { text: text.to_owned(), why };
        let decode = |part: &str| match percent_decode_str(part).decode_utf8() {
            Ok(plain) => Ok(plain.into_owned()),
            Err(_) => Err(invalid("it is not UTF-8 once decoded")),
        };
        let (rest, subpath) = text.rsplit_once('#').unwrap_or((text, ""));
        let (rest, qualifiers) = rest.rsplit_once('?').unwrap_or((rest, ""));
        let (scheme, rest) = rest.split_once(':').ok_or_else(|| invalid("it has no scheme"))?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(invalid("its scheme is not pkg"));
        }
        let rest = rest.trim_matches('/');
        let (kind, rest) = rest.split_once('/').ok_or_else(|| invalid("it has no type or no name"))?;
        let kind = PurlType::of(kind).ok_or_else(|| invalid("its type has letters that none has"))?;
        // An @ that begins a segment with more behind it is an npm scope's that was not encoded.
        let is_scope = |at: usize| rest[at..].contains('/') && (at == 0 || rest[..at].ends_with('/'));
        let at = rest.rfind('@').filter(|at| !is_scope(*at));
        let (path, version) = at.map_or((rest, ""), |at| (&rest[..at], &rest[at + 1..]));
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let mut segments: Vec<String> = segments.map(decode).collect::<Result<_, _>>()?;
        let name = segments.pop().map(|name| kind.name(&name)).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| invalid("it has no name"))?;
        let namespace = segments.iter().map(|segment| kind.namespace(segment)).collect();
        let mut purl =
            Self { kind, namespace, name, version: None, qualifiers: BTreeMap::new(), subpath: Vec::new() };
        purl = purl.version(&decode(version)?);
        for pair in qualifiers.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) =
                pair.split_once('=').ok_or_else(|| invalid("one of its qualifiers has no value"))?;
            let key = key.to_ascii_lowercase();
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            if !key.starts_with(|first: char| first.is_ascii_alphabetic()) || !key.bytes().all(legal) {
                return Err(invalid("one of its qualifiers has a name that none has"));
            }
            let value = decode(value)?;
            if !value.is_empty() && purl.qualifiers.insert(key, value).is_some() {
                return Err(invalid("it has a qualifier twice"));
            }
        }
        Ok(purl.subpath(&decode(subpath)?))
    }
}

#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;
