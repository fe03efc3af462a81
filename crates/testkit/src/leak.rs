//! The forms in which a secret can show itself in a text; never prints a secret.

use std::fmt::Write as _;

/// Shorter values have forms so short that they occur by chance.
const ENCODED_BYTES_MIN: usize = 6;

/// The name of the form in which `secret` occurs in `text`, if it does.
pub fn find(secret: &str, text: &str) -> Option<&'static str> {
    if secret.is_empty() {
        return None;
    }
    let form = forms(secret).into_iter().find(|(_, form)| text.contains(form.as_str())).map(|(name, _)| name);
    form.or_else(|| {
        // Markdown, shells and regular expressions put backslashes where they like; a reader does not see them.
        let bare = secret.replace('\\', "");
        (!bare.is_empty() && text.replace('\\', "").contains(&bare)).then_some("backslash-escaped")
    })
}

/// Every form looked for: as it is, and as a URL, JSON, XML, hexadecimal or base64 would carry it.
pub fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let mut forms = vec![("plain", secret.to_owned())];
    let url = percent(secret, b"-._~");
    let escaped = [
        ("json-escaped", json(secret)),
        ("debug-escaped", secret.escape_debug().to_string()),
        ("xml-escaped", xml(secret)),
        ("url-encoded", url.to_lowercase()),
        ("url-encoded", percent(secret, b"")),
        ("form-encoded", url.replace("%20", "+")),
        ("url-encoded", url),
    ];
    forms.extend(escaped.into_iter().filter(|(_, form)| !form.eq_ignore_ascii_case(secret)));
    if secret.len() >= ENCODED_BYTES_MIN {
        let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        forms.push(("hexadecimal", hex.to_uppercase()));
        forms.push(("hexadecimal", hex));
        for alphabet in [STANDARD, URL_SAFE] {
            forms.extend((0..3).map(|shift| ("base64", base64(secret.as_bytes(), shift, alphabet))));
        }
    }
    forms
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The digits that depend on `bytes` alone when `shift` other bytes stand before them: what is common to
/// `base64(secret)`, `base64("user:" + secret)` and every other embedding (runner ADR 0297).
fn base64(bytes: &[u8], shift: usize, alphabet: &[u8; 64]) -> String {
    let bits: Vec<bool> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
    let skip = (6 - shift * 8 % 6) % 6;
    bits[skip..]
        .chunks_exact(6)
        .map(|six| six.iter().fold(0usize, |value, bit| value << 1 | usize::from(*bit)))
        .map(|value| char::from(alphabet[value]))
        .collect()
}

/// Percent-encodes all but letters, digits and `plain` (RFC 3986 section 2.3 has four; some encoders have none).
fn percent(text: &str, plain: &[u8]) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;")
}
