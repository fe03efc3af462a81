//! The body of a `DO`: the statements in it, as far as PL/pgSQL's words show them; never which of its branches runs.

use super::{breaks::within, upper};
use crate::{
    effect::{created::Created, named, top_level},
    statement::{self, Dialect, Kind, Token},
};

/// What is said of a text that is put together as it runs, or written in another language.
pub(in crate::effect) const UNSEEN: &str = "runs a text that only the server sees";
/// What stands for a part of a text that is not there yet.
pub(super) const PLACEHOLDER: &str = "not_there_yet";
/// How deep texts lie within texts.
pub(super) const DEPTH_MAX: usize = 8;

/// Where a statement of PL/pgSQL may begin: behind these words, a `;` or a label.
const OPENS: [&str; 5] = ["BEGIN", "THEN", "ELSE", "LOOP", "IN"];
const VERBS: [&str; 13] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "DROP", "ALTER", "TRUNCATE", "CREATE",
    "EXECUTE", "PERFORM", "SET",
];

/// What breaks of the words behind `DO`.
pub(super) fn breaks(rest: &[Token<'_>], created: &mut Created, depth: usize) -> Option<&'static str> {
    let language = rest.iter().position(|token| token.is("LANGUAGE")).map(|at| at + 1);
    if language.is_some_and(|at| named(&rest[at..]) != "plpgsql") {
        return Some(UNSEEN);
    }
    let is_body = |(at, token): &(usize, &Token<'_>)| token.kind == Kind::Text && Some(*at) != language;
    let (_, body) = rest.iter().enumerate().find(is_body)?;
    let Some((text, depth)) = content(body).zip(depth.checked_sub(1)) else { return Some(UNSEEN) };
    let Ok(tokens) = statement::tokens(&text, Dialect::Postgres) else { return Some(UNSEEN) };
    let tokens: Vec<Token<'_>> = tokens.into_iter().filter(Token::is_significant).collect();
    let mut inside = created.clone();
    let found = programs(&tokens, &mut inside, depth);
    created.keep(&inside);
    found
}

fn programs(tokens: &[Token<'_>], created: &mut Created, depth: usize) -> Option<&'static str> {
    let mut at = 0;
    while at < tokens.len() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let opens = before.is_none_or(|before| {
            [";", ">"].contains(&before.text) || OPENS.iter().any(|word| before.is(word))
        });
        let executes = tokens[at].is("EXECUTE") && before.is_some_and(|before| before.is("FOR"));
        if !(executes || opens && VERBS.iter().any(|verb| tokens[at].is(verb))) {
            at += 1;
            continue;
        }
        let ends = |token: &Token<'_>| token.text == ";" || token.is("LOOP");
        let end = tokens[at..].iter().position(ends).map_or(tokens.len(), |length| at + length);
        let one = &tokens[at..end];
        let found = if one[0].is("EXECUTE") {
            executed(&one[1..], created, depth)
        } else {
            within(one, created, depth)
        };
        if found.is_some() {
            return found;
        }
        at = end;
    }
    None
}

/// What breaks of a text that `EXECUTE` is given: with a placeholder for each part that is put in as it runs.
fn executed(expression: &[Token<'_>], created: &mut Created, depth: usize) -> Option<&'static str> {
    let Some(depth) = depth.checked_sub(1) else { return Some(UNSEEN) };
    let text = match expression {
        [format, open, arguments @ ..] if format.is("FORMAT") && open.text == "(" => {
            let end = top_level(arguments).find(|at| [",", ")"].contains(&arguments[*at].text));
            filled(&joined(&arguments[..end.unwrap_or(arguments.len())]))
        }
        [open, between @ .., close] if open.text == "(" && close.text == ")" => joined(between),
        whole => joined(whole),
    };
    let Ok(statements) = statement::statements(&text, Dialect::Postgres) else { return Some(UNSEEN) };
    statements.iter().find_map(|one| {
        let tokens = one.tokens();
        let kind = ["DROP", "ALTER", "CREATE"].contains(&upper(&tokens, 0).as_str());
        let is_open = tokens.get(usize::from(kind)).is_some_and(|token| token.text == PLACEHOLDER);
        within(&tokens, created, depth).or(is_open.then_some(UNSEEN))
    })
}

/// Texts with `||` between them, and a placeholder for whatever is none.
fn joined(expression: &[Token<'_>]) -> String {
    let mut text = String::new();
    for at in top_level(expression) {
        let token = &expression[at];
        if token.is("USING") || token.is("INTO") {
            break;
        }
        match content(token).filter(|_| token.kind == Kind::Text) {
            Some(content) => text.push_str(&content),
            None if token.text == "|" || token.text == ")" || text.ends_with(PLACEHOLDER) => {}
            None => text.push_str(PLACEHOLDER),
        }
    }
    text
}

/// The template of `format`, with a placeholder for each `%I`, `%s` and `%1$L`.
fn filled(template: &str) -> String {
    let mut pieces = template.split('%');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    while let Some(piece) = pieces.next() {
        if piece.is_empty() {
            // `%%`
            text.push('%');
            text.push_str(pieces.next().unwrap_or_default());
            continue;
        }
        let behind = piece.find(['I', 's', 'L']).map_or("", |at| &piece[at + 1..]);
        text.push_str(PLACEHOLDER);
        text.push_str(behind);
    }
    text
}

/// What a text in quotes holds; nothing where backslashes would have to be understood.
fn content(token: &Token<'_>) -> Option<String> {
    if token.text.starts_with('$') {
        let tag = token.text[1..].find('$')? + 2;
        return token.text.get(tag..token.text.len().checked_sub(tag)?).map(str::to_owned);
    }
    let quoted = token.text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(quoted.replace("''", "'"))
}
