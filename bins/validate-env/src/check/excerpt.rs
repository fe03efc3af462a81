//! How much of a value may be shown: of a sensitive one, and of one that holds it, nothing.

use crate::schema::{Exposure, Variable};

/// The longest part of a value that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 40;

/// Words beside which a connection string keeps a secret.
const TELLTALES: [&str; 5] = ["password", "passwd", "pwd", "secret", "token"];

/// Shows values, and knows what must not be seen in them.
pub(super) struct Excerpts<'f> {
    secrets: Vec<&'f str>,
}

impl<'f> Excerpts<'f> {
    /// Excerpts that hold none of these values, and none that a sensitive variable has in the end.
    pub(super) fn around(
        given: impl Iterator<Item = &'f str>,
        resolved: impl Iterator<Item = (&'f Variable, &'f str)>,
    ) -> Self {
        let sensitive = |(variable, value): (&Variable, &'f str)| {
            (variable.exposure == Exposure::Sensitive && !value.is_empty()).then_some(value)
        };
        Self { secrets: given.chain(resolved.filter_map(sensitive)).collect() }
    }

    /// A value behind what is wrong with it, as `: \`…\``; empty where nothing may be shown.
    pub(super) fn of(&self, variable: &Variable, value: &str) -> String {
        // Looked for before anything is cut off: the first half of a secret is no longer recognised, and a secret all the same.
        if variable.exposure == Exposure::Sensitive
            || self.secrets.iter().any(|secret| value.contains(secret))
        {
            return String::new();
        }
        beginning(value).map_or_else(String::new, |value| format!(": `{value}`"))
    }
}

/// The beginning of a value, without what a URL or a connection string has before its `@`; nothing if it speaks of a password.
fn beginning(value: &str) -> Option<String> {
    let lower = value.to_lowercase();
    if TELLTALES.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let value = match value.rsplit_once('@') {
        Some((before, host)) if before.contains(':') => format!("***@{host}"),
        _ => value.to_owned(),
    };
    let mut short: String = value.chars().take(SHOWN_CHARS_MAX).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    Some(short)
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn values_are_shown_short_and_without_their_passwords() {
        let shown = |value: &str| beginning(value).unwrap_or_default();
        assert_eq!(shown("postgres://user:p@ss@host/db"), "***@host/db");
        assert_eq!(shown("user:pass@tcp(host)/db"), "***@tcp(host)/db");
        assert_eq!(shown("a@b.example"), "a@b.example");
        assert_eq!(shown("host=x Password=y"), "");
        assert_eq!(shown("https://x/?api_token=y"), "");
        assert_eq!(shown(&"ä".repeat(50)), format!("{}…", "ä".repeat(40)));
    }
}
