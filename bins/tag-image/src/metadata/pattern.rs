//! Regular expressions as docker/metadata-action takes them, in ECMAScript's language; never what is done with what they find.

use regress::{Flags, Regex};

use crate::metadata::{Manner, trouble::Trouble};

/// A pattern, `text` or `/text/flags`.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    text: String,
    /// Where it can't be read and that matters only once it is used, why.
    regex: Result<Regex, String>,
    reach: Reach,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The first match and its groups.
    First,
    /// Every match, and none of its groups (`/g`).
    Every,
}

impl Pattern {
    /// Reads `text` or `/text/flags`. The compatible manner tells a pattern that can't be read only to whom it would matter.
    ///
    /// # Errors
    /// [`Trouble::Pattern`].
    pub(crate) fn with_flags(text: &str, manner: Manner) -> Result<Self, Trouble> {
        let inner = text.strip_prefix('/').and_then(|inner| inner.rsplit_once('/'));
        match inner.filter(|(inner, _)| !inner.is_empty()) {
            Some((inner, flags)) => Self::compiled(text, inner, flags, manner),
            None => Self::plain(text, manner),
        }
    }

    /// Reads `text`, slashes and all.
    ///
    /// # Errors
    /// [`Trouble::Pattern`].
    pub(crate) fn plain(text: &str, manner: Manner) -> Result<Self, Trouble> {
        Self::compiled(text, text, "", manner)
    }

    fn compiled(text: &str, inner: &str, flags: &str, manner: Manner) -> Result<Self, Trouble> {
        let unknown = flags.chars().find(|flag| !"dgimsuy".contains(*flag));
        let regex = match unknown {
            Some(flag) => Err(format!("there is no flag `{flag}`")),
            None => Regex::with_flags(inner, Flags::new(flags.chars().map(u32::from)))
                .map_err(|error| error.to_string()),
        };
        let reach = if flags.contains('g') { Reach::Every } else { Reach::First };
        let pattern = Self { text: text.to_owned(), regex, reach };
        match manner {
            Manner::Strict => pattern.regex().map(drop)?,
            Manner::Compat => {}
        }
        Ok(pattern)
    }

    fn regex(&self) -> Result<&Regex, Trouble> {
        self.regex
            .as_ref()
            .map_err(|what| Trouble::Pattern { pattern: self.text.clone(), what: what.clone() })
    }

    /// The pattern as it was typed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What it finds: the match itself, then its groups.
    ///
    /// # Errors
    /// [`Trouble::Pattern`].
    pub(crate) fn find<'t>(&self, text: &'t str) -> Result<Option<Vec<Option<&'t str>>>, Trouble> {
        let regex = self.regex()?;
        let found: Vec<_> = match self.reach {
            Reach::Every => regex.find_iter(text).map(|found| text.get(found.range())).collect(),
            Reach::First => match regex.find(text) {
                Some(found) => found.groups().map(|group| text.get(group?)).collect(),
                None => Vec::new(),
            },
        };
        Ok((!found.is_empty()).then_some(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'t>(pattern: &str, text: &'t str) -> Option<Vec<Option<&'t str>>> {
        Pattern::with_flags(pattern, Manner::Strict).unwrap().find(text).unwrap()
    }

    #[test]
    fn the_language_is_that_of_ecmascript() {
        assert_eq!(find(r"v(\d.\d)(x)?", "v1.2"), Some(vec![Some("v1.2"), Some("1.2"), None]));
        assert_eq!(find(r"(?<=release-)\d+", "release-7"), Some(vec![Some("7")]));
        assert_eq!(find("/RC(?<n>.)/i", "1-rc2"), Some(vec![Some("rc2"), Some("2")]));
        assert_eq!(find(r"/\d/g", "1.2"), Some(vec![Some("1"), Some("2")]));
        assert_eq!(find("p1/v(.)", "p1/v1"), Some(vec![Some("p1/v1"), Some("1")]));
        assert_eq!(find("x", "v1.2"), None);
    }

    #[test]
    fn a_pattern_that_is_none_matters_when_it_is_used() {
        for text in ["v(", "/v/q", "[b-a]"] {
            assert!(Pattern::with_flags(text, Manner::Strict).is_err(), "{text}");
            assert!(Pattern::with_flags(text, Manner::Compat).unwrap().find("v").is_err(), "{text}");
        }
    }
}
