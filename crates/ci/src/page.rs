//! A small document with two renderings, Markdown for the step summary and plain text for a terminal; never a colour, never HTML from outside.

use std::{borrow::Cow, fmt::Write};

/// One piece of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Block {
    Heading(String),
    Line(String),
    Table { head: Vec<String>, rows: Vec<Vec<String>> },
}

/// A page for people. All text may be untrusted: each rendering escapes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page(Vec<Block>);

impl Page {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a heading.
    #[must_use]
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.0.push(Block::Heading(text.into()));
        self
    }

    /// Adds one line.
    #[must_use]
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.0.push(Block::Line(text.into()));
        self
    }

    /// Adds the lines of a text.
    #[must_use]
    pub fn lines(mut self, text: &str) -> Self {
        self.0.extend(text.lines().map(|line| Block::Line(line.to_owned())));
        self
    }

    /// Adds a table; a row shorter than the head is filled up.
    #[must_use]
    pub fn table<R>(mut self, head: &[&str], rows: impl IntoIterator<Item = R>) -> Self
    where
        R: IntoIterator<Item = String>,
    {
        let width = head.len();
        let rows = rows
            .into_iter()
            .map(|row| row.into_iter().chain(std::iter::repeat(String::new())).take(width).collect())
            .collect();
        self.0.push(Block::Table { head: head.iter().map(ToString::to_string).collect(), rows });
        self
    }

    /// Adds another page's blocks.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Shows each of its texts, to be read or changed, but the heads of tables, which are ours.
    pub(crate) fn each_text(&mut self, each: &mut impl FnMut(&mut String)) {
        for block in &mut self.0 {
            match block {
                Block::Heading(text) | Block::Line(text) => each(text),
                Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(&mut *each),
            }
        }
    }

    /// Whether there is nothing on it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// GitHub-flavoured Markdown.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for block in &self.0 {
            match block {
                Block::Heading(text) => _ = write!(out, "### {}\n\n", markdown(text)),
                Block::Line(text) => _ = write!(out, "{}\n\n", markdown(text)),
                Block::Table { head, rows } => {
                    let row = |cells: &[String]| {
                        cells.iter().fold(String::from("|"), |row, cell| row + " " + &markdown(cell) + " |")
                    };
                    _ = writeln!(out, "{}\n|{}", row(head), " --- |".repeat(head.len()));
                    for cells in rows {
                        _ = writeln!(out, "{}", row(cells));
                    }
                    out.push('\n');
                }
            }
        }
        out
    }

    /// Plain text with aligned columns.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for block in &self.0 {
            match block {
                Block::Heading(text) => {
                    if !out.is_empty() {
                        out.push('\n');
                    }
                    _ = writeln!(out, "{}", plain(text));
                }
                Block::Line(text) => _ = writeln!(out, "{}", plain(text)),
                Block::Table { head, rows } => {
                    let all: Vec<Vec<Cow<'_, str>>> = std::iter::once(head)
                        .chain(rows)
                        .map(|row| row.iter().map(|cell| plain(cell)).collect())
                        .collect();
                    aligned(&all, &mut out);
                }
            }
        }
        out
    }
}

/// The widest column that others are aligned behind, in characters; a longer cell sticks out.
const COLUMN_CHARS_MAX: usize = 80;

/// The rows, each column as wide as its widest cell.
fn aligned(rows: &[Vec<Cow<'_, str>>], out: &mut String) {
    let length = |cell: &Cow<'_, str>| cell.chars().count().min(COLUMN_CHARS_MAX);
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| length(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        out.push_str("  ");
        for (cell, width) in row.iter().zip(&widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width - length(cell) + 2));
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
}

/// Escapes what Markdown, or the HTML that GitHub lets through it, would read as more than text.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\r' | '\t' => out.push(' '),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '@' | '!' => out.extend(['\\', character]),
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

/// Takes out what would move a terminal's cursor or end the line.
fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        return text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        Page::new().heading("Gates").line("two of <b>3</b> | `passed`").table(
            &["gate", "verdict"],
            [["signature", "pass"], ["a|b\nc", "fail"]].map(|row| row.map(String::from)),
        )
    }

    #[test]
    fn markdown_shows_text_as_text() {
        insta::assert_snapshot!(page().markdown(), @r"
        ### Gates

        two of &lt;b&gt;3&lt;/b&gt; \| \`passed\`

        | gate | verdict |
        | --- | --- |
        | signature | pass |
        | a\|b c | fail |
        ");
    }

    #[test]
    fn plain_text_has_columns() {
        insta::assert_snapshot!(page().text(), @r"
        Gates
        two of <b>3</b> | `passed`
          gate       verdict
          signature  pass
          a|b c      fail
        ");
    }

    #[test]
    fn a_cell_of_100_000_characters_once_broke_the_formatter() {
        let text = Page::new().table(&["a", "b"], [["x".repeat(100_000), "y".to_owned()]]).text();
        assert!(text.lines().nth(1).unwrap().ends_with("x  y"));
    }

    #[test]
    fn no_escape_sequence_reaches_a_terminal() {
        assert_eq!(Page::new().line("\u{1b}[2Jx\r").text(), " [2Jx \n");
    }
}
