//! Semantic Versioning 2.0.0, and the few shorter forms that registries and SBOMs write; never a range.

use std::cmp::Ordering;

use semver::Version;

/// Reads `1.2.3`, `v1.2.3`, `1.2`, `go1.21rc2`. Four numbers are no semantic version.
pub(super) fn parse(text: &str) -> Option<Version> {
    let text = text.strip_prefix("go").unwrap_or(text);
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(text.len());
    let (core, rest) = text.split_at(end);
    let padding = match core.split('.').count() {
        1 => ".0.0",
        2 => ".0",
        _ => "",
    };
    let rest = if rest.is_empty() || rest.starts_with(['-', '+']) { rest.to_owned() } else { go(rest)? };
    Version::parse(&format!("{core}{padding}{rest}")).ok()
}

/// The first version of the line that a shorter tag stands for, and the first behind it: `v4` is 4.0.0 and 5.0.0, `v4.1` is 4.1.0 and 4.2.0.
pub(super) fn line(tag: &str) -> Option<(Version, Version)> {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let numbers: Vec<u64> = tag.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    match numbers.as_slice() {
        [major] => Some((Version::new(*major, 0, 0), Version::new(major.checked_add(1)?, 0, 0))),
        [major, minor] => {
            Some((Version::new(*major, *minor, 0), Version::new(*major, minor.checked_add(1)?, 0)))
        }
        _ => None,
    }
}

/// Go's own releases: `rc2` is `-rc.2`, as Go's vulnerability database has it.
fn go(rest: &str) -> Option<String> {
    let word = rest.find(|one: char| one.is_ascii_digit())?;
    let (word, number) = rest.split_at(word);
    let known = matches!(word, "rc" | "beta") && number.bytes().all(|byte| byte.is_ascii_digit());
    known.then(|| format!("-{word}.{number}"))
}

/// By precedence: build metadata has no say.
pub(super) fn compare(left: &Version, right: &Version) -> Ordering {
    left.cmp_precedence(right)
}
