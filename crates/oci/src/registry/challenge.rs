//! What a registry wants to be shown, out of `WWW-Authenticate` (RFC 9110, section 11.6.1); never a credential.

use std::collections::BTreeMap;

use http::{Response, header};

/// How a registry wants to know who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Challenge {
    /// User and password with each request.
    Basic,
    /// A token from another place (distribution, "Token Authentication Specification").
    Bearer {
        /// Where tokens are given out.
        realm: String,
        /// What the registry is called there.
        service: Option<String>,
        /// What the request would have needed.
        scope: Option<String>,
    },
}

impl Challenge {
    /// The best of what this answer offers: a token is narrower than a password.
    pub(super) fn of(answer: &Response) -> Option<Self> {
        let values = answer.headers.get_all(header::WWW_AUTHENTICATE);
        let offers: Vec<_> = values.iter().filter_map(|value| value.to_str().ok()).flat_map(parse).collect();
        let bearer =
            offers.iter().find(|(scheme, values)| scheme == "bearer" && values.contains_key("realm"));
        if let Some((_, values)) = bearer {
            let value = |name: &str| values.get(name).cloned();
            return Some(Self::Bearer {
                realm: value("realm")?,
                service: value("service"),
                scope: value("scope"),
            });
        }
        offers.iter().any(|(scheme, _)| scheme == "basic").then_some(Self::Basic)
    }
}

/// The challenges of one header: schemes and the names of their values in lower case.
fn parse(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let word = rest.split([' ', '\t', ',', '=']).next().unwrap_or_default();
        if word.is_empty() {
            // The end, or something that is no challenge: what follows can't be understood.
            return found;
        }
        let name = word.to_ascii_lowercase();
        rest = &rest[word.len()..];
        match rest.trim_start().strip_prefix('=') {
            None => found.push((name, BTreeMap::new())),
            Some(behind) => {
                let (value, behind) = value(behind.trim_start());
                rest = behind;
                if let Some((_, values)) = found.last_mut() {
                    values.insert(name, value);
                }
            }
        }
    }
}

/// A value, quoted or not, and what stands behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, one) in quoted.char_indices() {
        match one {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (value, &quoted[at + 1..]),
            _ => {
                value.push(one);
                escaped = false;
            }
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_and_their_values_are_told_apart() {
        let parsed = parse(
            r#"Bearer realm="https://a.example/token",service=r , scope="repository:a/b:pull,push", Basic realm="x \"y\"""#,
        );
        assert_eq!(parsed.len(), 2);
        assert_eq!(parsed[0].1["realm"], "https://a.example/token");
        assert_eq!(parsed[0].1["service"], "r");
        assert_eq!(parsed[0].1["scope"], "repository:a/b:pull,push");
        assert_eq!((parsed[1].0.as_str(), parsed[1].1["realm"].as_str()), ("basic", r#"x "y""#));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_it_panic_or_run_for_ever(text in "[Ba ,=\"\\\\é]{0,24}") {
            proptest::prop_assert!(parse(&text).len() <= text.len());
        }
    }
}
