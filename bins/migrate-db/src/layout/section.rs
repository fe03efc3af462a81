//! Files that hold the way there and the way back in sections, each begun by a comment line; never what a tool calls its sections.

/// A part of a file: what follows a mark, and where.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Section<M> {
    /// The mark that begins it.
    pub(super) mark: M,
    /// The line of the mark, counted from 1.
    pub(super) line: usize,
    /// Its text, the mark's own line included: it is a comment.
    pub(super) text: String,
}

/// Cuts a text at each line that `mark` knows; what stands before the first is given back beside the sections.
pub(super) fn sections<M>(text: &str, mark: impl Fn(&str) -> Option<M>) -> (String, Vec<Section<M>>) {
    let (mut before, mut sections) = (String::new(), Vec::<Section<M>>::new());
    for (at, line) in text.split_inclusive('\n').enumerate() {
        match (mark(line.trim_end()), sections.last_mut()) {
            (Some(mark), _) => sections.push(Section { mark, line: at + 1, text: line.to_owned() }),
            (None, Some(section)) => section.text.push_str(line),
            (None, None) => before.push_str(line),
        }
    }
    (before, sections)
}

/// Whether a text is nothing but comments that end with their line, and space.
pub(super) fn says_nothing(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with("--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_section_knows_its_first_line() {
        let (before, found) =
            sections("-- a\n--X 1\nb\n\n--X 2", |line| line.strip_prefix("--X ").map(str::to_owned));
        assert!(says_nothing(&before) && !says_nothing("x"));
        let found: Vec<_> =
            found.iter().map(|one| (one.mark.as_str(), one.line, one.text.as_str())).collect();
        assert_eq!(found, [("1", 2, "--X 1\nb\n\n"), ("2", 5, "--X 2")]);
    }
}
