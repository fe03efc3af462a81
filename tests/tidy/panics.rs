//! Where the program may give up: nowhere but in tests.

use crate::{
    rule::{Break, Rule},
    source::Source,
    tree,
};

fn ways_to_give_up(source: &Source) -> Vec<Break> {
    let code = source.shipped_code();
    let calls = |call: &'static str| code.match_indices(call).map(|(at, _)| at).collect::<Vec<_>>();
    let unwraps = calls(".unwrap()").into_iter().map(|at| (at, "unwrap"));
    // A parser may well have an `expect` of its own; that of `Option` and `Result` takes a message.
    let is_message = |at: &usize| source.text[at + ".expect(".len()..].trim_start().starts_with('"');
    let expects = calls(".expect(").into_iter().filter(is_message).map(|at| (at, "expect"));
    unwraps.chain(expects).map(|(at, call)| Break::at(&source.path, source.line(at), call)).collect()
}

#[test]
fn nothing_that_ships_unwraps() {
    Rule {
        says: "no unwrap and no expect outside tests",
        why: "a panic says neither why nor how to mend it, and ends with status 70 as a defect of ours",
        mend: "return an error with a code; where it cannot happen, a type in which it can't be written",
    }
    .holds(&tree::shipped().iter().flat_map(ways_to_give_up).collect::<Vec<_>>());
}

#[test]
fn an_unwrap_is_seen() {
    let seen = |text: &str| ways_to_give_up(&Source::new("crates/a/src/b.rs", text)).len();
    assert_eq!(seen("fn a() { b().unwrap(); c().expect(\n  \"d\"); }"), 2);
    assert_eq!(
        seen(
            "fn a() { b().unwrap_or(c); self.expect('('); } // .unwrap()\n#[cfg(test)] mod t { fn a() { b().unwrap(); } }"
        ),
        0
    );
}
