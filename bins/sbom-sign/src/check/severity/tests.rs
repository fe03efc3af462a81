//! Ratings of every method; what can't be read is unknown and never low.

use super::*;

fn severity(json: &str) -> Severity {
    let json = format!(r#"{{"id": "A-1", "modified": "2026-01-01T00:00:00Z", {json}}}"#);
    let record = Record::parse(json.as_bytes()).unwrap();
    Severity::of(&record, &record.affected[0])
}

fn rating(method: &str, score: &str) -> Severity {
    severity(&format!(r#""severity": [{{"type": "{method}", "score": "{score}"}}], "affected": [{{}}]"#))
}

#[test]
fn vectors_are_scored_as_first_scores_them() {
    for (method, vector, level) in [
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Level::Critical), // 10.0
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Level::Critical), // 9.8
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Level::High),     // 7.5
        ("CVSS_V3", "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H", Level::Medium),   // 5.9
        ("CVSS_V3", "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:L/A:N", Level::Low),      // 2.5
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Level::None),     // 0.0
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Level::Critical), // 9.3
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", Level::High), // 8.7
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", Level::Low),  // 2.3
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", Level::None),
        ("CVSS_V2", "AV:N/AC:L/Au:N/C:P/I:P/A:P", Level::High), // 7.5
        ("CVSS_V2", "AV:N/AC:M/Au:N/C:N/I:P/A:N", Level::Medium), // 4.3
        ("Ubuntu", "negligible", Level::Low),
    ] {
        assert_eq!(rating(method, vector).highest(), Some(level), "{vector}");
        assert!(!rating(method, vector).is_unknown());
    }
}

#[test]
fn a_rating_that_cannot_be_read_is_unknown_and_never_low() {
    for (method, score) in [
        ("CVSS_V3", ""),
        ("CVSS_V3", "7.5"),
        ("CVSS_V3", "CVSS:3.1/AV:N"),
        ("CVSS_V3", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        ("CVSS_V3", "CVSS:5.0/AV:N/AC:L"),
        ("CVSS_V4", "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:L/A:N"),
        ("CVSS_V9", "AV:N/AC:L/Au:N/C:P/I:P/A:P"),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:N"),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/XX:N"),
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H"),
        ("CVSS_V2", "AV:N/AC:L"),
        ("Ubuntu", "untriaged"),
    ] {
        let severity = rating(method, score);
        assert!(severity.is_unknown() && severity.highest().is_none(), "{method} {score}");
    }
    assert!(severity(r#""affected": [{}]"#).is_unknown());
    assert!(
        severity(r#""affected": [{"ecosystem_specific": {"urgency": "not yet assigned"}}]"#).is_unknown()
    );
    let beside = severity(
        r#""severity": [{"type": "CVSS_V3", "score": "?"}], "affected": [{}], "database_specific": {"severity": "LOW"}"#,
    );
    assert!(beside.is_unknown() && beside.highest() == Some(Level::Low));
}

#[test]
fn what_lowers_a_score_for_a_time_or_a_place_is_left_out() {
    let lowered = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U/MC:N/MI:N/MA:N";
    assert_eq!(rating("CVSS_V3", lowered).highest(), Some(Level::Critical));
}

#[test]
fn words_of_the_databases_count_and_the_highest_wins() {
    let of = |json: &str| severity(json).highest();
    assert_eq!(of(r#""affected": [{}], "database_specific": {"severity": "MODERATE"}"#), Some(Level::Medium));
    assert_eq!(of(r#""affected": [{"ecosystem_specific": {"urgency": "unimportant"}}]"#), Some(Level::None));
    let two = r#""severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:L/A:N"}],
        "affected": [{}], "database_specific": {"severity": "CRITICAL"}"#;
    assert_eq!(of(two), Some(Level::Critical));
    assert_eq!(
        of(r#""affected": [{"database_specific": {"informational": "unmaintained"}}]"#),
        Some(Level::None)
    );
    assert!(severity(r#""affected": [{"database_specific": {"informational": "unsound"}}]"#).is_unknown());
}

#[test]
fn a_package_made_to_do_harm_is_critical_without_any_rating() {
    let record =
        Record::parse(br#"{"id": "MAL-2026-1", "modified": "2026-01-01T00:00:00Z", "affected": [{}]}"#)
            .unwrap();
    assert_eq!(Severity::of(&record, &record.affected[0]).highest(), Some(Level::Critical));
}
