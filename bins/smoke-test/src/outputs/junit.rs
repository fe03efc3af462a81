//! JUnit XML as Jenkins and GitLab read it: a testsuite a suite, a testcase a step; holds no character that XML 1.0 forbids.

use std::{fmt::Write as _, time::Duration};

use crate::outcome::{StepOutcome, SuiteOutcome, Verdict};

/// The document.
pub(super) fn document(outcomes: &[SuiteOutcome<'_>]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for outcome in outcomes {
        suite(&mut out, outcome);
    }
    out + "</testsuites>\n"
}

fn suite(out: &mut String, outcome: &SuiteOutcome<'_>) {
    let name = escape(&outcome.suite.form.name.value);
    let whole: Duration = outcome.steps.iter().map(|step| step.elapsed).sum();
    _ = writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\" timestamp=\"{}\">",
        outcome.steps.len(),
        outcome.of(Verdict::Failed).count(),
        outcome.of(Verdict::Skipped).count(),
        seconds(whole),
        outcome.started,
    );
    for step in &outcome.steps {
        case(out, &name, step);
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, suite: &str, step: &StepOutcome) {
    let (title, time, complaint) = (escape(&step.title()), seconds(step.elapsed), escape(&step.complaint()));
    _ = writeln!(out, "    <testcase name=\"{title}\" classname=\"{suite}\" time=\"{time}\">");
    match step.verdict {
        Verdict::Failed => _ = writeln!(out, "      <failure message=\"{complaint}\"/>"),
        Verdict::Skipped => _ = writeln!(out, "      <skipped message=\"{complaint}\"/>"),
        Verdict::Passed | Verdict::Warned => {}
    }
    if let Some(request) = &step.request {
        let status = step.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let warning = if step.verdict == Verdict::Warned { format!("; {complaint}") } else { String::new() };
        _ = writeln!(out, "      <system-out>{}: {status}{warning}</system-out>", escape(request));
    }
    out.push_str("    </testcase>\n");
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// Text for an attribute or an element. What XML 1.0 (section 2.2) has no way to write becomes U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => _ = write!(out, "&#{};", u32::from(character)),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_breaks_the_document() {
        assert_eq!(
            escape("<a b=\"c\">&\n\u{0}\u{1b}[m\u{ffff}ä"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&#10;\u{fffd}\u{fffd}[m\u{fffd}ä"
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_left_is_text_of_xml(text in proptest::collection::vec(proptest::char::any(), 0..40)) {
            let text: String = text.into_iter().collect();
            let bad = |one: char| matches!(one, '<' | '>' | '"') || (one.is_control() && one < ' ');
            proptest::prop_assert!(!escape(&text).chars().any(bad));
        }
    }
}
