//! Versions and ranges, case by case; what can't be decided is said.

use proptest::prelude::*;

use super::*;

fn affected(json: &str) -> Affected {
    serde_json::from_str(json).unwrap()
}

fn range(kind: &str, events: &str) -> Affected {
    affected(&format!(r#"{{"ranges": [{{"type": "{kind}", "events": [{events}]}}]}}"#))
}

/// `1.0:+ 2.0:-`: introduced and fixed, in the words of the schema.
fn semver(events: &[(&str, &str)]) -> Affected {
    let events: Vec<String> =
        events.iter().map(|(kind, version)| format!(r#"{{"{kind}": "{version}"}}"#)).collect();
    range("SEMVER", &events.join(","))
}

#[track_caller]
fn hits(affected: &Affected, scheme: Scheme, hit: &[&str], clear: &[&str]) {
    for version in hit {
        assert!(matches!(answer(affected, version, scheme), Answer::Affected(_)), "{version}");
    }
    for version in clear {
        assert_eq!(answer(affected, version, scheme), Answer::Clear, "{version}");
    }
}

#[track_caller]
fn undecided(affected: &Affected, version: &str, scheme: Scheme) {
    let answer = answer(affected, version, scheme);
    assert!(matches!(answer, Answer::Undecided(_)), "{version}: {answer:?}");
}

#[test]
fn what_was_introduced_and_not_fixed_is_affected() {
    let all = semver(&[("introduced", "0")]);
    hits(&all, Scheme::Semver, &["0.0.0-0", "0.0.1", "99.0.0"], &[]);
    let one = semver(&[("introduced", "1.0.0"), ("fixed", "1.2.0")]);
    hits(&one, Scheme::Semver, &["1.0.0", "1.1.9", "1.2.0-rc.1"], &["0.9.0", "1.0.0-rc.1", "1.2.0", "2.0.0"]);
    let two =
        semver(&[("introduced", "3.0.0"), ("fixed", "1.0.2"), ("introduced", "1.0.0"), ("fixed", "3.2.5")]);
    hits(&two, Scheme::Semver, &["1.0.1", "3.0.0", "3.2.4"], &["0.1.0", "1.0.2", "2.9.9", "3.2.5"]);
    let last = semver(&[("introduced", "0"), ("last_affected", "2.1.214")]);
    hits(&last, Scheme::Semver, &["2.1.214", "1.0.0"], &["2.1.215"]);
    let limited = semver(&[("introduced", "0"), ("limit", "2.0.0"), ("limit", "1.0.0")]);
    hits(&limited, Scheme::Semver, &["1.5.0"], &["2.0.0"]);
    let unlimited = semver(&[("introduced", "0"), ("limit", "*")]);
    hits(&unlimited, Scheme::Semver, &["7.0.0"], &[]);
}

#[test]
fn of_two_events_at_one_version_the_one_that_introduces_counts() {
    let again =
        semver(&[("introduced", "0"), ("introduced", "2.0.0"), ("fixed", "2.0.0"), ("fixed", "3.0.0")]);
    hits(&again, Scheme::Semver, &["1.0.0", "2.0.0", "2.9.0"], &["3.0.0"]);
}

#[test]
fn the_fix_is_the_next_one_on_the_same_line() {
    let lines = affected(
        r#"{"ranges": [
            {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.2"}, {"introduced": "3.0.0"}, {"fixed": "3.2.5"}]},
            {"type": "SEMVER", "events": [{"introduced": "5.0.0"}]}]}"#,
    );
    assert_eq!(answer(&lines, "1.0.0", Scheme::Semver), Answer::Affected(vec!["1.0.2".to_owned()]));
    assert_eq!(answer(&lines, "3.1.0", Scheme::Semver), Answer::Affected(vec!["3.2.5".to_owned()]));
    assert_eq!(answer(&lines, "5.0.0", Scheme::Semver), Answer::Affected(Vec::new()));
}

#[test]
fn ranges_of_an_ecosystem_count_in_its_own_order() {
    let debian = range("ECOSYSTEM", r#"{"introduced": "0"}, {"fixed": "3.0.13-1~deb12u1"}"#);
    hits(
        &debian,
        Scheme::Deb,
        &["3.0.11-1~deb12u2", "3.0.13-1~deb12u1~bpo1"],
        &["3.0.13-1~deb12u1", "1:0.1"],
    );
    let alpine = range("ECOSYSTEM", r#"{"introduced": "0"}, {"fixed": "3.1.4-r5"}"#);
    hits(&alpine, Scheme::Apk, &["3.1.4-r0", "3.1.4_rc1"], &["3.1.4-r5", "3.1.4-r10"]);
    let python = range("ECOSYSTEM", r#"{"introduced": "1.0"}, {"fixed": "2.0"}"#);
    hits(&python, Scheme::Pep440, &["1.0", "2.0rc1", "1.0.post1"], &["1.0rc1", "2.0", "2.0+local"]);
}

#[test]
fn a_listed_version_is_affected_however_it_is_written() {
    let listed = affected(r#"{"versions": ["1.0", "2.0.0"]}"#);
    hits(&listed, Scheme::Pep440, &["1.0", "1.0.0", "2.0"], &["1.1"]);
    hits(&listed, Scheme::Unknown, &["1.0"], &["1.0.0", "3"]);
    let both = affected(
        r#"{"versions": ["9.0.0"], "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}]}"#,
    );
    hits(&both, Scheme::Semver, &["9.0.0", "0.5.0"], &["1.0.0"]);
}

#[test]
fn what_cannot_be_put_in_order_is_undecided_and_never_clear() {
    let one = semver(&[("introduced", "1.0.0"), ("fixed", "1.2.0")]);
    undecided(&one, "(devel)", Scheme::Semver);
    undecided(&one, "1.2.3.4", Scheme::Semver);
    undecided(&semver(&[("introduced", "one")]), "1.0.0", Scheme::Semver);
    undecided(&range("ECOSYSTEM", r#"{"introduced": "0"}, {"fixed": "1"}"#), "2", Scheme::Unknown);
    undecided(&range("GIT", r#"{"introduced": "0"}"#), "1.0.0", Scheme::Semver);
    undecided(&affected("{}"), "1.0.0", Scheme::Semver);
    undecided(&semver(&[]), "1.0.0", Scheme::Semver);
    undecided(&one, "", Scheme::Semver);
    undecided(&affected(r#"{"versions": ["1"]}"#), "", Scheme::Unknown);
    undecided(&semver(&[("fixed", "2.0.0")]), "1.0.0", Scheme::Semver);
    // A range that can be read does not speak for one that can't.
    let half = affected(
        r#"{"versions": ["8"], "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]},
            {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}]}"#,
    );
    undecided(&half, "2.0.0", Scheme::Semver);
    // A list stands in for ranges only where none of them can be read.
    let listed =
        affected(r#"{"versions": ["1"], "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}"#);
    hits(&listed, Scheme::Unknown, &["1"], &["2"]);
}

#[test]
fn a_version_introduced_at_zero_is_affected_even_where_it_is_no_version() {
    // Nothing is compared with 0; but what follows is.
    let all = semver(&[("introduced", "0")]);
    hits(&all, Scheme::Semver, &["(devel)", ""], &[]);
}

/// `v46` was taken for 46.0.0, and passed before a range that began right behind it.
#[test]
fn a_tag_that_moves_was_taken_for_the_first_version_of_its_line() {
    let range = semver(&[("introduced", "46.0.1"), ("fixed", "46.0.5")]);
    for tag in ["v46", "46", "v46.0"] {
        undecided(&range, tag, Scheme::Tags);
    }
    hits(&range, Scheme::Tags, &["v46.0.4"], &["v46.0.5", "v45", "v47", "v46.1"]);
    let early = semver(&[("introduced", "0"), ("fixed", "5.0.0")]);
    hits(&early, Scheme::Tags, &["v4", "v4.9"], &["v5", "v5.0", "v6"]);
    undecided(&semver(&[("introduced", "0"), ("last_affected", "4.0.0")]), "v4", Scheme::Tags);
    undecided(&affected(r#"{"versions": ["v4.1.0"]}"#), "v4", Scheme::Tags);
    hits(&semver(&[("introduced", "0")]), Scheme::Tags, &["v4"], &[]);
    // Elsewhere a short version is one.
    hits(&range, Scheme::Semver, &[], &["46", "46.0"]);
}

proptest! {
    /// Walks the line by hand: half-open intervals, whatever order they are written in.
    #[test]
    fn ranges_agree_with_intervals(bounds in proptest::collection::btree_set(1u8..60, 2..8), version in 0u8..70, seed in any::<u64>()) {
        let bounds: Vec<u8> = bounds.into_iter().collect();
        let mut events: Vec<(&str, String)> = bounds.iter().enumerate()
            .map(|(place, bound)| (if place % 2 == 0 { "introduced" } else { "fixed" }, format!("{bound}.0.0")))
            .collect();
        let inside = bounds.chunks(2).any(|pair| version >= pair[0] && pair.get(1).is_none_or(|end| version < *end));
        let turn = usize::try_from(seed % events.len() as u64).unwrap();
        events.rotate_left(turn);
        let events: Vec<(&str, &str)> = events.iter().map(|(kind, bound)| (*kind, bound.as_str())).collect();
        let answer = answer(&semver(&events), &format!("{version}.0.0"), Scheme::Semver);
        prop_assert_eq!(matches!(answer, Answer::Affected(_)), inside, "{:?}", answer);
    }
}
