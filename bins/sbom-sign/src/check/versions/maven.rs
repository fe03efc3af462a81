//! Versions of Maven's artifacts (the POM reference, "Version Order Specification", as `ComparableVersion` of maven-artifact 3.9 has it);
//! never a range.

use std::{cmp::Ordering, iter};

/// Lists in lists: each hyphen, and each change between letters and digits, opens one inside the one before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Version(Vec<Vec<Token>>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    /// Without leading zeros, so that nought is empty.
    Number(String),
    Word(String),
}

/// Words that are known, in their order; any other comes after them.
const KNOWN: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

/// The place of the release itself among them.
const RELEASE: usize = 5;

impl Version {
    /// Any text is a version to Maven; what has no digit is one by chance.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
        if !text.starts_with(|one: char| one.is_ascii_digit()) || !text.bytes().all(good) {
            return None;
        }
        let mut reader = Reader { lists: vec![Vec::new()] };
        reader.read(&text.to_ascii_lowercase());
        let mut lists = reader.lists;
        lists.iter_mut().for_each(trim);
        while lists.last().is_some_and(Vec::is_empty) {
            lists.pop();
        }
        Some(Self(lists))
    }
}

/// What says nothing at the end of a list: noughts, and words for the release.
fn trim(list: &mut Vec<Token>) {
    let says_nothing = |token: &Token| match token {
        Token::Number(number) => number.is_empty(),
        Token::Word(word) => word.is_empty(),
    };
    while list.last().is_some_and(says_nothing) {
        list.pop();
    }
}

/// What the token that is being read is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    None,
    All,
}

struct Reader {
    lists: Vec<Vec<Token>>,
}

impl Reader {
    fn read(&mut self, text: &str) {
        let (mut start, mut letters) = (0, Letters::None);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'.' | b'-' => {
                    self.add(&text[start..at], letters);
                    start = at + 1;
                    if byte == b'-' {
                        self.open();
                    }
                }
                byte if byte.is_ascii_digit() => {
                    if at > start && letters == Letters::All {
                        // A word with a number behind it stands in a list of its own, whatever is before it.
                        self.open();
                        self.push(Token::Word(before_number(&text[start..at])));
                        self.open();
                        start = at;
                    }
                    letters = Letters::None;
                }
                _ => {
                    if at > start && letters == Letters::None {
                        self.add(&text[start..at], letters);
                        self.open();
                        start = at;
                    }
                    letters = Letters::All;
                }
            }
        }
        if start < text.len() {
            if letters == Letters::All {
                self.open();
            }
            self.add(&text[start..], letters);
        }
    }

    fn open(&mut self) {
        if self.lists.last().is_some_and(|list| !list.is_empty()) {
            self.lists.push(Vec::new());
        }
    }

    fn add(&mut self, text: &str, letters: Letters) {
        self.push(match letters {
            Letters::All if !text.is_empty() => Token::Word(word(text)),
            _ => Token::Number(text.trim_start_matches('0').to_owned()),
        });
    }

    fn push(&mut self, token: Token) {
        if let Some(list) = self.lists.last_mut() {
            list.push(token);
        }
    }
}

/// A word as Maven takes it.
fn word(text: &str) -> String {
    match text {
        "ga" | "final" | "release" => String::new(),
        "cr" => "rc".to_owned(),
        other => other.to_owned(),
    }
}

/// A word before a number may be short.
fn before_number(text: &str) -> String {
    match text {
        "a" => "alpha".to_owned(),
        "b" => "beta".to_owned(),
        "m" => "milestone".to_owned(),
        other => word(other),
    }
}

fn rank(word: &str) -> (usize, &str) {
    KNOWN.iter().position(|known| *known == word).map_or((KNOWN.len(), word), |place| (place, ""))
}

fn numbers(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn tokens(left: &Token, right: &Token) -> Ordering {
    match (left, right) {
        (Token::Number(left), Token::Number(right)) => numbers(left, right),
        (Token::Number(_), Token::Word(_)) => Ordering::Greater,
        (Token::Word(_), Token::Number(_)) => Ordering::Less,
        (Token::Word(left), Token::Word(right)) => rank(left).cmp(&rank(right)),
    }
}

/// A token against nothing.
fn alone(token: &Token) -> Ordering {
    match token {
        Token::Number(number) if number.is_empty() => Ordering::Equal,
        Token::Number(_) => Ordering::Greater,
        Token::Word(word) => rank(word).cmp(&(RELEASE, "")),
    }
}

/// Lists against nothing: the first token that says something.
fn all_alone(lists: &[Vec<Token>]) -> Ordering {
    lists.iter().flatten().map(alone).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// An element of a list: a token, or at its end all the lists inside.
enum Element<'v> {
    Token(&'v Token),
    Lists(&'v [Vec<Token>]),
}

fn elements(lists: &[Vec<Token>]) -> impl Iterator<Item = Element<'_>> {
    let (first, rest) = lists.split_first().map_or((&[] as &[Token], lists), |(list, rest)| (list, rest));
    first.iter().map(Element::Token).chain((!rest.is_empty()).then_some(Element::Lists(rest)))
}

fn compare(left: &[Vec<Token>], right: &[Vec<Token>]) -> Ordering {
    let (mut left, mut right) = (elements(left), elements(right));
    iter::from_fn(|| match (left.next(), right.next()) {
        (None, None) => None,
        (Some(Element::Token(left)), None) => Some(alone(left)),
        (None, Some(Element::Token(right))) => Some(alone(right).reverse()),
        (Some(Element::Lists(left)), None) => Some(all_alone(left)),
        (None, Some(Element::Lists(right))) => Some(all_alone(right).reverse()),
        (Some(Element::Token(left)), Some(Element::Token(right))) => Some(tokens(left, right)),
        (Some(Element::Token(left)), Some(Element::Lists(_))) => Some(against_lists(left)),
        (Some(Element::Lists(_)), Some(Element::Token(right))) => Some(against_lists(right).reverse()),
        (Some(Element::Lists(left)), Some(Element::Lists(right))) => Some(compare(left, right)),
    })
    .find(|order| order.is_ne())
    .unwrap_or(Ordering::Equal)
}

/// Numbers are after a list, words before it.
fn against_lists(token: &Token) -> Ordering {
    if matches!(token, Token::Number(_)) { Ordering::Greater } else { Ordering::Less }
}

impl Version {
    /// The order of the two.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}
