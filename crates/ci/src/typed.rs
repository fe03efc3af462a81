//! Passwords that somebody typed into an address on the command line, where messages would repeat them; never whether one belongs there.

use std::ffi::OsString;

use contract::Secret;

/// The passwords in the words of a command line.
pub(crate) fn passwords(typed: &[OsString]) -> Vec<Secret> {
    let words = typed.iter().filter_map(|word| word.to_str());
    words.filter_map(password).map(Secret::new).collect()
}

/// The password of `https://user:password@host` (RFC 3986, section 3.2.1), also without its scheme and behind `--flag=`. What stands before
/// a digest is the tag of an image, and what stands before a mere host is somebody's mailbox.
fn password(word: &str) -> Option<&str> {
    let (address, has_scheme) = match word.split_once("://") {
        Some((_, rest)) => (rest, true),
        None => (word, false),
    };
    let authority = address.split(['/', '?', '#']).next()?;
    let (user, host) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    let is_address = has_scheme || (address.len() > authority.len() && !host.starts_with("sha256:"));
    (is_address && !password.is_empty()).then_some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_an_address_can_have_one() {
        for word in [
            "https://me:hunter2@osv.example/?key=1",
            "--osv-api=https://me:hunter2@osv.example",
            "me:hunter2@ghcr.io/acme/app:1",
            "https://me:hunter2@host",
            "https://m@il:hunter2@host/",
        ] {
            assert_eq!(password(word), Some("hunter2"), "{word}");
        }
        for word in [
            "ghcr.io/acme/app:1@sha256:00",
            "localhost:5000/app@sha256:00",
            "oci:registry:app@sha256:00",
            "app:1@sha256:00/x",
            "mailto:ada@example.com",
            "https://host:443/a@b",
            "https://me@host/",
            "https://me:@host/",
            "https://host/?to=a:b@c",
        ] {
            assert_eq!(password(word), None, "{word}");
        }
    }
}
