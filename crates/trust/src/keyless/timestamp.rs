//! A signed timestamp of a signature: RFC 3161 over HTTP (section 3.4); never whether its signer is trusted.

use contract::Digest;
use http::{HeaderValue, Method, Request, Url, header};
use sigstore_types::TimestampToken;

use super::{KeylessError, wire};
use crate::TrustError;

const SERVICE: &str = "the timestamp authority";

/// `TimeStampReq` (RFC 3161, section 2.4.1) up to the digest: version 1, and a `MessageImprint` of SHA-256.
const HEAD: [u8; 24] = [
    0x30, 0x43, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
    0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];
/// `certReq`: the answer holds the authority's certificate.
const TAIL: [u8; 3] = [0x01, 0x01, 0xff];

/// The nonce behind the digest, a number of eight bytes: the answer repeats it.
const NONCE: [u8; 2] = [0x02, 0x08];
const NONCE_BYTES: usize = 8;

/// Asks when this signature was there.
pub(super) fn stamp(
    client: &http::Client,
    url: &Url,
    signature: &[u8],
) -> Result<TimestampToken, TrustError> {
    let nonce = nonce()?;
    let body = [&HEAD[..], Digest::of(signature).as_bytes(), &nonce, &TAIL].concat();
    let request = Request::new(Method::POST, url.clone())
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/timestamp-query"))
        .body(body);
    let answer = wire::send(SERVICE, client, &request)?;
    let odd = |why: &str| KeylessError::Answer { service: SERVICE, why: why.to_owned() };
    if !is_granted(&answer.body) {
        return Err(odd("it grants no timestamp").into());
    }
    // What the answer says about the signature is checked with the whole bundle; only the nonce is not.
    if !answer.body.windows(nonce.len()).any(|window| window == nonce) {
        return Err(odd("it answers another question").into());
    }
    Ok(TimestampToken::new(answer.body))
}

/// A positive number of eight bytes in DER: the highest bit is not set, and the one below is.
fn nonce() -> Result<[u8; NONCE.len() + NONCE_BYTES], TrustError> {
    let mut nonce = [0; NONCE.len() + NONCE_BYTES];
    nonce[..NONCE.len()].copy_from_slice(&NONCE);
    getrandom::fill(&mut nonce[NONCE.len()..]).map_err(|_| TrustError::Random)?;
    nonce[NONCE.len()] = nonce[NONCE.len()] & 0x7f | 0x40;
    Ok(nonce)
}

/// Whether a `TimeStampResp` says that the timestamp was granted. Some authorities add words to their status, so only its number is read.
fn is_granted(answer: &[u8]) -> bool {
    let long = match answer {
        [0x30, length, ..] if *length < 0x80 => 2,
        [0x30, length, ..] => 2 + usize::from(length & 0x7f),
        _ => return false,
    };
    // `PKIStatusInfo` (section 2.4.2) stands first, and in it the number: 0 granted, 1 granted with changes.
    matches!(answer.get(long..), Some([0x30, _, 0x02, 0x01, 0x00 | 0x01, ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_a_timestamp() {
        assert!(is_granted(&[0x30, 0x82, 0x01, 0x00, 0x30, 0x03, 0x02, 0x01, 0x00, 0x30]));
        assert!(is_granted(&[0x30, 0x10, 0x30, 0x05, 0x02, 0x01, 0x01, 0x30, 0x00]));
        for refused in
            [&[][..], b"<html>", &[0x30], &[0x30, 0xff], &[0x30, 0x03, 0x30, 0x03, 0x02, 0x01, 0x02]]
        {
            assert!(!is_granted(refused), "{refused:?}");
        }
    }
}
