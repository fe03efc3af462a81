//! The two passes of comma-separated values that docker/metadata-action reads its inputs in; never what a field means.
//!
//! The outer pass cuts an input into lines and forgives a quote out of place; the inner one cuts a line into fields (RFC 4180) and does not.

/// A quote where none may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a quote stands where none may be: a field is quoted from its first to its last character, and a quote in it is doubled"
)]
pub(crate) struct Misquoted;

/// What becomes of a quote out of place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Strict,
    Relaxed,
}

/// The lines of an input: fields joined again, without comment lines and empty ones.
///
/// # Errors
/// [`Misquoted`] for a quote that is never closed.
pub(crate) fn lines(input: &str) -> Result<Vec<String>, Misquoted> {
    let records = records(input.trim(), Quotes::Relaxed)?;
    let lines = records.iter().map(|fields| fields.join(",").trim().to_owned());
    Ok(lines.filter(|line| !line.is_empty()).collect())
}

/// The fields of a line. Of several lines, which a quoted input can hold, the first counts.
///
/// # Errors
/// [`Misquoted`].
pub(crate) fn fields(line: &str) -> Result<Vec<String>, Misquoted> {
    Ok(records(line, Quotes::Strict)?.into_iter().next().unwrap_or_default())
}

fn records(text: &str, quotes: Quotes) -> Result<Vec<Vec<String>>, Misquoted> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut rest = text;
    loop {
        if quotes == Quotes::Relaxed && record.is_empty() && rest.starts_with('#') {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        }
        let (content, is_quoted, after) = field(rest, quotes)?;
        let empty = record.is_empty() && content.is_empty() && !is_quoted;
        if !empty || after.starts_with(',') {
            record.push(content);
        }
        if let Some(after) = after.strip_prefix(',') {
            rest = after;
            continue;
        }
        if !record.is_empty() {
            records.push(std::mem::take(&mut record));
        }
        let Some(after) = after.strip_prefix('\n') else { return Ok(records) };
        rest = after;
    }
}

/// The first field, whether it is quoted, and what follows it: a comma, a line end or nothing.
fn field(text: &str, quotes: Quotes) -> Result<(String, bool, &str), Misquoted> {
    let Some(inner) = text.strip_prefix('"') else {
        let (field, after) = unquoted(text);
        if quotes == Quotes::Strict && field.contains('"') {
            return Err(Misquoted);
        }
        return Ok((field.to_owned(), false, after));
    };
    let mut field = String::new();
    let mut rest = inner;
    while let Some(end) = rest.find('"') {
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        if let Some(doubled) = rest.strip_prefix('"') {
            field.push('"');
            rest = doubled;
            continue;
        }
        let after = rest.strip_prefix('\r').filter(|after| after.starts_with('\n')).unwrap_or(rest);
        if after.is_empty() || after.starts_with([',', '\n']) {
            return Ok((field, true, after));
        }
        if quotes == Quotes::Strict {
            return Err(Misquoted);
        }
        // Text behind the closing quote: then neither quote was one.
        let (more, after) = unquoted(rest);
        return Ok((format!("\"{field}\"{more}"), true, after));
    }
    // The quote is never closed, and nobody can say where it should be.
    Err(Misquoted)
}

fn unquoted(text: &str) -> (&str, &str) {
    let (field, after) = text.split_at(text.find([',', '\n']).unwrap_or(text.len()));
    (field.strip_suffix('\r').filter(|_| after.starts_with('\n')).unwrap_or(field), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outer_pass_takes_one_layer_of_quotes() {
        let input =
            "type=ref,event=tag\n\n# a comment\n\"type=match,\"\"pattern=v(\\d{1,2})\"\",group=1\"\r\n";
        assert_eq!(
            lines(input).unwrap(),
            ["type=ref,event=tag", r#"type=match,"pattern=v(\d{1,2})",group=1"#]
        );
        assert_eq!(
            lines(r#"type=match,"pattern=v(\d{1,2}).""#).unwrap(),
            [r"type=match,pattern=v(\d{1,2})."]
        );
        assert_eq!(
            lines("a # no comment\n  \nb=\"x\" y\n\"c\" d\n\"two\nlines\"").unwrap(),
            ["a # no comment", "b=\"x\" y", "\"c\" d", "two\nlines"]
        );
    }

    #[test]
    fn the_inner_pass_forgives_no_quote() {
        assert_eq!(
            fields(r#"type=match,"pattern=v(\d{1,2})",group=1"#).unwrap(),
            ["type=match", r"pattern=v(\d{1,2})", "group=1"]
        );
        assert_eq!(fields("type=raw,").unwrap(), ["type=raw", ""]);
        assert_eq!(fields("").unwrap(), Vec::<String>::new());
        for line in ["a=\"b\"", "\"a\"b", "\"a", "a,\"b\" c"] {
            assert_eq!(fields(line), Err(Misquoted), "{line}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_it_panic(text in "[a=,\"#\r\n ä]{0,40}") {
            for line in lines(&text).unwrap_or_default() {
                let _ = fields(&line);
            }
        }
    }
}
