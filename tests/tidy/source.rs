//! A Rust file with its comments and literals blanked, so that rules can look for code; no full parser.

/// One Rust file. Both texts have the same length and lines, so that a place in one is a place in the other.
pub(crate) struct Source {
    /// From the root of the repository.
    pub(crate) path: String,
    /// As it was written.
    pub(crate) text: String,
    /// Comments, strings and characters blanked.
    pub(crate) code: String,
}

impl Source {
    /// Reads a file.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: without_opaque(text) }
    }

    /// The code that users run: what stands under `#[cfg(test)]` is blanked too.
    pub(crate) fn shipped_code(&self) -> String {
        let mut code = self.code.clone().into_bytes();
        for (start, end) in self.test_items() {
            blank(&mut code[start..end]);
        }
        String::from_utf8(code).unwrap()
    }

    fn test_items(&self) -> impl Iterator<Item = (usize, usize)> {
        const TEST: &str = "#[cfg(test)]";
        let end = |start| item_end(self.code.as_bytes(), start + TEST.len());
        self.code.match_indices(TEST).map(move |(start, _)| (start, end(start)))
    }

    /// Where the modules lie, without their `.rs`, that this file has for tests only.
    fn test_modules(&self) -> impl Iterator<Item = String> {
        let stem = self.path.trim_end_matches(".rs");
        let (directory, file) = stem.rsplit_once('/').unwrap_or_default();
        let home = if ["lib", "main"].contains(&file) { directory } else { stem };
        self.test_items().filter_map(move |(start, end)| {
            let (_, name) = self.code[start..end].strip_suffix(';')?.rsplit_once("mod ")?;
            Some(format!("{home}/{name}"))
        })
    }

    /// The line of a place, counted from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        1 + self.text[..at].matches('\n').count()
    }
}

/// Those of the files that are part of what users run: no test, no test kit, no example.
pub(crate) fn shipped(sources: Vec<Source>) -> Vec<Source> {
    let for_tests: Vec<_> = sources.iter().flat_map(Source::test_modules).collect();
    let is_shipped = |path: &str| {
        let is_ours = path.starts_with("bins/") || path.starts_with("crates/");
        let is_beside = path.contains("/tests/") || path.starts_with("crates/testkit/");
        let is_for_tests = for_tests
            .iter()
            .any(|module| path.starts_with(&format!("{module}.")) || path.starts_with(&format!("{module}/")));
        is_ours && !is_beside && !is_for_tests
    };
    sources.into_iter().filter(|source| is_shipped(&source.path)).collect()
}

/// The place after the item that starts at `at`: its `;` or its closing brace.
fn item_end(code: &[u8], at: usize) -> usize {
    match code[at..].iter().position(|byte| matches!(byte, b'{' | b';')) {
        Some(found) if code[at + found] == b'{' => closing(code, at + found) + 1,
        Some(found) => at + found + 1,
        None => code.len(),
    }
}

/// The place of the bracket that closes the one at `open`.
pub(crate) fn closing(code: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    code.len() - 1
}

fn without_opaque(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < text.len() {
        match opaque_end(text.as_bytes(), at) {
            Some(end) => {
                blank(&mut code[at..end]);
                at = end;
            }
            None => at += 1,
        }
    }
    String::from_utf8(code).unwrap()
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

/// Where a comment or a literal ends, if one starts here.
fn opaque_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let end = match rest {
        [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => string(rest),
        [b'r', b'"' | b'#', ..] if starts_a_word(text, at) => raw_string(rest)?,
        [b'\'', b'\\', _, more @ ..] => 3 + more.iter().position(|byte| *byte == b'\'')? + 1,
        [b'\'', character, ..] => {
            // A lifetime has no closing quote.
            let width = match character {
                0..0x80 => 1,
                0x80..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 4,
            };
            (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)?
        }
        _ => return None,
    };
    Some(at + end)
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw_string(rest: &[u8]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    let open = 1 + hashes;
    // `r#type` is a name.
    (rest.get(open) == Some(&b'"')).then_some(())?;
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let length = rest[open + 1..].windows(close.len()).position(|window| window == close)?;
    Some(open + 1 + length + close.len())
}

/// Whether the `r` at `at` opens a word, or follows the `b` or `c` that does.
fn starts_a_word(text: &[u8], at: usize) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match text[..at] {
        [.., before, b'b' | b'c'] | [.., before] => !is_word(&before),
        [] => true,
    }
}

#[test]
fn comments_and_literals_are_blanked_and_nothing_else_is() {
    let text = r##"let a = "b\"c"; // d
/* e /* f */ g */ let h: &'i str = r#"j"k"#; let l = ['m', '\'', '\u{6e}', 'é']; br"o"; r#type"##;
    let code = Source::new("a.rs", text).code;
    let words: Vec<_> = code.split_whitespace().collect();
    assert_eq!(words.join(" "), "let a = ; let h: &'i str = ; let l = [ , , , ]; b ; r#type");
    assert_eq!(code.len(), text.len());
}

#[test]
fn code_under_cfg_test_is_not_shipped() {
    let source = Source::new(
        "crates/a/src/a.rs",
        "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n#[cfg(test)] use x;\nfn c() {}\n",
    );
    let code = source.shipped_code();
    assert!(
        code.contains("fn a") && code.contains("fn c") && !code.contains("fn b") && !code.contains("use x")
    );
}

#[test]
fn modules_for_tests_are_not_shipped() {
    let paths = [
        "crates/a/src/lib.rs",
        "crates/a/src/fixture.rs",
        "crates/a/src/b.rs",
        "crates/a/src/b/tests.rs",
        "crates/a/src/b/c.rs",
    ];
    let text = |path: &str| match path {
        "crates/a/src/lib.rs" => "#[cfg(test)]\nmod fixture;\nmod b;",
        "crates/a/src/b.rs" => "mod c;\n#[cfg(test)]\nmod tests;",
        _ => "",
    };
    let left = shipped(paths.map(|path| Source::new(path, text(path))).into());
    let left: Vec<_> = left.iter().map(|source| source.path.as_str()).collect();
    assert_eq!(left, ["crates/a/src/lib.rs", "crates/a/src/b.rs", "crates/a/src/b/c.rs"]);
}
