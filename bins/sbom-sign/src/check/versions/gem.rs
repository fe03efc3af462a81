//! Versions of Ruby's gems (`Gem::Version`, as RubyGems documents it); never a requirement.

use std::{cmp::Ordering, iter};

/// Numbers and words by turns, without the noughts that say nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Version<'t>(Vec<Segment<'t>>);

/// A version with a word is a pre-release: words come before numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Segment<'t> {
    Word(&'t str),
    /// Its length first, without leading zeros: numbers of any length in their order.
    Number(usize, &'t str),
}

const NOUGHT: Segment<'_> = Segment::Number(0, "");

impl<'t> Version<'t> {
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (release, pre) = text.split_once('-').map_or((text, None), |(release, pre)| (release, Some(pre)));
        let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let hyphenated = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let first = release.split('.').next()?;
        let good = first.bytes().all(|byte| byte.is_ascii_digit())
            && release.split('.').all(word)
            && pre.is_none_or(|pre| pre.split('.').all(hyphenated));
        if !good {
            return None;
        }
        let mut segments = segments(release);
        // A hyphen is read as `.pre.`.
        for part in pre.iter().flat_map(|pre| pre.split('-')) {
            segments.push(Segment::Word("pre"));
            segments.extend(self::segments(part));
        }
        let words = segments.iter().position(|segment| matches!(segment, Segment::Word(_)));
        let mut words = words.map_or_else(Vec::new, |start| segments.split_off(start));
        trim(&mut segments);
        trim(&mut words);
        segments.append(&mut words);
        Some(Self(segments))
    }
}

fn trim(segments: &mut Vec<Segment<'_>>) {
    while segments.last() == Some(&NOUGHT) {
        segments.pop();
    }
}

/// `a10` is a word and a number.
fn segments(text: &str) -> Vec<Segment<'_>> {
    let mut all = Vec::new();
    for mut rest in text.split('.') {
        while let Some(first) = rest.bytes().next() {
            let digits = first.is_ascii_digit();
            let end = rest.bytes().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (segment, after) = rest.split_at(end);
            let number = segment.trim_start_matches('0');
            all.push(if digits { Segment::Number(number.len(), number) } else { Segment::Word(segment) });
            rest = after;
        }
    }
    all
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let padded = |version: &Self| version.0.clone().into_iter().chain(iter::repeat(NOUGHT));
        let length = self.0.len().max(other.0.len());
        padded(self).take(length).cmp(padded(other).take(length))
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
