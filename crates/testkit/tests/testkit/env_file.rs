//! `GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_STATE`.

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use testkit::env_file::{EnvFile, OUTPUTS_BYTES_MAX};

const END: &str = "ghadelimiter_5f2d3c1b-0a9e-8d7c-6b5a-493827161504";

fn rules(file: EnvFile, bytes: &[u8]) -> Vec<&'static str> {
    file.parse(bytes).1.into_iter().map(|violation| violation.rule).collect()
}

fn entry(name: &str, value: &str) -> String {
    format!("{name}<<{END}\n{value}\n{END}\n")
}

#[test]
fn what_we_write_is_accepted() {
    let text =
        entry("digest", "sha256:00") + "\n" + &entry("_a-1", "one\n\ntwo\r\n") + &entry("tricky", "a=b<<c\n");
    let (entries, violations) = EnvFile::Output.parse(text.as_bytes());
    assert_eq!(violations, []);
    assert_eq!(entries["digest"], "sha256:00");
    assert_eq!(entries["_a-1"], "one\n\ntwo\r\n");
    assert_eq!(entries["tricky"], "a=b<<c\n");
    assert_eq!(rules(EnvFile::Output, b""), [""; 0]);
}

#[test]
fn a_heredoc_without_lines_is_an_empty_value() {
    let (entries, violations) = EnvFile::Output.parse(format!("a<<{END}\n{END}\n").as_bytes());
    assert_eq!((entries["a"].as_str(), violations.len()), ("", 0));
}

#[test]
fn what_the_runner_refuses_is_refused() {
    let cases: [(&str, String); 8] = [
        ("invalid-format", "just text\n".into()),
        ("invalid-format", "=value\n".into()),
        ("invalid-format", format!("<<{END}\nx\n{END}\n")),
        ("invalid-format", "name<<\nx\n\n".into()),
        ("missing-delimiter", format!("a<<{END}\nx\n")),
        ("missing-delimiter", format!("a<<{END}\nx\n {END}\n")),
        ("missing-delimiter", format!("a<<{END}\r\nx\n{END}\n")),
        ("eof-marker-missing-newline", format!("a<<{END}\nx")),
    ];
    for (rule, text) in cases {
        let found = rules(EnvFile::Output, text.as_bytes());
        assert!(found.contains(&rule), "{text:?}: {found:?} lacks {rule}");
        let (entries, _) = EnvFile::Output.parse((text + &entry("after", "x")).as_bytes());
        assert!(!entries.contains_key("after"), "the runner stops at its first error");
    }
}

#[test]
fn what_the_runner_takes_and_we_do_not_is_refused() {
    let cases: [(&str, String); 11] = [
        ("not-heredoc", "a=b\n".into()),
        ("not-heredoc", "a=b<<c\n".into()),
        ("predictable-delimiter", "a<<EOF\nx\nEOF\n".into()),
        ("predictable-delimiter", "a<<x_0123456789abcde\nx\nx_0123456789abcde\n".into()),
        ("predictable-delimiter", "a<<x_0000000000000000\nx\nx_0000000000000000\n".into()),
        ("predictable-delimiter", "a<<0123456789abcdef\nx\n0123456789abcdef\n".into()),
        ("bad-name", entry("1a", "x")),
        ("bad-name", entry("a b", "x")),
        ("duplicate-name", entry("a", "x") + &entry("a", "y")),
        ("no-final-newline", entry("a", "x").trim_end().to_owned()),
        ("too-large", entry("a", &"x".repeat(OUTPUTS_BYTES_MAX / 2))),
    ];
    for (rule, text) in cases {
        let found = rules(EnvFile::Output, text.as_bytes());
        assert_eq!(found, [rule], "{:?}", text.chars().take(80).collect::<String>());
    }
    assert_eq!(
        rules(EnvFile::Output, entry("a", &"x".repeat(OUTPUTS_BYTES_MAX / 2 - 1)).as_bytes()),
        [""; 0]
    );
}

#[test]
fn the_file_is_utf8_without_a_mark() {
    assert_eq!(rules(EnvFile::Output, b"a<<\xff\n"), ["not-utf8"]);
    assert!(
        rules(EnvFile::Output, ("\u{feff}".to_owned() + &entry("a", "x")).as_bytes())
            .contains(&"byte-order-mark")
    );
}

#[test]
fn the_environment_has_names_of_its_own() {
    for name in ["NODE_OPTIONS", "GITHUB_SHA", "RUNNER_TEMP"] {
        assert_eq!(rules(EnvFile::Env, entry(name, "x").as_bytes()), ["reserved-name"]);
        assert_eq!(rules(EnvFile::Output, entry(name, "x").as_bytes()), [""; 0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_value_survives_a_heredoc(value in any::<String>()) {
        let (entries, violations) = EnvFile::Output.parse(entry("a", &value).as_bytes());
        prop_assert_eq!(&entries["a"], &value);
        prop_assert!(violations.is_empty(), "{:?}", violations);
    }

    #[test]
    fn no_bytes_are_too_strange_to_read(bytes in any::<Vec<u8>>()) {
        let (entries, violations) = EnvFile::Env.parse(&bytes);
        prop_assert!(entries.is_empty() || !violations.is_empty(), "chance does not write a heredoc");
    }
}
