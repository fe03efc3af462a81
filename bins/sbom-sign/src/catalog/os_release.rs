//! What operating system an image holds, from its os-release (os-release(5)); never what is installed in it.

use std::collections::BTreeMap;

use super::{Kind, Package, Part, Place};

/// Where it lies. The first counts where both are there; mostly it is a link to the other.
pub const PATHS: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

/// A release of an operating system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    /// Its name in lower case: `debian`.
    pub id: String,
    /// Its version, if it has one: rolling ones have none.
    pub version: Option<String>,
    /// What people call it.
    pub name: Option<String>,
}

/// Reads an os-release; `None` if it does not say what it is.
pub fn read(text: &str) -> Option<Release> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let fields: BTreeMap<&str, String> = lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim(), plain(value)))
        .collect();
    let field = |name: &str| fields.get(name).filter(|value| !value.is_empty()).cloned();
    let id = field("ID")?.to_ascii_lowercase();
    let name = field("PRETTY_NAME").or_else(|| field("NAME"));
    Some(Release { id, version: field("VERSION_ID"), name })
}

/// A value without its quotes and the backslashes before characters that mean something to a shell.
fn plain(value: &str) -> String {
    let value = value.trim();
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    let mut out = String::with_capacity(value.len());
    let mut letters = inner.unwrap_or(value).chars();
    while let Some(letter) = letters.next() {
        out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    out
}

impl Release {
    /// The qualifier `distro` of package URLs: `debian-12`.
    pub fn distro(&self) -> String {
        self.version.as_ref().map_or_else(|| self.id.clone(), |version| format!("{}-{version}", self.id))
    }

    /// The operating system as a component.
    pub fn part(&self, place: &Place) -> Part {
        let mut system = Package::other(Kind::OperatingSystem, &self.id, self.version.as_deref());
        if let Some(name) = &self.name {
            system.properties.insert("seaworthy:os:name".into(), name.clone());
        }
        Part::flat(vec![system]).found_at(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operating_system_is_read_as_a_shell_would() {
        let read = |text| read(text).unwrap();
        let debian =
            read("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n# ID=x\nVERSION_ID=\"12\"\n");
        assert_eq!(debian.distro(), "debian-12");
        assert_eq!(debian.name.unwrap(), "Debian GNU/Linux 12 (bookworm)");
        let odd = read("ID='Odd'\nNAME=\"a \\\"b\\\" \\$c\"");
        assert_eq!((odd.distro().as_str(), odd.name.unwrap().as_str()), ("odd", "a \"b\" $c"));
        assert_eq!(super::read("NAME=x\nID=\n"), None);
    }
}
