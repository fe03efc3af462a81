//! Vectors of the Common Vulnerability Scoring System (first.org/cvss), 2.0, 3.0, 3.1 and 4.0, as a level; never a score of our own.

use cvss::Cvss;

use super::Level;

/// The level of a vector, by its own version's scale; nothing if it is none, or of another version than the method says.
pub(super) fn level(method: &str, vector: &str) -> Option<Level> {
    // OSV writes vectors of 2.0 as FIRST does, without a version in front.
    let named = vector.starts_with("CVSS:");
    let cvss: Cvss = if named { vector.parse().ok()? } else { format!("CVSS:2.0/{vector}").parse().ok()? };
    let version = match cvss {
        Cvss::CvssV20(_) => "CVSS_V2",
        Cvss::CvssV30(_) | Cvss::CvssV31(_) => "CVSS_V3",
        Cvss::CvssV40(_) => "CVSS_V4",
        _ => return None,
    };
    let tenths = (version == method).then(|| cvss.score() * 10.0)?;
    // Scores have one decimal; the comparison is of whole tenths.
    Some(match tenths.round() {
        none if none < 1.0 => Level::None,
        low if low < 40.0 => Level::Low,
        medium if medium < 70.0 => Level::Medium,
        // 2.0 has no critical; 9.0 and more are as bad in its numbers as in the later ones.
        high if high < 90.0 => Level::High,
        _ => Level::Critical,
    })
}
