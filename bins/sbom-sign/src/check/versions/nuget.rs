//! Versions of NuGet's packages (Microsoft's "Package versioning": Semantic Versioning 2.0.0 with up to four numbers, whatever the
//! case); never a range.

use std::cmp::Ordering;

/// Four numbers, and the labels of a pre-release in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Version {
    numbers: [u32; 4],
    labels: Labels,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Labels(Vec<Label>);

/// Numbers come before words.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Label {
    /// Its length first, without leading zeros: numbers of any length in their order.
    Number(usize, String),
    Word(String),
}

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (core, labels) = text.split_once('-').map_or((text, None), |(core, labels)| (core, Some(labels)));
        let mut numbers = [0; 4];
        for (place, part) in core.split('.').enumerate() {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            *numbers.get_mut(place)? = digits.then(|| part.parse().ok()).flatten()?;
        }
        let labels = match labels {
            Some(labels) => labels.split('.').map(label).collect::<Option<_>>()?,
            None => Vec::new(),
        };
        Some(Self { numbers, labels: Labels(labels) })
    }
}

fn label(text: &str) -> Option<Label> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if text.is_empty() || !text.bytes().all(good) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = text.trim_start_matches('0');
        return Some(Label::Number(number.len(), number.to_owned()));
    }
    Some(Label::Word(text.to_ascii_lowercase()))
}

impl Ord for Labels {
    /// A version without labels is the release, and after all that lead to it.
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.is_empty().cmp(&other.0.is_empty()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
