//! Who is calling: bearer tokens (RFC 6750) and the keyed digests that are stored instead of them.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::problem::Problem;
use crate::random;
use crate::server::App;

const TOKEN_BYTES: usize = 32;

/// Makes and recognises tokens.
pub(crate) struct Sessions {
    key: Hmac<Sha256>,
}

/// HMAC-SHA-256 of a token: a stolen database opens no session.
pub(crate) type TokenDigest = Vec<u8>;

impl Sessions {
    pub(crate) fn new(secret: &str) -> Result<Self, hmac::digest::InvalidLength> {
        Ok(Self { key: Hmac::new_from_slice(secret.as_bytes())? })
    }

    /// A fresh token for the caller and what the store keeps of it.
    pub(crate) fn issue(&self) -> Result<(String, TokenDigest), Problem> {
        let token = random::hex::<TOKEN_BYTES>().map_err(|error| Problem::Internal(error.into()))?;
        let digest = self.digest(&token);
        Ok((token, digest))
    }

    fn digest(&self, token: &str) -> TokenDigest {
        self.key.clone().chain_update(token).finalize().into_bytes().to_vec()
    }
}

/// The user whose token came with the request.
#[derive(Clone, Copy)]
pub(crate) struct User {
    pub(crate) id: i64,
}

impl FromRequestParts<Arc<App>> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or(Problem::Unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::Unauthorized);
        }
        let id = app.store.session_user(&app.sessions.digest(token.trim())).await?;
        id.map(|id| Self { id }).ok_or(Problem::Unauthorized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_token_and_secret() {
        let one = Sessions::new("one secret").expect("any length will do");
        let other = Sessions::new("another secret").expect("any length will do");
        assert_eq!(one.digest("token"), one.digest("token"));
        assert_ne!(one.digest("token"), one.digest("token2"));
        assert_ne!(one.digest("token"), other.digest("token"));
    }
}
