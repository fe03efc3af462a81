//! A certificate for a token and a new key: Fulcio's interface, version 2 (sigstore/fulcio, fulcio.proto, `CreateSigningCertificate`);
//! never the key itself.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Url;
use serde::{Deserialize, Serialize};
use sigstore_types::DerCertificate;

use super::{KeylessError, token::IdentityToken, wire};
use crate::{SigningKey, TrustError};

const SERVICE: &str = "Fulcio";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'q> {
    credentials: Credentials<'q>,
    public_key_request: KeyRequest<'q>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'q> {
    oidc_identity_token: &'q str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyRequest<'q> {
    public_key: PublicKey<'q>,
    proof_of_possession: String,
}

#[derive(Serialize)]
struct PublicKey<'q> {
    algorithm: &'static str,
    content: &'q str,
}

/// The certificate holds its promise of the certificate log, or the promise lies beside it; a version 0.3 bundle has no place for that.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_certificate_embedded_sct: Option<Certificates>,
    signed_certificate_detached_sct: Option<Certificates>,
}

#[derive(Deserialize)]
struct Certificates {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

/// Asks for a certificate.
pub(super) fn certificate(
    client: &http::Client,
    authority: &Url,
    token: &IdentityToken,
    key: &SigningKey,
) -> Result<DerCertificate, TrustError> {
    let pem = key.public().to_pem().map_err(TrustError::signing)?;
    let question = Question {
        credentials: Credentials { oidc_identity_token: token.text.reveal() },
        public_key_request: KeyRequest {
            public_key: PublicKey { algorithm: "ECDSA", content: &pem },
            proof_of_possession: STANDARD.encode(key.sign(token.challenge().as_bytes())?),
        },
    };
    let answer: Answer =
        wire::post(SERVICE, client, wire::address(authority, "/api/v2/signingCert"), &question)?;
    let odd = |why: &str| KeylessError::Answer { service: SERVICE, why: why.to_owned() };
    let given = answer.signed_certificate_embedded_sct.or(answer.signed_certificate_detached_sct);
    let given = given.ok_or_else(|| odd("it holds no certificate"))?;
    let pem = given.chain.certificates.first().ok_or_else(|| odd("its chain is empty"))?;
    let certificate = DerCertificate::from_pem(pem).map_err(|error| odd(&error.to_string()))?;
    let info =
        sigstore_crypto::parse_certificate_info(&certificate).map_err(|error| odd(&error.to_string()))?;
    if info.public_key.as_bytes() != key.public().der() {
        return Err(odd("its certificate is for another key").into());
    }
    Ok(certificate)
}
