//! What a text must look like to be an address, a date or a number; never says so to anyone.

use std::net::{IpAddr, Ipv6Addr};

use contract::{Span, Version};
use jiff::{Timestamp, civil};

/// The words for yes and no, in any case.
const YES: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
const NO: [&str; 6] = ["false", "f", "no", "n", "off", "0"];

/// What a word says, if it says yes or no.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let says = |words: [&str; 6]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if says(YES) { Some(true) } else { says(NO).then_some(false) }
}

/// A decimal number, as JSON writes them, with a sign and leading zeros allowed.
pub(crate) fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

/// A port number, digits only.
pub(crate) fn port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

/// An absolute URL with an authority (RFC 3986, section 3): `scheme://host…`. Databases name several hosts, and files none.
pub(crate) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let mut letters = scheme.chars();
    let named = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|one| one.is_ascii_alphanumeric() || matches!(one, '+' | '-' | '.'));
    let clean = |one: char| !one.is_whitespace() && !one.is_control() && !"<>\"`{}|\\^".contains(one);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (_, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let web = ["http", "https", "ws", "wss", "ftp"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let hosted =
        if authority.is_empty() { !web && rest.starts_with('/') } else { hosts.split(',').all(is_host) };
    named && hosted && rest.chars().all(clean)
}

/// A host, with a port or without.
fn is_host(text: &str) -> bool {
    let (host, behind) =
        if let Some((host, behind)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            (host.parse::<Ipv6Addr>().is_ok(), behind)
        } else {
            let (host, behind) = text.split_at(text.find(':').unwrap_or(text.len()));
            let letter = |one: char| one.is_alphanumeric() || matches!(one, '-' | '.' | '_' | '%');
            (!host.is_empty() && host.chars().all(letter), behind)
        };
    host && (behind.is_empty() || behind.strip_prefix(':').is_some_and(|digits| port(digits).is_some()))
}

/// `local@domain`, the domain with a dot: what mail on the Internet has, without quoted local parts (RFC 5321, section 4.1.2).
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |one: char| one.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(one);
    let dotted = |part: &str, inner: &dyn Fn(char) -> bool| {
        part.split('.').all(|label| !label.is_empty() && label.chars().all(inner))
    };
    let label = |one: char| one.is_alphanumeric() || one == '-';
    local.len() <= 64
        && domain.len() <= 255
        && dotted(local, &atom)
        && dotted(domain, &label)
        && domain.contains('.')
}

/// An IPv4 or IPv6 address.
pub(crate) fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// A version (semver.org), without `v`.
pub(crate) fn is_semver(text: &str) -> bool {
    text.parse::<Version>().is_ok()
}

/// A date, or a date with a time, as RFC 3339 profiles ISO 8601.
pub(crate) fn is_iso_date(text: &str) -> bool {
    let dashed = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let whole = match text.len() {
        10 => text.parse::<civil::Date>().is_ok(),
        _ => text.parse::<Timestamp>().is_ok() || text.parse::<civil::DateTime>().is_ok(),
    };
    dashed && whole
}

/// A UUID (RFC 9562, section 4).
pub(crate) fn is_uuid(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.split('-').all(digits)
}

/// A length of time with its units: `1h30m`.
pub(crate) fn is_duration(text: &str) -> bool {
    text.parse::<Span>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for good in [
            "https://a.example",
            "http://127.0.0.1:8080/x?y=z#f",
            "postgresql+psycopg://u:p@h:5432/db",
            "redis://:p%23w@h",
            "mongodb://a:1,b:2/db",
            "sqlite:///var/x.db",
            "http://[::1]:80/",
            "https://a/x*y",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "https://",
            "https:///x",
            "a.example",
            "https://*.example",
            "https://a b",
            "https://a:99999",
            "1a://b",
            "http://[::1",
            "http://a:",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }

    #[test]
    fn numbers_and_ports() {
        for good in ["1", "-2.5", "1e3", "007"] {
            assert!(number(good).is_some(), "{good}");
        }
        for bad in ["", "x", "inf", "NaN", "1_000", "0x10", " 1", "1e999"] {
            assert!(number(bad).is_none(), "{bad}");
        }
        assert_eq!(port("8080"), Some(8080));
        for bad in ["0", "+80", "65536", "80 ", ""] {
            assert!(port(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn mail_dates_and_names() {
        assert!(is_email("o'neil+x@mail.example") && is_email("ü@exämple.org"));
        for bad in ["a", "a@b", "@b.c", "a@b..c", "a b@c.d", "a@@b.c", "a@b.c "] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(
            is_iso_date("2026-11-21")
                && is_iso_date("2026-11-21T10:00:00Z")
                && is_iso_date("2026-11-21T10:00")
        );
        for bad in ["20261121", "2026-13-01", "2026-02-30", "21.11.2026", "2026-11-21T", "ää-ä"] {
            assert!(!is_iso_date(bad), "{bad}");
        }
        assert!(
            is_uuid("0190f6a2-7c3e-7b4a-9a55-0d3f6a2b1c4d")
                && !is_uuid("0190f6a2-7c3e-7b4a-9a55-0d3f6a2b1c4g")
        );
        assert!(is_ip("::1") && !is_ip("1.2.3") && is_semver("1.2.3-rc.1") && !is_semver("v1.2.3"));
        assert!(is_duration("1h30m") && !is_duration("90"));
        assert_eq!((boolean("Yes"), boolean("OFF"), boolean("maybe")), (Some(true), Some(false), None));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_a_format_panic(text in "\\PC{0,24}|[0-9T:.\\-+a-z/@\\[\\]äö]{0,24}") {
            let _ = (boolean(&text), number(&text), port(&text), is_url(&text), is_email(&text), is_ip(&text));
            let _ = (is_semver(&text), is_iso_date(&text), is_uuid(&text), is_duration(&text));
        }
    }
}
