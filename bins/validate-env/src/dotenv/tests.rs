//! Env files against what compose-go made of them, and what it has no words for.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, prop_assert, proptest};
use serde_json::Value as Json;

use super::{Fault, Value, parse};

fn variables(text: &str) -> Result<BTreeMap<String, String>, (usize, Fault)> {
    let with_text = |entry: super::Entry| Some((entry.name, entry.value.text()?.to_owned()));
    Ok(parse(text)?.into_iter().filter_map(with_text).collect())
}

fn one(text: &str) -> String {
    variables(text).unwrap().remove("A").unwrap()
}

#[test]
fn every_file_gives_what_compose_makes_of_it() {
    let data: Json = serde_json::from_str(include_str!("../../tests/data/dotenv-compose.json")).unwrap();
    let cases = data["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 54);
    for case in cases {
        let found = variables(case["source"].as_str().unwrap());
        match case["compose"]["variables"].as_object() {
            None => assert!(found.is_err(), "{}: {found:?}", case["id"]),
            Some(expected) => {
                let found: BTreeMap<_, _> =
                    found.unwrap().into_iter().map(|(name, value)| (name, Json::from(value))).collect();
                let expected: BTreeMap<_, _> = expected.clone().into_iter().collect();
                assert_eq!(found, expected, "{}", case["id"]);
            }
        }
    }
}

#[test]
fn nothing_is_executed() {
    for (text, value) in [
        ("A=$(touch x)", "$(touch x)"),
        ("A=\"$(touch x)\"", "$(touch x)"),
        ("A=`touch x`", "`touch x`"),
        ("A=${B:-$(touch x)}", "$(touch x)"),
    ] {
        assert_eq!(one(text), value, "{text}");
    }
}

#[test]
fn forms_of_braces() {
    for (form, unset, empty, set) in [
        ("${B}", "", "", "b"),
        ("${B:-d}", "d", "d", "b"),
        ("${B-d}", "d", "", "b"),
        ("${B:+d}", "", "", "d"),
        ("${B+d}", "", "d", "d"),
        ("${B:-${C:-$$}}", "$", "$", "b"),
        ("x${B:-}y", "xy", "xy", "xby"),
        ("${B:-{1, 2}}", "{1, 2}", "{1, 2}", "b"),
        ("${B:-{}}", "{}", "{}", "b"),
    ] {
        assert_eq!(one(&format!("A={form}")), unset, "{form} without B");
        assert_eq!(one(&format!("B=\nA={form}")), empty, "{form} with an empty B");
        assert_eq!(one(&format!("B=b\nA={form}")), set, "{form} with B");
    }
    assert_eq!(one("B=b\nA=${B?m}${B:?m}"), "bb");
}

#[test]
fn escapes_of_double_quotes() {
    for (text, value) in [
        (r#"A="a\tb\\n""#, "a\tb\\n"),
        (r#"A="say \"x\"""#, "say \"x\""),
        (r#"A="\0101\x\c""#, "A\\x\\c"),
        (r#"A="\0777""#, "\\777"),
        (r#"A="\012\0""#, "\\12\\"),
        (r"A='it\'s \n'", r"it's \n"),
    ] {
        assert_eq!(one(text), value, "{text}");
    }
}

#[test]
fn what_is_no_env_file_is_refused_with_its_line() {
    for (text, line, fault) in [
        ("A=1\n=2", 2, Fault::NoName),
        ("A=1\n\n# c\nA B=2", 4, Fault::Space),
        ("A=1\nMIIE+/x=", 2, Fault::Name),
        ("\u{feff}A=1", 1, Fault::ByteOrderMark),
        ("A=1\nB=\"2\n3\nC=4", 2, Fault::Unterminated),
        ("A=\"1\n2\"\nB='", 3, Fault::Unterminated),
        ("A=${", 1, Fault::Braces),
        ("A=${B", 1, Fault::Braces),
        ("A=${1}", 1, Fault::Braces),
        ("A=${B!}", 1, Fault::Braces),
        ("A=${B?m}", 1, Fault::Wanted),
        ("A=\"\\0000\"", 1, Fault::Nul),
    ] {
        assert_eq!(parse(text), Err((line, fault)), "{text}");
    }
}

#[test]
fn a_password_with_a_dollar_sign_is_told_apart() {
    let value = |text: &str| parse(text).unwrap().remove(0).value;
    assert_eq!(value("A=p4$sW0rd"), Value::WithGap("p4".to_owned()));
    assert_eq!(value("A='p4$sW0rd'"), Value::Text("p4$sW0rd".to_owned()));
    assert_eq!(value("A=p4$$sW0rd"), Value::Text("p4$sW0rd".to_owned()));
    assert_eq!(value("A"), Value::NameAlone);
}

#[test]
fn values_that_double_with_every_line_end_at_a_limit() {
    let doubled = |line: usize| format!("A{line}=${{A{0}}}${{A{0}}}\n", line - 1);
    let text = "A0=xxxxxxxxxxxxxxxx\n".to_owned() + &(1..40).map(doubled).collect::<String>();
    assert!(matches!(parse(&text), Err((_, Fault::TooMuch(..)))));
    let deep = "${A:-".repeat(100_000);
    assert_eq!(parse(&format!("A={deep}")), Err((1, Fault::Braces)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}|[AB=:\"'$\\\\{}:\\-?+#\n\r\t ]{0,80}") {
        if let Ok(entries) = parse(&text) {
            prop_assert!(entries.iter().all(|entry| !entry.name.is_empty() && entry.line <= 1 + text.matches('\n').count()));
        }
    }

    #[test]
    fn single_quotes_keep_every_character(value in "[^'\\\\\0]{0,40}") {
        let text = format!("A='{value}'");
        prop_assert!(variables(&text).is_ok_and(|found| found["A"] == value));
    }
}
