//! Reads what a script says is running, a line for each component; never guesses at a line it does not understand.

use contract::{ImageRef, InvalidImage, InvalidName};

use crate::Running;

/// The answer has a line that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidObservation {
    /// No `=` in it.
    #[error("line {0} has no `=`: expected component=image@sha256:…")]
    Form(usize),
    /// The part before `=` is no component.
    #[error("line {0}: {1}")]
    Name(usize, #[source] InvalidName),
    /// The part behind `=` is no image.
    #[error("line {0}: {1}")]
    Image(usize, #[source] InvalidImage),
    /// The image is named by something that can move.
    #[error("line {0} names an image without its digest")]
    NoDigest(usize),
    /// A component is said to run twice.
    #[error("line {0} names a component for the second time")]
    Twice(usize),
}

/// Reads lines `component=image@sha256:…`; empty ones are skipped.
pub(crate) fn parse(text: &str) -> Result<Running, InvalidObservation> {
    let mut running = Running::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let (name, image) = text.trim().split_once('=').ok_or(InvalidObservation::Form(line))?;
        let name = name.parse().map_err(|error| InvalidObservation::Name(line, error))?;
        let image: ImageRef = image.parse().map_err(|error| InvalidObservation::Image(line, error))?;
        let digest = image.digest().ok_or(InvalidObservation::NoDigest(line))?;
        if running.insert(name, digest).is_some() {
            return Err(InvalidObservation::Twice(line));
        }
    }
    Ok(running)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn nothing_runs_where_nothing_is_said() {
        assert_eq!(parse("\n \n").unwrap(), Running::new());
    }

    #[test]
    fn every_line_counts() {
        let running =
            parse(&format!("app=ghcr.io/acme/app@{DIGEST}\n\nweb-2=oci:registry/web@{DIGEST}\r\n")).unwrap();
        assert_eq!(
            running.keys().map(ToString::to_string).collect::<Vec<_>>(),
            ["app".to_owned(), "web-2".to_owned()]
        );
    }

    #[test]
    fn a_line_that_is_not_understood_is_never_skipped() {
        let said = |text: &str| parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(said("starting up"), @"line 1 has no `=`: expected component=image@sha256:…");
        insta::assert_snapshot!(said("\nApp=x"), @"line 2: `App` is no name: expected 1 to 63 of a-z, 0-9 and `-`, beginning and ending with a letter or digit");
        insta::assert_snapshot!(said("app=app:1"), @"line 1: `app:1` is no image: expected HOST/REPOSITORY[:TAG|@DIGEST] or oci:DIR[:TAG|@DIGEST]");
        insta::assert_snapshot!(said("app=ghcr.io/acme/app:1"), @"line 1 names an image without its digest");
        insta::assert_snapshot!(said(&format!("app=oci:r@{DIGEST}\napp=oci:r@{DIGEST}")), @"line 2 names a component for the second time");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic(text in "(.|\n){0,200}") {
            _ = parse(&text);
        }
    }
}
