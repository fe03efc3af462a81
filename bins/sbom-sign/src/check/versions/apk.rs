//! Versions of Alpine's packages (apk-tools 3, `doc/apk-package.5.scd` and `src/version.c`); never which package they are of.
//!
//! `number{.number}[letter]{_suffix[number]}[~hash][-r<number>]`

use std::cmp::Ordering;

/// The parts of a version, in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Version<'t>(Vec<Part<'t>>);

/// One part. Where two versions differ in kind, the one whose part stands first here is the later one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part<'t> {
    First(&'t str),
    Number(&'t str),
    Letter(char),
    Suffix(Suffix),
    SuffixNumber(&'t str),
    Hash(&'t str),
    Revision(&'t str),
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Suffix {
    Alpha,
    Beta,
    Pre,
    Rc,
    // Up to here before the version without a suffix, from here on after it.
    Cvs,
    Svn,
    Git,
    Hg,
    P,
}

const SUFFIXES: [(&str, Suffix); 9] = [
    ("alpha", Suffix::Alpha),
    ("beta", Suffix::Beta),
    ("pre", Suffix::Pre),
    ("rc", Suffix::Rc),
    ("cvs", Suffix::Cvs),
    ("svn", Suffix::Svn),
    ("git", Suffix::Git),
    ("hg", Suffix::Hg),
    ("p", Suffix::P),
];

impl<'t> Version<'t> {
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (first, mut rest) = digits(text)?;
        let mut parts = vec![Part::First(first)];
        while let Some(after) = rest.strip_prefix('.') {
            let (number, after) = digits(after)?;
            parts.push(Part::Number(number));
            rest = after;
        }
        if let Some(letter) = rest.chars().next().filter(char::is_ascii_lowercase) {
            parts.push(Part::Letter(letter));
            rest = &rest[1..];
        }
        while let Some(after) = rest.strip_prefix('_') {
            let word = after.find(|one: char| !one.is_ascii_lowercase()).unwrap_or(after.len());
            let suffix = SUFFIXES.iter().find(|(name, _)| *name == &after[..word])?.1;
            parts.push(Part::Suffix(suffix));
            rest = &after[word..];
            if let Some((number, after)) = digits(rest) {
                parts.push(Part::SuffixNumber(number));
                rest = after;
            }
        }
        if let Some(after) = rest.strip_prefix('~') {
            let end = after.find(|one: char| !one.is_ascii_hexdigit()).unwrap_or(after.len());
            let (hash, after) = after.split_at(end);
            parts.push(Part::Hash(hash));
            rest = after;
        }
        if let Some(after) = rest.strip_prefix("-r") {
            let (number, after) = digits(after)?;
            parts.push(Part::Revision(number));
            rest = after;
        }
        rest.is_empty().then(|| {
            parts.push(Part::End);
            Self(parts)
        })
    }
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

impl Part<'_> {
    fn kind(self) -> u8 {
        match self {
            Self::First(_) => 0,
            Self::Number(_) => 1,
            Self::Letter(_) => 2,
            Self::Suffix(_) => 3,
            Self::SuffixNumber(_) => 4,
            Self::Hash(_) => 5,
            Self::Revision(_) => 6,
            Self::End => 7,
        }
    }

    fn is_before_the_end(self) -> bool {
        matches!(self, Self::Suffix(suffix) if suffix < Suffix::Cvs)
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        for (left, right) in self.0.iter().zip(&other.0) {
            let order = match (*left, *right) {
                (Part::Number(left), Part::Number(right))
                    if left.starts_with('0') || right.starts_with('0') =>
                {
                    left.cmp(right)
                }
                (Part::First(left), Part::First(right))
                | (Part::Number(left), Part::Number(right))
                | (Part::SuffixNumber(left), Part::SuffixNumber(right))
                | (Part::Revision(left), Part::Revision(right)) => number(left, right),
                (Part::Letter(left), Part::Letter(right)) => left.cmp(&right),
                (Part::Suffix(left), Part::Suffix(right)) => left.cmp(&right),
                (Part::Hash(left), Part::Hash(right)) => left.cmp(right),
                (left, right) if left.is_before_the_end() != right.is_before_the_end() => {
                    right.is_before_the_end().cmp(&left.is_before_the_end())
                }
                (left, right) => right.kind().cmp(&left.kind()),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn number(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}
