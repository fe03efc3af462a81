//! How a URL is shown; never how it is sent.

use std::fmt;

use reqwest::Url;

/// The text of a URL without user, password, fragment and the values of its query.
#[derive(Clone, PartialEq, Eq)]
pub struct RedactedUrl(String);

/// Query values that say what was asked for and open no door.
const SHOWN_QUERY: [&str; 10] =
    ["digest", "from", "limit", "mount", "n", "offset", "page", "per_page", "scope", "service"];

impl From<&Url> for RedactedUrl {
    fn from(url: &Url) -> Self {
        let anybody = url.username().is_empty() && url.password().is_none();
        let user = if anybody { "" } else { "***@" };
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let mut text = format!("{}://{user}{host}{port}{}", url.scheme(), url.path());
        for (index, (name, value)) in url.query_pairs().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            let value = if SHOWN_QUERY.contains(&&*name) { &*value } else { "***" };
            text.extend([&*name, "=", value]);
        }
        Self(text)
    }
}

impl fmt::Display for RedactedUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for RedactedUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_opens_a_door_is_shown() {
        let shown = |text: &str| RedactedUrl::from(&Url::parse(text).unwrap()).to_string();
        assert_eq!(
            shown("https://me:pass@host.example:8443/a/b?token=t0p&n=5&page=2#secret"),
            "https://***@host.example:8443/a/b?token=***&n=5&page=2"
        );
        assert_eq!(shown("http://[::1]/"), "http://[::1]/");
    }
}
