//! Versions of Debian's packages (deb-version(7), and `verrevcmp` of dpkg 1.22); never which package they are of.

use std::{cmp::Ordering, iter};

/// `[epoch:]upstream[-revision]`
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Version<'t> {
    epoch: u32,
    upstream: &'t str,
    revision: &'t str,
}

impl<'t> Version<'t> {
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (epoch.parse().ok()?, rest),
            None => (0, text),
        };
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        let upstream_good = |byte: u8| byte.is_ascii_alphanumeric() || b".+-~:".contains(&byte);
        let revision_good = |byte: u8| byte.is_ascii_alphanumeric() || b".+~".contains(&byte);
        let good = upstream.starts_with(|one: char| one.is_ascii_digit())
            && upstream.bytes().all(upstream_good)
            && revision.bytes().all(revision_good);
        good.then_some(Self { epoch, upstream, revision })
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let upstream = || part(self.upstream, other.upstream);
        let revision = || part(self.revision, other.revision);
        self.epoch.cmp(&other.epoch).then_with(upstream).then_with(revision)
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Texts and numbers by turns: `~` is before the end, the end before letters, letters before the rest; no number is 0.
fn part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let (texts, rests) = (cut(left, u8::is_ascii_digit), cut(right, u8::is_ascii_digit));
        let order = text(texts.0, rests.0);
        let (digits, others) =
            (cut(texts.1, |byte| !byte.is_ascii_digit()), cut(rests.1, |byte| !byte.is_ascii_digit()));
        let order = order.then_with(|| number(digits.0, others.0));
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (digits.1, others.1);
    }
    Ordering::Equal
}

fn cut(bytes: &[u8], end: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(end).unwrap_or(bytes.len()))
}

fn text(left: &[u8], right: &[u8]) -> Ordering {
    let rank = |byte: u8| match byte {
        b'~' => -1,
        letter if letter.is_ascii_alphabetic() => i32::from(letter),
        other => i32::from(other) + 256,
    };
    let ranks = |bytes: &[u8]| bytes.iter().map(|byte| rank(*byte)).chain(iter::once(0)).collect::<Vec<_>>();
    ranks(left).cmp(&ranks(right))
}

/// Numbers of any length.
fn number(left: &[u8], right: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| {
        let start = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
        digits[start..].to_vec()
    };
    let (left, right) = (significant(left), significant(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(&right))
}
