//! Linux distributions: what their releases are called in OSV, and which source package a package is built from; never a language's
//! packages.

use super::{Ecosystem, Purl, Question, Scheme, Source};

/// A distribution: the id of its os-release(5), its ecosystem.
const DISTRIBUTIONS: [(&str, &str); 20] = [
    ("debian", "Debian"),
    ("ubuntu", "Ubuntu"),
    ("alpine", "Alpine"),
    ("wolfi", "Wolfi"),
    ("chainguard", "Chainguard"),
    ("minimos", "MinimOS"),
    ("almalinux", "AlmaLinux"),
    ("alma", "AlmaLinux"),
    ("rocky", "Rocky Linux"),
    ("rockylinux", "Rocky Linux"),
    ("rhel", "Red Hat"),
    ("redhat", "Red Hat"),
    ("opensuse", "openSUSE"),
    ("opensuse-leap", "openSUSE"),
    ("opensuse-tumbleweed", "openSUSE"),
    ("sles", "SUSE"),
    ("mageia", "Mageia"),
    ("photon", "Photon OS"),
    ("azurelinux", "Azure Linux"),
    ("mariner", "Azure Linux"),
];

/// Releases by their names, which package URLs carry where they were written after the examples of the specification.
const NAMED: [(&str, &str, &str); 12] = [
    ("debian", "buster", "10"),
    ("debian", "bullseye", "11"),
    ("debian", "bookworm", "12"),
    ("debian", "trixie", "13"),
    ("debian", "forky", "14"),
    ("debian", "sid", "sid"),
    ("ubuntu", "bionic", "18.04"),
    ("ubuntu", "focal", "20.04"),
    ("ubuntu", "jammy", "22.04"),
    ("ubuntu", "noble", "24.04"),
    ("ubuntu", "questing", "25.10"),
    ("ubuntu", "resolute", "26.04"),
];

/// The question for a package of a distribution.
pub(super) fn question(
    purl: &Purl,
    version: &str,
    source: Option<&Source>,
    elsewhere: Option<&str>,
) -> Result<Question, String> {
    let scheme = match purl.kind().word() {
        "deb" => Scheme::Deb,
        "apk" => Scheme::Apk,
        "rpm" => Scheme::Rpm,
        other => return Err(format!("OSV has no ecosystem for packages of type `{other}`")),
    };
    let distro = purl.qualified("distro").or(elsewhere);
    let (id, release) = read(distro.unwrap_or_default(), &purl.namespace());
    let base = DISTRIBUTIONS.iter().find_map(|(known, base)| (*known == id).then_some(*base));
    let base = base.ok_or_else(|| match id.as_str() {
        "" => "nothing says which distribution it is from".to_owned(),
        id => format!("OSV has no ecosystem for the distribution `{id}`"),
    })?;
    let release = released(base, &id, &release)?;
    let ecosystem = Ecosystem { base, release, scheme };
    let upstream = purl.qualified("upstream").map(|upstream| source_of(upstream, purl.kind().word()));
    let source = upstream.or_else(|| source.cloned());
    let mut names =
        vec![source.as_ref().map_or_else(|| purl.name().to_owned(), |source| source.name.clone())];
    // Red Hat's records name binary packages too.
    if scheme == Scheme::Rpm && names[0] != purl.name() {
        names.push(purl.name().to_owned());
    }
    let version = source.and_then(|source| source.version).unwrap_or_else(|| version.to_owned());
    let version = match purl.qualified("epoch") {
        Some(epoch) if scheme == Scheme::Rpm && !version.contains(':') => format!("{epoch}:{version}"),
        _ => version,
    };
    Ok(Question { ecosystem, names, version })
}

/// `debian-12.4` is debian and 12.4; `bookworm` is a release of the namespace's distribution.
fn read(distro: &str, namespace: &str) -> (String, String) {
    let distro = distro.to_ascii_lowercase();
    let namespace = namespace.to_ascii_lowercase();
    if let Some((id, _, release)) =
        NAMED.iter().find(|(id, name, _)| *name == distro || format!("{id}-{name}") == distro)
    {
        return ((*id).to_owned(), (*release).to_owned());
    }
    let digit = distro.find(|one: char| one.is_ascii_digit());
    match digit {
        Some(0) => (namespace, distro),
        Some(start) => (distro[..start].trim_end_matches('-').to_owned(), distro[start..].to_owned()),
        None if distro.is_empty() => (namespace, String::new()),
        None => (distro, String::new()),
    }
}

/// The release as OSV writes it. Distributions that roll have none.
fn released(base: &str, id: &str, release: &str) -> Result<Option<String>, String> {
    let mut numbers = release.split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next());
    let named = match base {
        "Wolfi" | "Chainguard" | "MinimOS" => return Ok(None),
        "openSUSE" if id == "opensuse-tumbleweed" => return Ok(Some("Tumbleweed".to_owned())),
        _ if major.is_empty() => return Err(format!("nothing says which release of {base} it is from")),
        "openSUSE" => format!("Leap {release}"),
        "SUSE" => minor.map_or_else(
            || format!("Linux Enterprise Server {major}"),
            |pack| format!("Linux Enterprise Server {major} SP{pack}"),
        ),
        "Ubuntu" | "Photon OS" => minor.map_or_else(|| major.to_owned(), |minor| format!("{major}.{minor}")),
        "Alpine" => {
            let minor = minor.ok_or_else(|| format!("`{release}` is no release of Alpine"))?;
            format!("v{major}.{minor}")
        }
        _ => major.to_owned(),
    };
    Ok(Some(named))
}

/// Whether a record's release is this one of ours.
pub(super) fn is_release(base: &str, own: &str, release: Option<&str>) -> bool {
    // A record without a release is about all of them.
    let Some(release) = release else { return true };
    match base {
        // What Pro fixes is open in the release itself.
        "Ubuntu" => {
            let release = release.strip_prefix("Pro:").unwrap_or(release);
            release.strip_suffix(":LTS").unwrap_or(release) == own
        }
        "Red Hat" => {
            let rest = release.strip_prefix("enterprise_linux:").and_then(|rest| rest.strip_prefix(own));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
        }
        _ => release == own,
    }
}

/// Ubuntu's long-term releases: April of even years.
pub(super) fn is_long_term(release: &str) -> bool {
    let year = release.strip_suffix(".04").and_then(|year| year.parse::<u32>().ok());
    year.is_some_and(|year| year.is_multiple_of(2))
}

/// `openssl`, `openssl@3.0.11-1`, `acl-2.2.53-1.el8.src.rpm`
fn source_of(upstream: &str, kind: &str) -> Source {
    let file = upstream.strip_suffix(".src.rpm").filter(|_| kind == "rpm");
    if let Some((name, _, _)) = file.and_then(|file| {
        let (rest, release) = file.rsplit_once('-')?;
        let (name, version) = rest.rsplit_once('-')?;
        Some((name, version, release))
    }) {
        return Source { name: name.to_owned(), version: None };
    }
    match upstream.split_once('@') {
        Some((name, version)) => Source { name: name.to_owned(), version: Some(version.to_owned()) },
        None => Source { name: upstream.to_owned(), version: None },
    }
}
