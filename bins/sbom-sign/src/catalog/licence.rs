//! Licences as packages state them: an SPDX expression where it is one, else the words; never what a licence demands.

use std::fmt;

/// What a package says about its licence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Licence {
    /// An SPDX expression (SPDX 2.3, annex D), in canonical form.
    Expression(String),
    /// Words that are no expression.
    Name(String),
}

impl Licence {
    /// Reads what a package says; `None` if it says nothing. `MIT/Apache-2.0`, as crates wrote it once, and `GPL-3.0+` become the
    /// expression that they stand for.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return None;
        }
        Some(match expression(&text) {
            Some(expression) => Self::Expression(expression),
            None => Self::Name(text),
        })
    }
}

/// Only what can be read in one way: `BSD` is no licence, though a lax reader takes it for one.
fn expression(text: &str) -> Option<String> {
    let strict = spdx::ParseMode { allow_deprecated: true, ..spdx::ParseMode::STRICT };
    let spelt =
        spdx::ParseMode { allow_slash_as_or_operator: true, allow_postfix_plus_on_gpl: true, ..strict };
    spdx::Expression::parse_mode(text, spelt).ok()?;
    let canonical = spdx::Expression::canonicalize(text).ok()?.unwrap_or_else(|| text.to_owned());
    spdx::Expression::parse_mode(&canonical, strict).ok()?;
    Some(canonical)
}

impl fmt::Display for Licence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Expression(text) | Self::Name(text)) = self;
        out.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_told_from_words() {
        let expression = |text: &str| Some(Licence::Expression(text.to_owned()));
        for (said, meant) in [
            ("MIT", "MIT"),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            (" Apache-2.0\n WITH LLVM-exception ", "Apache-2.0 WITH LLVM-exception"),
            ("(MIT AND BSD-3-Clause) OR Zlib", "(MIT AND BSD-3-Clause) OR Zlib"),
            ("GPL-2.0", "GPL-2.0-only"),
            ("GPL-3.0+", "GPL-3.0-or-later"),
            ("LicenseRef-ours", "LicenseRef-ours"),
        ] {
            assert_eq!(Licence::of(said), expression(meant), "{said}");
        }
        for words in ["BSD", "Apache 2.0", "see LICENSE", "UNLICENSED", "public-domain", "MIT AND"] {
            assert_eq!(Licence::of(words), Some(Licence::Name(words.to_owned())), "{words}");
        }
        assert_eq!(Licence::of(" \n"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Z0-9.+/() -]{0,24}") {
            let _ = Licence::of(&text);
        }
    }
}
