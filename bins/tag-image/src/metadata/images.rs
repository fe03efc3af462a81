//! The input `images`: which repositories get the names; never a tag.

use crate::metadata::{Manner, csv, trouble::Trouble};

/// The longest name of a repository with its host, in bytes (distribution/reference).
const NAME_BYTES_MAX: usize = 255;

/// A repository, and whether it gets names now.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    name: String,
    enable: bool,
}

/// The enabled repositories of one line. Names without attributes share a line where it is the only one, as they once had to.
///
/// # Errors
/// [`Trouble`] for what can't be understood, and in the strict manner for a name that no repository can have.
pub(crate) fn read(line: &str, only: Lines, manner: Manner) -> Result<Vec<String>, Trouble> {
    let fields = csv::fields(line)?;
    let plain = only == Lines::One && fields.iter().all(|field| !field.contains('='));
    let images = if plain {
        fields.iter().map(|field| Image { name: field.trim().to_lowercase(), enable: true }).collect()
    } else {
        vec![image(&fields)?]
    };
    if manner == Manner::Strict {
        images.iter().try_for_each(|image| check(&image.name))?;
    }
    Ok(images.into_iter().filter(|image| image.enable).map(|image| image.name).collect())
}

/// How many lines the input has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lines {
    One,
    More,
}

fn image(fields: &[String]) -> Result<Image, Trouble> {
    let mut image = Image { name: String::new(), enable: true };
    for field in fields {
        let mut parts = field.split('=').map(str::trim);
        match (parts.next().unwrap_or_default(), parts.next()) {
            (name, None) => image.name = name.to_lowercase(),
            (key, Some(value)) => match (key.to_lowercase().as_str(), value) {
                ("name", name) => image.name = name.to_lowercase(),
                ("enable", "true") => image.enable = true,
                ("enable", "false") => image.enable = false,
                ("enable", other) => {
                    return Err(Trouble::Invalid(format!("`enable` is `{other}`, neither true nor false")));
                }
                (name, _) => {
                    let known = "name and enable".to_owned();
                    return Err(Trouble::UnknownAttribute { name: name.to_owned(), known });
                }
            },
        }
    }
    if image.name.is_empty() {
        return Err(Trouble::Invalid("the name of the image is missing".to_owned()));
    }
    Ok(image)
}

/// The grammar of distribution/reference: a host, where the first part has a `.` or a `:` or is `localhost`, and a path.
fn check(name: &str) -> Result<(), Trouble> {
    let mut parts: Vec<&str> = name.split('/').collect();
    let host = parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost");
    if host {
        let host = parts.remove(0);
        let (address, port) = host.rsplit_once(':').unwrap_or((host, "0"));
        let bytes = |byte: u8| byte.is_ascii_alphanumeric() || b".-[]:".contains(&byte);
        if address.is_empty() || !address.bytes().all(bytes) || port.parse::<u16>().is_err() {
            return Err(Trouble::Invalid(format!("`{host}` is no host of a registry")));
        }
    }
    if name.len() > NAME_BYTES_MAX || !parts.iter().all(|part| is_path_part(part)) {
        return Err(Trouble::Invalid(format!("`{name}` is no name of a repository")));
    }
    Ok(())
}

/// Letters and digits, in groups with `.`, `_`, `__` or any number of `-` between them.
fn is_path_part(part: &str) -> bool {
    let letter = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit();
    let separators = part.split(letter).filter(|between| !between.is_empty());
    part.starts_with(letter)
        && part.ends_with(letter)
        && separators
            .into_iter()
            .all(|between| matches!(between, "." | "_" | "__") || between.bytes().all(|byte| byte == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_may_hold_several_names() {
        let one = |line| read(line, Lines::One, Manner::Strict).unwrap();
        assert_eq!(one("org/App, ghcr.io/user/app"), ["org/app", "ghcr.io/user/app"]);
        assert_eq!(one("name=ghcr.io/User/App"), ["ghcr.io/user/app"]);
        assert_eq!(one("ghcr.io/user/app,enable=false"), Vec::<String>::new());
        assert_eq!(read("a,b", Lines::More, Manner::Strict).unwrap(), ["b"]);
    }

    #[test]
    fn a_name_that_no_repository_can_have_is_told() {
        for line in [
            "a/b:1.0",
            "a@sha256",
            "a//b",
            "-a",
            "a..b",
            "a/b_",
            "ghcr.io:x/a",
            "enable=yes",
            "nope=1,a=b",
            "",
        ] {
            assert!(read(line, Lines::More, Manner::Strict).is_err(), "{line}");
        }
        for line in ["a", "localhost:5000/a__b/c--d.e", "[::1]:5000/a", "user/app"] {
            assert!(read(line, Lines::More, Manner::Strict).is_ok(), "{line}");
        }
    }
}
