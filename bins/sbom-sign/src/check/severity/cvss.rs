//! Vectors of the Common Vulnerability Scoring System (first.org/cvss), 2.0, 3.0, 3.1 and 4.0, as a level; never a score of our own.

use cvss::Cvss;

use super::Level;

/// The metrics that each vector must have, once each (3.1 specification, section 6; the library does without them).
const MANDATORY: [(&str, &str, &[&str]); 4] = [
    ("CVSS_V2", "", &["AV", "AC", "Au", "C", "I", "A"]),
    ("CVSS_V3", "CVSS:3.0", &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
    ("CVSS_V3", "CVSS:3.1", &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
    ("CVSS_V4", "CVSS:4.0", &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]),
];

/// The level of a vector by its base metrics; nothing if it is none, or of another version than the method says.
///
/// Temporal and environmental metrics lower a score for a time and a place that are not ours.
pub(super) fn level(method: &str, vector: &str) -> Option<Level> {
    let (version, metrics) = if vector.starts_with("CVSS:") { vector.split_once('/')? } else { ("", vector) };
    let row = MANDATORY.iter().find(|row| row.0 == method && row.1 == version)?;
    let given: Vec<(&str, &str)> =
        metrics.split('/').map(|metric| metric.split_once(':')).collect::<Option<_>>()?;
    let mut names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
    let base: Vec<String> = row
        .2
        .iter()
        .filter_map(|name| {
            given.iter().find(|(given, _)| given == name).map(|(name, value)| format!("{name}:{value}"))
        })
        .collect();
    // Read whole, so that a metric that is none makes it no vector.
    vector.parse::<Cvss>().ok().filter(|_| !twice && base.len() == row.2.len())?;
    let version = if version.is_empty() { String::new() } else { format!("{version}/") };
    let cvss: Cvss = format!("{version}{}", base.join("/")).parse().ok()?;
    // 2.0 has no critical; 9.0 and more are as bad in its numbers as in the later ones.
    Level::of_score(cvss.score())
}
