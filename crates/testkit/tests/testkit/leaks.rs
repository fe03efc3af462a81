//! Secrets that show themselves.

use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use testkit::leak::find;
use testkit::runner::{Raw, observe};

const SECRET: &str = "p@ss \"wörd\" & <more>/+?";

#[test]
fn every_form_is_found() {
    let cases = [
        ("plain", "p@ss \"wörd\" & <more>/+?"),
        ("json-escaped", r#"p@ss \"wörd\" & <more>/+?"#),
        ("url-encoded", "p%40ss%20%22w%C3%B6rd%22%20%26%20%3Cmore%3E%2F%2B%3F"),
        ("backslash-escaped", r#"p@ss "wörd" & \<more\>/+?"#),
        ("url-encoded", "p%40ss%20%22w%c3%b6rd%22%20%26%20%3cmore%3e%2f%2b%3f"),
        ("form-encoded", "p%40ss+%22w%C3%B6rd%22+%26+%3Cmore%3E%2F%2B%3F"),
        ("xml-escaped", "p@ss &quot;wörd&quot; &amp; &lt;more&gt;/+?"),
        ("base64", "cEBzcyAid8O2cmQiICYgPG1vcmU+Lys/"),
        ("base64", "cEBzcyAid8O2cmQiICYgPG1vcmU-Lys_"),
        ("hexadecimal", "704073732022 77c3b672642220262 03c6d6f72653e2f2b3f"),
    ];
    for (form, text) in cases {
        let text = if form == "hexadecimal" { text.replace(' ', "") } else { text.to_owned() };
        assert_eq!(find(SECRET, &format!("before {text} after")), Some(form), "{text}");
    }
    assert_eq!(find(SECRET, "p@ss and nothing more"), None);
    assert_eq!(find("", "anything"), None);
}

#[test]
fn markdown_does_not_hide_a_secret() {
    assert_eq!(find("my_secret*", r"| my\_secret\* |"), Some("backslash-escaped"));
    assert_eq!(find("a-b/c.d", "a%2Db%2Fc%2Ed"), Some("url-encoded"));
    assert_eq!(find(r"\\", "nothing"), None);
}

#[test]
fn an_annotation_is_looked_through_as_it_will_be_read() {
    assert_eq!(masked(Raw { stderr: b"::notice::50%25/off\n".into(), ..Raw::default() }), [""; 0]);
    let observed =
        observe(&Raw { stderr: b"::notice::50%25/off\n".into(), ..Raw::default() }, &["50%/off".to_owned()]);
    assert_eq!(observed.violations[0].place, "annotation");
}

#[test]
fn basic_authorization_holds_the_password_in_base64() {
    // base64 of "user:hunter2-hunter2" and of "me:hunter2-hunter2"
    assert_eq!(find("hunter2-hunter2", "Basic dXNlcjpodW50ZXIyLWh1bnRlcjI="), Some("base64"));
    assert_eq!(find("hunter2-hunter2", "Basic bWU6aHVudGVyMi1odW50ZXIy"), Some("base64"));
}

fn masked(raw: Raw) -> Vec<String> {
    let stdout = [b"::add-mask::hunter2\n".to_vec(), raw.stdout].concat();
    let observed = observe(&Raw { stdout, ..raw }, &["s3cr3t-value".to_owned()]);
    observed.violations.iter().map(|violation| format!("{} {}", violation.rule, violation.place)).collect()
}

#[test]
fn a_masked_value_or_a_secret_is_a_leak_wherever_it_shows() {
    assert_eq!(masked(Raw::default()), [""; 0]);
    assert_eq!(masked(Raw { stdout: b"it is hunter2\n".into(), ..Raw::default() }), ["leak stdout"]);
    assert_eq!(
        masked(Raw { stderr: b"::error::hunter2\n".into(), ..Raw::default() }),
        ["leak stderr", "leak annotation"]
    );
    assert_eq!(masked(Raw { summary: b"hunter2".into(), ..Raw::default() }), ["leak summary"]);
    assert_eq!(masked(Raw { stderr: b"s3cr3t-value".into(), ..Raw::default() }), ["leak stderr"]);
    let entry = |value: &str| format!("a<<x_0123456789abcdef\n{value}\nx_0123456789abcdef\n").into_bytes();
    assert_eq!(masked(Raw { output: entry("hunter2"), ..Raw::default() }), ["leak GITHUB_OUTPUT a"]);
    assert_eq!(masked(Raw { env: entry("-hunter2-"), ..Raw::default() }), ["leak GITHUB_ENV a"]);
    assert_eq!(masked(Raw { output: entry("hunter"), ..Raw::default() }), [""; 0]);
}

#[test]
fn what_is_fenced_can_still_leak() {
    let token = "9f86d081884c7d659a2feaa0c55ad015";
    let stdout = format!("::stop-commands::{token}\nlog: hunter2\n::{token}::\n").into_bytes();
    assert_eq!(masked(Raw { stdout, ..Raw::default() }), ["leak stdout"]);
}

#[test]
fn a_violation_does_not_repeat_the_secret() {
    let observed =
        observe(&Raw { stdout: b"s3cr3t-value".into(), ..Raw::default() }, &["s3cr3t-value".to_owned()]);
    assert_eq!(observed.violations[0].to_string(), "leak at stdout: secret 1 is there, plain");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn base64_is_found_whatever_stands_around_it(before in "[ -~]{0,9}", secret in "[ -~]{6,40}", after in "[ -~]{0,9}") {
        let text = base64(format!("{before}{secret}{after}").as_bytes());
        prop_assert_eq!(find(&secret, &text).is_some(), true);
    }
}

/// Straight from RFC 4648 section 4, to check the shifted forms against.
fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let digits = bytes.chunks(3).flat_map(|three| {
        let bits =
            three.iter().fold(0usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        (0..4)
            .map(|at| if at > three.len() { '=' } else { alphabet[bits >> (18 - 6 * at) & 63] })
            .collect::<Vec<_>>()
    });
    digits.collect()
}
