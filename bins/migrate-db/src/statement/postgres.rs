//! PostgreSQL's lexical rules (documentation, section 4.1), and where psql ends a statement (`psqlscan.l`: not in parentheses, not
//! between `BEGIN ATOMIC` and its `END`).

use super::{Kind, Token};

/// The first token of a text and its length; the error names what does not end.
pub(super) fn first(text: &str) -> Result<(Kind, usize), &'static str> {
    let mut characters = text.chars();
    let (Some(first), second) = (characters.next(), characters.next()) else { return Ok((Kind::Space, 0)) };
    let run = |belongs: fn(char) -> bool| text.find(|one| !belongs(one)).unwrap_or(text.len());
    Ok(match (first, second) {
        ('\0', _) => return Err("a NUL character, which PostgreSQL does not know: the text"),
        ('-', Some('-')) => (Kind::Comment, text.find(['\n', '\r']).unwrap_or(text.len())),
        ('/', Some('*')) => (Kind::Comment, comment(text).ok_or("a comment")?),
        ('\'', _) => (Kind::Text, quoted(text, '\'').ok_or("a text in quotes")?),
        ('e' | 'E', Some('\'')) => (Kind::Text, escaped(text).ok_or("a text in quotes")?),
        ('"', _) => (Kind::Identifier, quoted(text, '"').ok_or("a name in quotes")?),
        ('$', _) => match tag(text) {
            Some(tag) => (Kind::Text, dollar_quoted(text, tag).ok_or("a text in dollar quotes")?),
            None => (Kind::Sign, 1),
        },
        (';', _) => (Kind::End, 1),
        (space, _) if is_space(space) => (Kind::Space, run(is_space)),
        // A `$` behind a number begins something else.
        (digit, _) if digit.is_ascii_digit() => (Kind::Word, run(|one| is_word(one) && one != '$')),
        (word, _) if is_word(word) => (Kind::Word, run(is_word)),
        (sign, _) => (Kind::Sign, sign.len_utf8()),
    })
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

/// Comments nest. Both marks are looked for at once: a search for each alone goes through the same text again for every mark of the other.
fn comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (1_usize, "/*".len());
    while depth > 0 {
        let mut marks = text.as_bytes().get(at..)?.windows(2);
        let mark = marks.position(|two| matches!(two, b"/*" | b"*/"))?;
        depth = if text[at + mark..].starts_with('/') { depth + 1 } else { depth - 1 };
        at += mark + 2;
    }
    Some(at)
}

/// A doubled quote does not close.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find(quote)? + 1;
        if !text[at..].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// `E'…'`, where a backslash takes the next character along; a text that goes on in another line does so by the same rules.
fn escaped(text: &str) -> Option<usize> {
    let mut at = 2;
    loop {
        let rest = text.get(at..)?;
        let found = rest.find(['\\', '\''])?;
        at += found + 1;
        if rest[found..].starts_with('\\') {
            at += text[at..].chars().next()?.len_utf8();
            continue;
        }
        let behind = &text[at..];
        let space = behind.len() - behind.trim_start_matches(is_space).len();
        let goes_on = behind[space..].starts_with('\'') && (space == 0 || behind[..space].contains('\n'));
        if !goes_on {
            return Some(at);
        }
        at += space + 1;
    }
}

/// `$tag$` or `$$`; `$1` is a parameter.
fn tag(text: &str) -> Option<&str> {
    let end = 1 + text[1..].find('$')?;
    let name = &text[1..end];
    let is_name = name.chars().all(|one| is_word(one) && one != '$');
    (is_name && !name.starts_with(|first: char| first.is_ascii_digit())).then_some(&text[..=end])
}

fn dollar_quoted(text: &str, tag: &str) -> Option<usize> {
    text[tag.len()..].find(tag).map(|end| tag.len() + end + tag.len())
}

/// Whether these tokens end as a `COPY … FROM STDIN …;`, behind which its data come.
pub(super) fn is_copy(tokens: &[Token<'_>]) -> bool {
    let ends = tokens.last().is_some_and(|token| token.kind == Kind::End);
    if !ends {
        return false;
    }
    let words: Vec<_> = tokens.iter().filter(|token| token.is_significant()).collect();
    words.first().is_some_and(|first| first.is("COPY"))
        && words.windows(2).any(|pair| pair[0].is("FROM") && pair[1].is("STDIN"))
}

const END_OF_DATA: &str = "\\.";

/// The data behind a `COPY`: the rest of its line, and all lines to the one that is `\.`.
pub(super) fn data(text: &str) -> Result<(Kind, usize), &'static str> {
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        length += line.len();
        if length > line.len() && line.trim_end() == END_OF_DATA {
            return Ok((Kind::Data, length));
        }
    }
    Err("the data of COPY … FROM STDIN, which end in a line `\\.`,")
}

/// The lines themselves, without the rest of the line before and without the end mark.
pub(super) fn lines(data: &str) -> &str {
    let (_, lines) = data.split_once('\n').unwrap_or_default();
    lines.trim_end().strip_suffix(END_OF_DATA).unwrap_or(lines)
}

/// Cuts behind each statement.
pub(super) fn pieces<'v, 't>(tokens: &'v [Token<'t>]) -> Vec<&'v [Token<'t>]> {
    let (mut pieces, mut start, mut depth) = (Vec::new(), 0, Depth::default());
    for (at, token) in tokens.iter().enumerate() {
        depth.follow(*token);
        let ends = match tokens.get(at + 1) {
            None => true,
            Some(next) if next.kind == Kind::Data => false,
            Some(_) => token.kind == Kind::Data || token.kind == Kind::End && depth.is_outside(),
        };
        if ends {
            pieces.push(&tokens[start..=at]);
            (start, depth) = (at + 1, Depth::default());
        }
    }
    pieces
}

/// Where in a statement we are, as psql follows it.
#[derive(Default)]
struct Depth<'t> {
    parentheses: usize,
    blocks: usize,
    /// Its first words, which tell whether it makes a routine.
    head: Vec<Token<'t>>,
}

/// `CREATE OR REPLACE FUNCTION`.
const HEAD_WORDS: usize = 4;

impl<'t> Depth<'t> {
    fn follow(&mut self, token: Token<'t>) {
        match token.text {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            _ if token.kind == Kind::Word && self.parentheses == 0 => self.follow_word(token),
            _ => {}
        }
    }

    fn follow_word(&mut self, word: Token<'t>) {
        if self.head.len() < HEAD_WORDS {
            self.head.push(word);
        }
        if word.is("BEGIN") && self.makes_routine() || word.is("CASE") && self.blocks > 0 {
            self.blocks += 1;
        } else if word.is("END") {
            self.blocks = self.blocks.saturating_sub(1);
        }
    }

    fn makes_routine(&self) -> bool {
        let is = |at: usize, word: &str| self.head.get(at).is_some_and(|token| token.is(word));
        let routine = |at| is(at, "FUNCTION") || is(at, "PROCEDURE");
        is(0, "CREATE") && (routine(1) || is(1, "OR") && is(2, "REPLACE") && routine(3))
    }

    fn is_outside(&self) -> bool {
        self.parentheses == 0 && self.blocks == 0
    }
}
