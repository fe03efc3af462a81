//! Layers on top of each other, as a small language tells them.

use super::*;
use crate::catalog::Malformed;

/// A small language: `+path` a file that is found, `=path` another file, `/path` a directory, `-path` a whiteout, `!path` an opaque
/// directory, `path>target` a link; a `|` begins the next layer.
fn tree(scope: Scope, script: &str) -> Tree {
    let mut tree = Tree::new(scope);
    for (number, layer) in script.split('|').enumerate() {
        tree.next_layer();
        for word in layer.split_whitespace() {
            if let Some((path, target)) = word.split_once('>') {
                let path = tree.real(path).unwrap();
                tree.replace(&path);
                tree.link(&path, target).unwrap();
                continue;
            }
            let (kind, path) = word.split_at(1);
            let Ok(path) = tree.real(path) else { continue };
            match kind {
                "/" => tree.directory(&path),
                "-" => tree.remove(&path),
                "!" => tree.empty(&path),
                _ => tree.replace(&path),
            }
            if kind == "+" {
                let finding = Finding::Unread(Malformed::whole(""));
                tree.insert(Found {
                    finding,
                    path,
                    layer: Digest::of(&[u8::try_from(number).unwrap()]),
                    bytes: 0,
                });
            }
        }
    }
    tree
}

fn left(scope: Scope, script: &str) -> Vec<String> {
    let layers: Vec<Digest> = (0..4).map(|number| Digest::of(&[number])).collect();
    let number = |layer| layers.iter().position(|one| *one == layer).unwrap();
    tree(scope, script).findings().map(|found| format!("{} {}", found.path, number(found.layer))).collect()
}

#[test]
fn layers_lie_on_top_of_each_other() {
    for (script, wanted) in [
        ("+a +b | +b", &["a 0", "b 1"][..]),
        ("+a/b +ab | -a", &["ab 0"]),
        ("+a/b +a/c/d | -a/c", &["a/b 0"]),
        // A whiteout is about lower layers, wherever it stands in its own.
        ("+a/b | +a/b -a", &["a/b 1"]),
        ("+a/b | -a +a/c", &["a/c 1"]),
        ("+a/b +a/c/d +e | !a +a/f", &["a/f 1", "e 0"]),
        ("+a/b | +a/f !a", &["a/f 1"]),
        ("+a | !", &[]),
        // A file in the way of a directory, and the other way round.
        ("+a/b +a/c | =a", &[]),
        ("+a | /a +a/b", &["a/b 1"]),
        ("+a/b | /a", &["a/b 0"]),
        ("+a/b | a>c", &[]),
        ("=a | -b", &[]),
    ] {
        assert_eq!(left(Scope::Squashed, script), wanted, "{script}");
    }
}

#[test]
fn links_above_a_path_are_followed() {
    for (script, wanted) in [
        ("lib>usr/lib +lib/x", &["usr/lib/x 0"][..]),
        ("lib>/usr/lib | +lib/x +usr/lib/x", &["usr/lib/x 1"]),
        ("a/b>../c/d +a/b/x", &["c/d/x 0"]),
        ("a>b b>c +a/x", &["c/x 0"]),
        ("a>../../../x +a/y", &["x/y 0"]),
        // What is below a circle can't be there.
        ("a>b b>a +a/x +c", &["c 0"]),
        ("a>a +a/x", &[]),
        // A directory takes the place of a link, and so does a whiteout.
        ("lib>usr/lib | /lib +lib/x", &["lib/x 1"]),
        ("lib>usr/lib | -lib +lib/x", &["lib/x 1"]),
        ("d/lib>usr/lib | !d +d/lib/x", &["d/lib/x 1"]),
        ("+usr/lib/x lib>usr/lib | -lib/x", &[]),
    ] {
        assert_eq!(left(Scope::Squashed, script), wanted, "{script}");
    }
    let tree = tree(Scope::Squashed, "usr/share/doc/a>b +usr/share/doc/b/copyright");
    assert_eq!(tree.follow("usr/share/doc/a/copyright").unwrap(), "usr/share/doc/b/copyright");
    assert_eq!(tree.target("usr/share/doc/a"), Some("b"));
}

#[test]
fn all_layers_keep_what_later_ones_remove() {
    for (script, wanted) in [
        ("+a | +a | -a", &["a 0", "a 1"][..]),
        ("+a/b | =a", &["a/b 0"]),
        ("+a | =b", &["a 0"]),
        // The same name twice in one layer is one file: the last.
        ("+a +a", &["a 0"]),
    ] {
        assert_eq!(left(Scope::AllLayers, script), wanted, "{script}");
    }
}

#[test]
fn links_may_be_no_longer_together_than_their_limit() {
    let mut tree = Tree::new(Scope::Squashed);
    let long = "x".repeat(LINK_BYTES_MAX / 4);
    for path in ["a", "b", "c", "a"] {
        assert_eq!(tree.link(path, &long), Ok(()));
    }
    assert_eq!(tree.link("d", &long), Err(TooManyLinks));
    tree.replace("b");
    assert_eq!(tree.link("d", &long), Ok(()), "what is gone takes no room");
}

#[test]
fn links_have_a_limit() {
    let mut tree = Tree::new(Scope::Squashed);
    for number in 0..LINKS_MAX {
        tree.link(&number.to_string(), "x").unwrap();
    }
    assert_eq!(tree.link("one more", "x"), Err(TooManyLinks));
    assert_eq!(tree.link("0", "y"), Ok(()), "the same one again");
    assert_eq!(tree.link("a/b/c/d/e/f/g", "x"), Ok(()), "too deep to matter");
}

proptest::proptest! {
    #[test]
    fn no_order_makes_it_panic_or_keep_what_is_hidden(script in "([+=/!-][ab](/[ab]){0,2} |[ab]>[ab./]{1,4} |\\| ){0,16}") {
        let tree = tree(Scope::Squashed, &script);
        for found in tree.findings() {
            // Nothing lies below a link.
            let mut above = found.path.as_str();
            while let Some((parent, _)) = above.rsplit_once('/') {
                proptest::prop_assert!(tree.target(parent).is_none(), "{script}: {}", found.path);
                above = parent;
            }
        }
    }
}
