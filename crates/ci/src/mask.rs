//! Which texts must not be shown, in every form they may take on the way; never the secrets' types, never the printing.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, Engine};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Shorter texts are not masked: replacing every `a` hides nothing and makes the log unreadable.
const MASK_CHARS_MIN: usize = 4;

/// What RFC 3986, section 2.3, writes as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The texts to hide, the longest first, so that a part never uncovers the rest.
#[derive(Default)]
pub(crate) struct Masks(Vec<String>);

impl Masks {
    /// Adds a secret; returns the forms that are new and that the runner can mask as well.
    pub(crate) fn add(&mut self, secret: &str) -> Vec<String> {
        let mut new: Vec<String> = forms(secret).into_iter().filter(|form| !self.0.contains(form)).collect();
        new.sort();
        new.dedup();
        self.0.extend(new.iter().cloned());
        self.0.sort_by_key(|form| std::cmp::Reverse(form.len()));
        // The runner masks each line of what it is given: a JSON key's `{` alone would star every brace of the log.
        new.retain(|form| form.lines().all(|line| line.trim().chars().count() >= MASK_CHARS_MIN));
        new
    }

    /// Whether there is anything to hide.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a known form is in the text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.0.iter().any(|form| text.contains(form))
    }

    /// The text with `***` in place of every known form.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, form| {
            if text.contains(form) { text.replace(form, "***") } else { text }
        })
    }
}

/// A secret as it is, each of its lines, and both as logs, base64, URL and JSON write them.
fn forms(secret: &str) -> Vec<String> {
    let lines = secret.lines().map(str::trim).filter(|line| *line != secret);
    let mut forms = Vec::new();
    for text in std::iter::once(secret).chain(lines) {
        if text.chars().count() < MASK_CHARS_MIN {
            continue;
        }
        forms.push(text.to_owned());
        // As a log shows it that drops what would move a terminal's cursor.
        forms.push(text.chars().filter(|one| !one.is_control()).collect());
        forms.push(BASE64_STANDARD.encode(text));
        forms.push(BASE64_URL_SAFE.encode(text));
        for set in [NON_ALPHANUMERIC, RESERVED] {
            let encoded = utf8_percent_encode(text, set).to_string();
            forms.extend([lower_digits(&encoded), encoded]);
        }
        forms.extend(json(text));
        forms.extend(inside_base64(text.as_bytes()));
    }
    forms
}

/// With the percent signs' digits in lower case, as some encoders write them.
fn lower_digits(encoded: &str) -> String {
    let mut digits = 0_u8;
    let lower = |one: char| {
        let inside = digits > 0;
        digits = if one == '%' { 2 } else { digits.saturating_sub(1) };
        if inside { one.to_ascii_lowercase() } else { one }
    };
    encoded.chars().map(lower).collect()
}

/// As JSON writes it between its quotes.
fn json(text: &str) -> Option<String> {
    let quoted = serde_json::to_string(text).ok()?;
    Some(quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// What is left of the secret in the base64 of a longer text (`user:secret` of basic authentication), which starts at any of three
/// offsets: the groups that depend on the secret alone.
fn inside_base64(secret: &[u8]) -> Vec<String> {
    const CORE_BYTES_MIN: usize = 3;
    (0..3)
        .filter_map(|skip| {
            let core = secret.get(skip..)?;
            let core = &core[..core.len() - core.len() % 3];
            (core.len() >= CORE_BYTES_MIN).then(|| BASE64_STANDARD.encode(core))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_hidden() {
        let mut masks = Masks::default();
        masks.add("pa/ss \"word\"\nsecond line");
        for text in [
            "pa/ss \"word\"".to_owned(),
            "second line".to_owned(),
            BASE64_STANDARD.encode("pa/ss \"word\"\nsecond line"),
            "pa%2Fss%20%22word%22".to_owned(),
            r#"pa/ss \"word\"\nsecond line"#.to_owned(),
        ] {
            let shown = masks.redact(&format!("<{text}>"));
            assert!(!shown.contains("ss") && !shown.contains("second"), "{shown}");
        }
    }

    #[test]
    fn basic_authentication_is_hidden_whatever_the_user_is_called() {
        let mut masks = Masks::default();
        masks.add("correct-horse");
        for user in ["a", "bo", "eve"] {
            let header = BASE64_STANDARD.encode(format!("{user}:correct-horse"));
            assert!(masks.redact(&header).contains("***"), "{user}");
        }
    }

    #[test]
    fn a_quote_at_the_end_of_a_secret_was_cut_off_its_json_form() {
        assert_eq!(json("say \"x\"").as_deref(), Some(r#"say \"x\""#));
    }

    #[test]
    fn url_forms_come_in_both_spellings() {
        let mut masks = Masks::default();
        masks.add("a-b/c:d");
        for text in ["a-b%2Fc%3Ad", "a-b%2fc%3ad", "a%2Db%2Fc%3Ad"] {
            assert_eq!(masks.redact(text), "***", "{text}");
        }
    }

    #[test]
    fn the_runner_is_not_given_a_line_of_one_brace() {
        let told = Masks::default().add("{\n\"private_key\": 1\n}");
        assert!(told.iter().all(|form| form.lines().all(|line| line.trim().len() >= 4)), "{told:?}");
        assert!(told.iter().any(|form| form == "\"private_key\": 1"), "{told:?}");
    }

    #[test]
    fn a_secret_whose_control_characters_are_dropped_on_the_way_is_hidden() {
        let mut masks = Masks::default();
        masks.add("correct\u{1}horse\r\nbattery");
        for text in ["correcthorse", "correcthorsebattery", "correct\u{1}horse"] {
            assert!(!masks.redact(text).contains("horse"), "{text}");
        }
    }

    #[test]
    fn a_short_secret_does_not_blank_the_log() {
        let mut masks = Masks::default();
        assert!(masks.add("abc").is_empty());
        assert_eq!(masks.redact("abcabc"), "abcabc");
    }

    proptest::proptest! {
        #[test]
        fn no_secret_of_four_letters_or_more_is_left(secret in "[a-z]{4,12}", before in "[0-9 ]{0,8}") {
            let mut masks = Masks::default();
            masks.add(&secret);
            let shown = masks.redact(&format!("{before}{secret}{before}"));
            proptest::prop_assert!(!shown.contains(&secret));
        }
    }
}
