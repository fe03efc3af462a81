//! The runner's two languages, workflow commands and file commands, and their escaping; never what is said in them.
//!
//! Source: actions/runner `ActionCommand.cs` and `FileCommandManager.cs`, actions/toolkit `command.ts` and `file-command.ts`.

use crate::report::{Annotation, Level};

/// Annotations of one level that the runner shows for a step; what is over is counted in the last one.
pub(crate) const ANNOTATIONS_MAX: usize = 10;
/// Where the runner cuts an annotation, in characters.
const MESSAGE_CHARS_MAX: usize = 4096;
/// The largest step summary, in bytes; a larger one is dropped whole.
pub(crate) const SUMMARY_BYTES_MAX: usize = 1 << 20;
/// The largest set of outputs of a job, in bytes.
pub(crate) const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// The text as the data of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The text as a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// `::add-mask::`, for a value that is not empty.
pub(crate) fn add_mask(value: &str) -> String {
    format!("::add-mask::{}\n", data(value))
}

/// Foreign text between commands that make the runner deaf to it. The token is secret until it is used.
pub(crate) fn stopped(text: &str, token: &str) -> String {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("::stop-commands::{token}\n{text}{end}::{token}::\n")
}

/// One annotation as a command.
fn annotation(annotation: &Annotation) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &annotation.place {
        properties.push(format!("file={}", property(&place.file.display().to_string())));
        properties.extend(place.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(&annotation.title)));
    let message: String = annotation.message.chars().take(MESSAGE_CHARS_MAX).collect();
    format!("::{} {}::{}\n", annotation.level.word(), properties.join(","), data(&message))
}

/// The annotations as commands: of each level as many as are shown, and then how many were not.
pub(crate) fn annotations(all: &[Annotation]) -> String {
    let mut out = String::new();
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let of_level: Vec<&Annotation> = all.iter().filter(|one| one.level == level).collect();
        let shown = if of_level.len() > ANNOTATIONS_MAX { ANNOTATIONS_MAX - 1 } else { of_level.len() };
        out.extend(of_level[..shown].iter().map(|one| annotation(one)));
        if shown < of_level.len() {
            out += &annotation(&Annotation {
                level,
                title: "more".to_owned(),
                message: format!(
                    "{} more of this kind stand in the summary and the log",
                    of_level.len() - shown
                ),
                place: None,
            });
        }
    }
    out
}

/// An output or a variable as a heredoc, the one form that no value can break out of.
pub(crate) fn output(name: &str, value: &str, token: &str) -> String {
    format!("{name}<<ghadelimiter_{token}\n{value}\nghadelimiter_{token}\n")
}

/// Text for standard output that the runner reads as no command: it parses lines that begin with `::` and `##[` anywhere.
pub(crate) fn inert(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let quiet = line.replace("##[", "##\\[");
        let start = quiet.len() - quiet.trim_start().len();
        if quiet[start..].starts_with("::") {
            format!("{}\\{}", &quiet[..start], &quiet[start..])
        } else {
            quiet
        }
    });
    lines.collect()
}

/// At most so many bytes of the text, cut between characters, with a last line that says so.
pub(crate) fn cut(text: &str, bytes_max: usize) -> String {
    const NOTE: &str = "\n\n(cut here: the summary is limited to 1 MiB)\n";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max.saturating_sub(NOTE.len())).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or(0)].to_owned() + NOTE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Place;

    fn one(message: &str) -> Annotation {
        let place = Some(Place { file: "a,b:c.yml".into(), line: Some(3) });
        Annotation { level: Level::Error, title: "x".into(), message: message.into(), place }
    }

    #[test]
    fn a_message_can_start_no_command_of_its_own() {
        insta::assert_snapshot!(annotations(&[one("50%\n::set-output name=a::b\r")]), @"::error file=a%2Cb%3Ac.yml,line=3,title=x::50%25%0A::set-output name=a::b%0D");
    }

    #[test]
    fn the_eleventh_annotation_is_counted_not_lost() {
        let text = annotations(&vec![one("m"); 14]);
        assert_eq!(text.lines().count(), ANNOTATIONS_MAX);
        assert!(text.contains("5 more of this kind"), "{text}");
        assert_eq!(annotations(&vec![one("m"); 10]).lines().count(), 10);
    }

    #[test]
    fn standard_output_is_inert() {
        assert_eq!(
            inert("  ::error::x\na ##[error]b\nplain :: text\n"),
            "  \\::error::x\na ##\\[error]b\nplain :: text\n"
        );
    }

    #[test]
    fn the_summary_is_cut_between_characters() {
        let cut = cut(&"ä".repeat(100), 101);
        assert!(cut.len() <= 101 && cut.ends_with("1 MiB)\n"), "{cut}");
    }
}
