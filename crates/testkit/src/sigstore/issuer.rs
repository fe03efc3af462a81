//! An issuer of tokens like GitHub's, and the endpoint that gives a job its token; knows nothing of the servers that read them.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::json;

use super::openssl;
use crate::http::{Reply, Request, Server};

/// What the token of a job asks for its identity token with.
pub(super) const REQUEST_TOKEN: &str = "the-token-of-the-job";

/// Answers as GitHub's issuer does, and as the endpoint that gives a job its token.
pub(super) fn serve(directory: PathBuf) -> Server {
    openssl(&directory, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out token.key");
    let modulus = openssl(&directory, "rsa -in token.key -noout -modulus");
    let hex = String::from_utf8_lossy(&modulus).trim().trim_start_matches("Modulus=").to_owned();
    let digits: Vec<u8> =
        (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect();
    let key =
        json!({"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": base64url(&digits), "e": "AQAB"});
    Server::answer(move |request: &Request| {
        let host = request.header("host").unwrap_or_default();
        let own = format!("http://{host}");
        if request.target.starts_with("/token") {
            let bearer = format!("Bearer {REQUEST_TOKEN}");
            let asked =
                request.target.contains("audience=sigstore") && request.target.contains("api-version=2.0");
            return match request.header("authorization") {
                Some(shown) if shown == bearer && asked => {
                    Reply::json(&json!({"value": token(&directory, &own)}).to_string())
                }
                _ => Reply::status(401),
            };
        }
        if request.target.contains("openid-configuration") {
            return Reply::json(
                &json!({
                    "issuer": own, "jwks_uri": format!("{own}/jwks"), "authorization_endpoint": format!("{own}/a"),
                    "token_endpoint": format!("{own}/t"), "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
                })
                .to_string(),
            );
        }
        Reply::json(&json!({"keys": [key]}).to_string())
    })
}

/// A token with the claims that GitHub makes.
pub(super) fn token(directory: &Path, issuer: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let workflow = "acme/app/.github/workflows/release.yml@refs/heads/main";
    let sha = "a".repeat(40);
    let claims = json!({
        "iss": issuer, "aud": "sigstore", "sub": "repo:acme/app:ref:refs/heads/main", "iat": now, "nbf": now,
        "exp": now + 600, "event_name": "push", "sha": sha, "workflow": "release", "repository": "acme/app",
        "ref": "refs/heads/main", "job_workflow_ref": workflow, "job_workflow_sha": sha,
        "runner_environment": "github-hosted", "repository_id": "1", "repository_owner": "acme",
        "repository_owner_id": "2", "workflow_ref": workflow, "workflow_sha": sha, "run_id": "1",
        "run_attempt": "1", "repository_visibility": "public",
    });
    let head = json!({"alg": "RS256", "kid": "1", "typ": "JWT"});
    let signed =
        format!("{}.{}", base64url(head.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-sign", "token.key"]).current_dir(directory);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("openssl is there: script/setup");
    child.stdin.take().expect("a pipe").write_all(signed.as_bytes()).expect("openssl reads");
    let signature = child.wait_with_output().expect("openssl ends").stdout;
    format!("{signed}.{}", base64url(&signature))
}

/// RFC 4648, section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |three: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        (0..=three.len())
            .map(move |digit| char::from(ALPHABET[(bits >> (18 - 6 * digit) & 63) as usize]))
            .collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn base64url_is_as_in_the_specification() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")] {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
