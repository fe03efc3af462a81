//! How functions are written: at most 70 lines, and no parameter that is a bare yes or no.

use crate::{
    rule::{Break, Rule},
    source::{Source, closing},
    tree,
};

const FUNCTION_LINES_MAX: usize = 70;

/// One function with a body, by places in its file's code.
struct Function {
    name: String,
    start: usize,
    parameters: String,
    end: usize,
}

fn functions(source: &Source) -> Vec<Function> {
    let code = source.code.as_bytes();
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    source
        .code
        .match_indices("fn ")
        .filter(|(start, _)| !is_word(start.checked_sub(1).and_then(|before| code.get(before))))
        .filter_map(|(start, _)| {
            let name: String =
                source.code[start + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let open = parameters_start(code, start + 3)?;
            let close = closing(code, open);
            let end = body_end(code, close)?;
            Some(Function { name, start, parameters: source.code[open + 1..close].to_owned(), end })
        })
        .collect()
}

/// The `(` of the parameters: after the name, and after the generics where there are any.
fn parameters_start(code: &[u8], name: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for at in name..code.len() {
        match code[at] {
            b'<' => depth += 1,
            b'>' if code[at - 1] != b'-' => depth = depth.checked_sub(1)?,
            b'(' if depth == 0 => return Some(at),
            b';' | b'{' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The closing brace of the body; a function of a trait may have none, and ends at its `;`.
fn body_end(code: &[u8], parameters_end: usize) -> Option<usize> {
    let mut at = parameters_end + 1;
    while at < code.len() {
        match code[at] {
            b'{' => return Some(closing(code, at)),
            b';' => return Some(at),
            b'(' | b'[' => at = closing(code, at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn long_ones(source: &Source) -> Vec<Break> {
    functions(source)
        .into_iter()
        .map(|function| (source.line(function.end) - source.line(function.start) + 1, function))
        .filter(|(lines, _)| *lines > FUNCTION_LINES_MAX)
        .map(|(lines, function)| {
            Break::at(
                &source.path,
                source.line(function.start),
                format!("`{}` has {lines} lines", function.name),
            )
        })
        .collect()
}

fn bare_yes_or_no(source: &Source) -> Vec<Break> {
    functions(source)
        .into_iter()
        .filter(|function| !is_in_trait_impl(source, function.start))
        .filter(|function| function.parameters.split(',').any(is_bool))
        .map(|function| {
            Break::at(&source.path, source.line(function.start), format!("`{}` takes a bool", function.name))
        })
        .collect()
}

fn is_bool(parameter: &str) -> bool {
    let kind = parameter.rsplit_once(':').map_or("", |(_, kind)| kind.trim());
    matches!(kind, "bool" | "&bool" | "Option<bool>")
}

/// A trait's author chose the signatures of `impl Trait for Type`.
fn is_in_trait_impl(source: &Source, at: usize) -> bool {
    let code = source.code.as_bytes();
    source.code[..at].match_indices("impl").any(|(start, _)| {
        source.code[start..].find('{').is_some_and(|open| {
            source.code[start..start + open].contains(" for ")
                && start + open < at
                && at < closing(code, start + open)
        })
    })
}

#[test]
fn no_function_is_too_long_to_see_at_once() {
    Rule {
        says: "a function has at most 70 lines, from `fn` to its brace",
        why: "what does not fit a screen is not read as a whole",
        mend: "give its steps names: one function for each",
    }
    .holds(&tree::sources().iter().flat_map(long_ones).collect::<Vec<_>>());
}

#[test]
fn no_parameter_is_a_bare_yes_or_no() {
    Rule {
        says: "no function takes a bool",
        why: "`go(true)` says nothing where it is called",
        mend: "two functions, or an enum with two names",
    }
    .holds(&tree::shipped().iter().flat_map(bare_yes_or_no).collect::<Vec<_>>());
}

#[test]
fn a_long_function_is_seen() {
    let body = "\n".repeat(FUNCTION_LINES_MAX - 1);
    let fits = format!("fn a<F: Fn() -> u8>(f: F) -> [u8; 2] {{{body}}}\n");
    assert_eq!(long_ones(&Source::new("a.rs", &fits)).len(), 0);
    assert_eq!(long_ones(&Source::new("a.rs", &fits.replace("{\n", "{\n\n"))).len(), 1);
}

#[test]
fn a_bool_parameter_is_seen_and_nothing_like_one() {
    let seen = |text: &str| bare_yes_or_no(&Source::new("a.rs", text)).len();
    assert_eq!(seen("fn a(&self, dry_run: bool) {}"), 1);
    assert_eq!(seen("fn a<T: Into<(u8, bool)>>(\n  x: T,\n  y: Option<bool>,\n) -> bool { true }"), 1);
    assert_eq!(
        seen(
            "fn a(x: bool_like, f: fn(bool) -> bool, g: impl Fn(&bool) -> bool) -> bool { true } // fn b(x: bool)"
        ),
        0
    );
    assert_eq!(seen("impl<'de> Visitor<'de> for A { fn visit_bool(self, value: bool) {} }"), 0);
    assert_eq!(seen("impl A { fn set(self, value: bool) {} }"), 1);
}
