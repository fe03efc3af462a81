//! Versions of PHP's packages (composer/semver 3, `VersionParser::normalize`, in the order of PHP's `version_compare`); never a
//! constraint.

use std::cmp::Ordering;

/// What `version_compare` cuts the normalised form into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Version(Vec<Token>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    /// Without leading zeros.
    Number(String),
    Word(Stability),
}

/// What stands behind the numbers, in its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stability {
    Dev,
    Alpha,
    Beta,
    Rc,
    /// Where a number stands, or nothing.
    Stable,
    Patch,
}

/// The longer names first, because they begin with the shorter ones.
const NAMES: [(&str, Stability); 9] = [
    ("stable", Stability::Stable),
    ("patch", Stability::Patch),
    ("alpha", Stability::Alpha),
    ("beta", Stability::Beta),
    ("rc", Stability::Rc),
    ("pl", Stability::Patch),
    ("a", Stability::Alpha),
    ("b", Stability::Beta),
    ("p", Stability::Patch),
];

const NUMBERS: usize = 4;

impl Version {
    /// A branch (`dev-main`, `1.x-dev`) has no place in the order: which commit of it was taken, it does not say.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.split_once('+').map_or(text, |(version, _)| version).to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (mut tokens, rest) = release(text)?;
        tokens.extend(modifier(rest)?);
        Some(Self(tokens))
    }

    /// The order of the two. A number comes after words for what leads to the release, and before a patch.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let length = self.0.len().max(other.0.len());
        let orders = (0..length).map(|place| match (self.0.get(place), other.0.get(place)) {
            (Some(Token::Number(left)), Some(Token::Number(right))) => {
                left.len().cmp(&right.len()).then_with(|| left.cmp(right))
            }
            (Some(Token::Number(_)), None) => Ordering::Greater,
            (None, Some(Token::Number(_))) => Ordering::Less,
            (left, right) => stability(left).cmp(&stability(right)),
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

const fn stability(token: Option<&Token>) -> Stability {
    match token {
        Some(Token::Word(word)) => *word,
        Some(Token::Number(_)) | None => Stability::Stable,
    }
}

fn number(digits: &str) -> Token {
    Token::Number(digits.trim_start_matches('0').to_owned())
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The numbers, and what stands behind them: up to four, or a date (`2010-01-02`, `20100102-203040`).
fn release(text: &str) -> Option<(Vec<Token>, &str)> {
    let (first, mut rest) = digits(text)?;
    let mut tokens = vec![number(first)];
    let dated = first.len() > 5 || (first.len() == 4 && rest.starts_with(['-', ':']));
    let separators: &[char] = if dated { &['.', '-', ':'] } else { &['.'] };
    while let Some((next, after)) = rest.strip_prefix(separators).and_then(digits) {
        tokens.push(number(next));
        rest = after;
    }
    if !dated {
        if tokens.len() > NUMBERS {
            return None;
        }
        tokens.resize(NUMBERS, number(""));
    }
    Some((tokens, rest))
}

/// `[._-]stability[numbers][-dev]`, all of it optional.
fn modifier(text: &str) -> Option<Vec<Token>> {
    if matches!(text, ".dev" | "-dev" | "dev") {
        return Some(vec![Token::Word(Stability::Dev)]);
    }
    let mut tokens = Vec::new();
    let bare = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    let mut rest = bare;
    if let Some((name, stability)) = NAMES.iter().find(|(name, _)| bare.starts_with(name)) {
        rest = &bare[name.len()..];
        let stable = *stability == Stability::Stable;
        if !stable {
            tokens.push(Token::Word(*stability));
        }
        while let Some((next, after)) =
            digits(rest).or_else(|| rest.strip_prefix(['.', '-']).and_then(digits))
        {
            if !stable {
                tokens.push(number(next));
            }
            rest = after;
        }
    } else if !text.is_empty() {
        return None;
    }
    match rest {
        "" => {}
        ".dev" | "-dev" | "dev" => tokens.push(Token::Word(Stability::Dev)),
        _ => return None,
    }
    Some(tokens)
}
