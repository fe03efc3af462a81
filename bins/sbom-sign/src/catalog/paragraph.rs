//! Paragraphs of named fields, as Debian's control files and the headers of Python's metadata are written (RFC 822, deb822(5)); never
//! what a field means.

use super::Malformed;

/// The fields that belong together. Names are compared without case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Paragraph<'t> {
    /// The line it begins in, counted from 1.
    pub line: usize,
    fields: Vec<(&'t str, Value<'t>)>,
}

/// The lines of a value, without the spaces around each.
type Value<'t> = Vec<&'t str>;

impl<'t> Paragraph<'t> {
    /// The first line of a field.
    pub fn first(&self, name: &str) -> Option<&'t str> {
        self.all(name).next()
    }

    /// The first lines of all fields of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'t str> {
        let named = self.fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
        named.filter_map(|(_, value)| value.first().copied()).filter(|value| !value.is_empty())
    }

    /// All lines of a field as one.
    pub fn joined(&self, name: &str) -> Option<String> {
        let (_, value) = self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        Some(value.join(" "))
    }
}

/// The paragraphs of a text. An empty line ends one.
///
/// # Errors
/// [`Malformed`] with its line, if one is no field and goes on with none.
pub fn paragraphs(text: &str) -> impl Iterator<Item = Result<Paragraph<'_>, Malformed>> {
    let mut lines = text.lines().zip(1..).peekable();
    std::iter::from_fn(move || {
        while lines.next_if(|(line, _)| line.trim().is_empty()).is_some() {}
        let first = lines.peek()?.1;
        let mut paragraph = Paragraph { line: first, fields: Vec::new() };
        for (line, number) in lines.by_ref() {
            if line.trim().is_empty() {
                break;
            }
            match paragraph.add(line) {
                Some(()) => {}
                None => {
                    return Some(Err(Malformed::in_line(
                        number,
                        "a line is neither a field nor more of one",
                    )));
                }
            }
        }
        Some(Ok(paragraph))
    })
}

impl<'t> Paragraph<'t> {
    fn add(&mut self, line: &'t str) -> Option<()> {
        if line.starts_with([' ', '\t']) {
            let (_, value) = self.fields.last_mut()?;
            value.push(line.trim());
        } else {
            let (name, value) = line.split_once(':')?;
            self.fields.push((name.trim_end(), vec![value.trim()]));
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_go_on_in_the_lines_that_are_set_in() {
        let text = "\nPackage: a\nDepends: b,\n c\nX:\n\n\nPackage: d\r\nX: 1\nX: 2\n";
        let all: Vec<_> = paragraphs(text).collect::<Result<_, _>>().unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].line, all[1].line), (2, 8));
        assert_eq!(all[0].joined("depends").unwrap(), "b, c");
        assert_eq!((all[0].first("X"), all[0].first("Y")), (None, None));
        assert_eq!(all[1].all("x").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(all[1].first("Package"), Some("d"));
    }

    #[test]
    fn what_is_no_field_is_told_with_its_line() {
        for (text, line) in [("Package: a\nnothing\n", 2), (" set in\n", 1), ("a: b\n\n\nx", 4)] {
            let wrong = paragraphs(text).find_map(Result::err).unwrap();
            assert_eq!(wrong.line, Some(line), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([A-Za-z:]{0,3}[ \n\t:é-]?){0,24}") {
            let _ = paragraphs(&text).count();
        }
    }
}
