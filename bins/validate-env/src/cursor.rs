//! A place in a text that knows its line; never what the text means.

/// What is left of a text, and the line it begins on.
#[derive(Clone)]
pub(crate) struct Cursor<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Cursor<'t> {
    /// The beginning of a text.
    pub(crate) fn new(text: &'t str) -> Self {
        Self { rest: text, line: 1 }
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'t str {
        self.rest
    }

    /// The line of what is left, counted from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// The next character.
    pub(crate) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes the next character.
    pub(crate) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.rest = &self.rest[next.len_utf8()..];
        self.line += usize::from(next == '\n');
        Some(next)
    }

    /// Takes this text if it is next.
    pub(crate) fn eat(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else { return false };
        self.line += text.matches('\n').count();
        self.rest = rest;
        true
    }

    /// Takes characters as long as they are wanted.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|one| !wanted(one)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    /// Takes space that ends no line.
    pub(crate) fn blanks(&mut self) {
        self.take_while(|one| one == ' ' || one == '\t');
    }

    /// Whether the line, or the text, ends here.
    pub(crate) fn at_line_end(&self) -> bool {
        matches!(self.peek(), None | Some('\n'))
    }
}
