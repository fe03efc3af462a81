//! How an image is written: in a registry (`host/repository:tag`) or in an OCI image layout (`oci:DIR:tag`); never what it holds.

use std::{fmt, path::PathBuf, str::FromStr};

use crate::{Digest, InvalidDigest};

/// The text names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImage {
    /// Neither of the two forms.
    #[error("`{0}` is no image: expected HOST/REPOSITORY[:TAG|@DIGEST] or oci:DIR[:TAG|@DIGEST]")]
    Form(String),
    /// The tag breaks the grammar of OCI.
    #[error(
        "`{0}` is no tag: expected 1 to 128 of a-z, A-Z, 0-9, `_`, `.` and `-`, not beginning with `.` or `-`"
    )]
    Tag(String),
    /// The part after `@` is no digest.
    #[error(transparent)]
    Digest(#[from] InvalidDigest),
}

/// A tag of the OCI distribution specification: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tag(String);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidImage;

    fn from_str(text: &str) -> Result<Self, InvalidImage> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let first = text.bytes().next().is_some_and(word);
        if first && text.len() <= 128 && text.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidImage::Tag(text.to_owned()))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// The repository: where the images of one name lie.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Location {
    /// A repository of a registry, such as `ghcr.io` and `acme/app`.
    Registry {
        /// Host and, where it is not the usual one, port.
        host: String,
        /// The path below the host.
        repository: String,
    },
    /// A directory in the form of the OCI image layout specification.
    Layout(PathBuf),
}

/// Which image of a repository. A digest wins over a tag, which then only says what it was called.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Selector {
    /// By a name that may move.
    Tag(Tag),
    /// By content.
    Digest(Digest),
}

/// One image or, without a selector, one repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ImageRef {
    location: Location,
    selector: Option<Selector>,
}

impl ImageRef {
    /// The repository at this place.
    pub fn repository(location: Location) -> Self {
        Self { location, selector: None }
    }

    /// The one that all of these are; nothing if they differ, or if there are none.
    pub fn shared<'a>(images: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        let mut images = images.into_iter();
        let first = images.next()?;
        images.all(|image| image == first).then_some(first)
    }

    /// Where it lies.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Which one, if it says.
    pub fn selector(&self) -> Option<&Selector> {
        self.selector.as_ref()
    }

    /// The tag, if that is how it is named.
    pub fn tag(&self) -> Option<&Tag> {
        match &self.selector {
            Some(Selector::Tag(tag)) => Some(tag),
            _ => None,
        }
    }

    /// The digest, if that is how it is named.
    pub fn digest(&self) -> Option<Digest> {
        match self.selector {
            Some(Selector::Digest(digest)) => Some(digest),
            _ => None,
        }
    }

    /// The same repository, this tag.
    pub fn with_tag(&self, tag: Tag) -> Self {
        Self { location: self.location.clone(), selector: Some(Selector::Tag(tag)) }
    }

    /// The same repository, this digest.
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self { location: self.location.clone(), selector: Some(Selector::Digest(digest)) }
    }
}

impl FromStr for ImageRef {
    type Err = InvalidImage;

    fn from_str(text: &str) -> Result<Self, InvalidImage> {
        let form = || InvalidImage::Form(text.to_owned());
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse()?)),
            None => (text, None),
        };
        // A port has a `/` behind it and a tag has none, so the last `:` decides only behind the last `/`.
        let start = if name.starts_with("oci:") { 4 } else { 0 };
        let tail = name[start..].rfind('/').map_or(start, |slash| start + slash + 1);
        let (path, tag) = match name[tail..].find(':') {
            Some(colon) => (&name[start..tail + colon], Some(name[tail + colon + 1..].parse()?)),
            None => (&name[start..], None),
        };
        let location = if start == 4 { layout(path) } else { registry(path) }.ok_or_else(form)?;
        let selector = digest.map(Selector::Digest).or(tag.map(Selector::Tag));
        Ok(Self { location, selector })
    }
}

fn layout(path: &str) -> Option<Location> {
    let clean = !path.is_empty() && !path.chars().any(char::is_control);
    clean.then(|| Location::Layout(PathBuf::from(path)))
}

/// A host has a `.`, a `:` or is `localhost`; there is no silent Docker Hub.
fn registry(path: &str) -> Option<Location> {
    let (host, repository) = path.split_once('/')?;
    let named = host.contains(['.', ':']) || host == "localhost";
    let host_chars = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let part = |part: &str| {
        let edge =
            |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        edge(part.bytes().next())
            && edge(part.bytes().last())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
    };
    (named && host_chars && !host.is_empty() && repository.split('/').all(part))
        .then(|| Location::Registry { host: host.to_owned(), repository: repository.to_owned() })
}

impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry { host, repository } => write!(out, "{host}/{repository}"),
            Self::Layout(directory) => write!(out, "oci:{}", directory.display()),
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selector {
            None => write!(out, "{}", self.location),
            Some(Selector::Tag(tag)) => write!(out, "{}:{tag}", self.location),
            Some(Selector::Digest(digest)) => write!(out, "{}@{digest}", self.location),
        }
    }
}

crate::text_form!(Tag);
crate::text_form!(ImageRef);

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn both_forms_are_read_and_written_alike() {
        for text in [
            "ghcr.io/acme/app",
            "ghcr.io/acme/app:1.2.3-860c190",
            "localhost:5000/app:x",
            "oci:registry",
            "oci:./dir.d/app:1.0.0",
            &format!("oci:/tmp/registry/app@{DIGEST}"),
            &format!("registry.example.com:443/a/b/c@{DIGEST}"),
        ] {
            assert_eq!(text.parse::<ImageRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_all_share_is_one_image_or_none() {
        let [a, b]: [ImageRef; 2] = ["ghcr.io/acme/a", "ghcr.io/acme/b"].map(|text| text.parse().unwrap());
        assert_eq!(ImageRef::shared([&a, &a]), Some(&a));
        assert_eq!(ImageRef::shared([&a, &b]), None);
        assert_eq!(ImageRef::shared([]), None);
    }

    #[test]
    fn a_digest_wins_over_the_tag_beside_it() {
        let image: ImageRef = format!("ghcr.io/acme/app:1@{DIGEST}").parse().unwrap();
        assert_eq!(image.to_string(), format!("ghcr.io/acme/app@{DIGEST}"));
    }

    #[test]
    fn there_is_no_silent_docker_hub_and_no_empty_part() {
        for text in [
            "",
            "app",
            "acme/app",
            "ghcr.io/",
            "ghcr.io//app",
            "ghcr.io/App",
            "oci:",
            "oci::x",
            "ghcr.io/a:",
            "ghcr.io/a@sha256:1",
            "ghcr.io/../a",
        ] {
            assert!(text.parse::<ImageRef>().is_err(), "{text}");
        }
    }

    #[test]
    fn tags_follow_the_grammar() {
        for bad in ["", ".a", "-a", "a b", "a/b", "ä", &"x".repeat(129)] {
            assert!(bad.parse::<Tag>().is_err(), "{bad}");
        }
        assert!("_a.b-C".parse::<Tag>().is_ok());
    }

    proptest::proptest! {
        #[test]
        fn what_parses_is_written_so_that_it_parses_again(text in "(oci:)?[a-z.:/@0-9-]{0,40}") {
            if let Ok(image) = text.parse::<ImageRef>() {
                proptest::prop_assert_eq!(image.to_string().parse::<ImageRef>(), Ok(image));
            }
        }
    }
}
