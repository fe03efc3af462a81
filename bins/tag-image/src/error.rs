//! Why an image has no name, told once; never how it is shown.

use std::{borrow::Cow, path::PathBuf, str::FromStr};

use ci::{Code, Failure, Kind, Place};
use contract::{Commit, ComponentName, ImageRef, IncompleteRelease, InvalidImage, Version};

/// A name was not found, or not given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TagError {
    /// The one name that says nothing.
    #[error("`{0}` says `latest`, and that names whatever was pushed last")]
    Latest(String),
    /// No three numbers.
    #[error("`{text}` is no version")]
    NotSemVer {
        /// What was given.
        text: String,
        /// Why it is none.
        source: <Version as FromStr>::Err,
    },
    /// A version before the release.
    #[error("{0} is a pre-release, and a release is major.minor.patch")]
    PreRelease(Version),
    /// A version that no tag can hold.
    #[error("{0} has build metadata, and a tag cannot hold a `+`")]
    BuildMetadata(Version),
    /// Neither typed nor tagged.
    #[error("the version is not known: no --version, and the commit has no git tag `{prefix}v<semver>`")]
    NoVersion {
        /// What stands before the version in a git tag.
        prefix: String,
    },
    /// No way to find a version.
    #[error("`{0}` says not where the version is")]
    VersionFrom(String),
    /// A file of another form.
    #[error("{} does not have the form that is read here", .file.display())]
    Manifest {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file without a version.
    #[error("{} declares no version", .file.display())]
    Undeclared {
        /// The file.
        file: PathBuf,
    },
    /// A file and a git tag of two minds.
    #[error("the project declares {declared}, and the git tag of this run says {tagged}")]
    Contradiction {
        /// What the file says.
        declared: Version,
        /// What the tag says.
        tagged: Version,
    },
    /// The git tag belongs to something else.
    #[error("the git tag `{tag}` does not begin with `{prefix}`")]
    ForeignTag {
        /// The tag this run is about.
        tag: String,
        /// What stands before the version in a git tag.
        prefix: String,
    },
    /// Several git tags, several versions.
    #[error("the commit has several versions: {0}")]
    ManyVersions(String),
    /// No runner, no repository.
    #[error("the commit is not known: no GITHUB_SHA, and no git repository here")]
    NoCommit,
    /// Nobody says which component it is.
    #[error("the component is not known")]
    NoComponent,
    /// A component that the configuration does not have.
    #[error("{} has no component `{name}`; it has {known}", .file.display())]
    ForeignComponent {
        /// The configuration.
        file: PathBuf,
        /// The name that was meant.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The configuration can't be read.
    #[error("{} does not declare its components as `[components.<name>]` with an `image`", .file.display())]
    Config {
        /// The configuration.
        file: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A component and rules.
    #[error("a component has one standard name, and rules give others: both are given")]
    TwoStandards,
    /// A repository where an image is meant.
    #[error("{0} is a repository and names no image")]
    Unnamed(ImageRef),
    /// An image where a repository is meant.
    #[error("{0} is one image, and a repository is meant")]
    NotARepository(ImageRef),
    /// A digest where a name is meant.
    #[error("{0} is a digest, which nobody can give")]
    NamedByDigest(ImageRef),
    /// A text that names no image.
    #[error(transparent)]
    Image(#[from] InvalidImage),
    /// A record that holds no whole release.
    #[error("the release is not whole")]
    ReleaseIncomplete(#[source] IncompleteRelease),
    /// A release without some of its components.
    #[error("the release lacks {}, which the configuration declares", list(.0))]
    ComponentsMissing(Vec<ComponentName>),
    /// A release that was built from another commit than the one that is checked out.
    #[error("release {version} was built from {}, and this run is about {}", .theirs.short(), .ours.short())]
    OtherCommit {
        /// Which release.
        version: Version,
        /// Its commit.
        theirs: Commit,
        /// The commit of this run.
        ours: Commit,
    },
    /// A record that is about something else already.
    #[error("the release record holds other digests than release {0}")]
    RecordDiffers(Version),
    /// Components in several repositories.
    #[error("the components lie in several repositories, and none is named for the release manifest")]
    NoReleaseImage,
}

fn list(names: &[ComponentName]) -> String {
    names.iter().map(ComponentName::as_str).collect::<Vec<_>>().join(", ")
}

impl Failure for TagError {
    fn code(&self) -> Code {
        match self {
            Self::Latest(_) => Code::new("latest-refused"),
            Self::NotSemVer { .. } => Code::new("version-not-semver"),
            Self::PreRelease(_) => Code::new("version-is-prerelease"),
            Self::BuildMetadata(_) => Code::new("version-has-build-metadata"),
            Self::NoVersion { .. } => Code::new("release-version-unknown"),
            Self::VersionFrom(_) => Code::new("version-source-unknown"),
            Self::Manifest { .. } => Code::new("version-file-invalid"),
            Self::Undeclared { .. } => Code::new("version-undeclared"),
            Self::Contradiction { .. } => Code::new("version-contradiction"),
            Self::ForeignTag { .. } => Code::new("git-tag-foreign"),
            Self::ManyVersions(_) => Code::new("version-ambiguous"),
            Self::NoCommit => Code::new("commit-unknown"),
            Self::NoComponent | Self::ForeignComponent { .. } => Code::new("component-unknown"),
            Self::Config { .. } => Code::new("components-invalid"),
            Self::TwoStandards => Code::new("naming-ambiguous"),
            Self::Unnamed(_) => Code::new("image-expected"),
            Self::NotARepository(_) => Code::new("image-not-a-repository"),
            Self::NamedByDigest(_) => Code::new("target-is-a-digest"),
            Self::Image(_) => Code::new("image-invalid"),
            Self::ReleaseIncomplete(_) | Self::ComponentsMissing(_) => Code::new("release-incomplete"),
            Self::OtherCommit { .. } => Code::new("release-other-commit"),
            Self::RecordDiffers(_) => Code::new("release-file-other-release"),
            Self::NoReleaseImage => Code::new("release-image-unknown"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Latest(_) | Self::PreRelease(_) | Self::Contradiction { .. } => Kind::Refused,
            _ => Kind::Input,
        }
    }

    fn fix(&self) -> Cow<'static, str> {
        match self {
            Self::Latest(_) => "name the version: <semver>-<short sha>",
            Self::NotSemVer { .. } => "give a version such as 1.2.3 (semver.org)",
            Self::PreRelease(_) => "release it as major.minor.patch; the commit in the tag already tells builds apart",
            Self::BuildMetadata(_) => "leave out the `+` and what follows; the tag names the commit already",
            Self::NoVersion { .. } => {
                "give --version, or tag the commit and fetch the tags (actions/checkout with fetch-tags: true)"
            }
            Self::VersionFrom(_) => "say git-tag, cargo, npm, pyproject or file:PATH; a path may follow each but git-tag",
            Self::Manifest { .. } | Self::Undeclared { .. } => "declare the version there, or name another file with --version-from",
            Self::Contradiction { .. } => "tag the commit that declares this version, or correct one of the two",
            Self::ForeignTag { .. } | Self::ManyVersions(_) => "give --version, or the --tag-prefix of this component",
            Self::NoCommit => "run it in the checkout of the commit, or set GITHUB_SHA to the full name of the commit",
            Self::NoComponent => "give --component, or --image, whose last part is the component's name",
            Self::ForeignComponent { .. } => "give one of these as --component, or declare it as [components.<name>]",
            Self::Config { .. } => "compare it with docs/release-toml.schema.json",
            Self::TwoStandards => "leave out --component and --image, or the inputs of docker/metadata-action",
            Self::Unnamed(_) => "add :TAG or @DIGEST",
            Self::NotARepository(_) => "leave out the tag or digest",
            Self::NamedByDigest(_) => "name a tag, or the repository alone for the standard tag",
            Self::Image(_) => "write HOST/REPOSITORY[:TAG|@DIGEST] or oci:DIR[:TAG|@DIGEST]",
            Self::ReleaseIncomplete(_) => "let `tag-image apply` record every component at this commit, or give --version",
            Self::ComponentsMissing(_) => "let `tag-image apply` record them, or correct [components] in release.toml",
            Self::OtherCommit { .. } => "check out the commit of the release, and on GitHub run the workflow on its tag: configuration and migrations are the commit's",
            Self::RecordDiffers(_) => "remove the record, or name another one with --release-file",
            Self::NoReleaseImage => "give --target, or say image in [release] of release.toml",
        }
        .into()
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::ForeignComponent { file, .. }
            | Self::Config { file, .. }
            | Self::Manifest { file, .. }
            | Self::Undeclared { file } => Some(Place { file: file.clone(), line: None }),
            _ => None,
        }
    }
}
