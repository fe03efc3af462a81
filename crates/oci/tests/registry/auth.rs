//! Who may: passwords, tokens and identity tokens, helpers, and where none of them ever goes.

use std::{
    os::unix::fs::PermissionsExt,
    process::Command,
    sync::{Arc, Mutex},
};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use ci::{Env, Failure};
use oci::{Access, Repository, copy};
use serde_json::json;
use testkit::{
    Scratch,
    http::{Reply, Request, Server},
    served::Served,
};

use crate::images::{at, by_tag, image, quick, tag, with};

/// `me` with the password `pass-word`.
const HTPASSWD: &str = "me:$2b$04$bTfEcu47ttDrMgQ6t4VDLONctgh0TfS//C6dQQtHP1Xw2verBuY06\n";

/// Access with this `config.json`; what was masked is collected.
fn configured(scratch: &Scratch, config: &serde_json::Value) -> (Access, Arc<Mutex<Vec<String>>>) {
    ci::files::write(&scratch.join("config.json"), config.to_string().as_bytes()).unwrap();
    let env = Env::of([("DOCKER_CONFIG", scratch.join(""))]);
    let masked: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&masked);
    let access = Access::of(&env, move |secret| heard.lock().unwrap().push(secret.reveal().to_owned()));
    (quick(access), masked)
}

fn password(authority: &str, password: &str) -> serde_json::Value {
    json!({"auths": {authority: {"auth": BASE64_STANDARD.encode(format!("me:{password}"))}}})
}

#[test]
fn a_password_opens_what_is_closed_to_anybody() {
    let scratch = Scratch::new();
    let file = scratch.join("htpasswd");
    ci::files::write(&file, HTPASSWD.as_bytes()).unwrap();
    let served = Served::docker(&format!("auth: {{htpasswd: {{realm: here, path: {}}}}}\n", file.display()));
    let anybody = at(&served.authority(), "acme/app").resolve(&by_tag("1")).unwrap_err();
    assert_eq!(anybody.code().as_str(), "registry-denied");
    let (access, _) = configured(&scratch, &password(&served.authority(), "wrong"));
    let wrong = with(access, &served.authority(), "acme/app").resolve(&by_tag("1")).unwrap_err();
    assert_eq!(wrong.code().as_str(), "registry-denied");
    let (access, masked) = configured(&scratch, &password(&served.authority(), "pass-word"));
    let registry = with(access, &served.authority(), "acme/app");
    let manifest = image(&registry, &vec![7; 5 << 20]);
    registry.tag(&tag("1"), &manifest).unwrap();
    assert_eq!(registry.resolve(&by_tag("1")).unwrap().unwrap().digest, manifest.digest());
    assert_eq!(*masked.lock().unwrap(), ["pass-word"]);
}

/// A token server whose signature docker-registry trusts: it gives `me` what is asked for, and anybody nothing but reading.
struct Issuer {
    scratch: Scratch,
}

impl Issuer {
    fn new() -> Self {
        let scratch = Scratch::new();
        let (key, certificate) = (scratch.join("key"), scratch.join("cert"));
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=issuer",
                "-keyout",
            ])
            .arg(key)
            .arg("-out")
            .arg(certificate)
            .output();
        assert!(
            made.unwrap_or_else(|_| panic!("openssl is not installed: run script/setup")).status.success()
        );
        Self { scratch }
    }

    fn auth(&self, realm: &str) -> String {
        let bundle = self.scratch.join("cert");
        let bundle = bundle.display();
        format!("auth: {{token: {{realm: '{realm}', service: reg, issuer: us, rootcertbundle: {bundle}}}}}\n")
    }

    /// A token (RFC 7519) for these scopes.
    fn token(&self, scopes: &[String]) -> String {
        let access: Vec<_> = scopes
            .iter()
            .map(|scope| {
                let parts: Vec<&str> = scope.split(':').collect();
                json!({"type": parts[0], "name": parts[1], "actions": parts[2].split(',').collect::<Vec<_>>()})
            })
            .collect();
        let pem = ci::files::read_text(&self.scratch.join("cert")).unwrap();
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let head = json!({"typ": "JWT", "alg": "RS256", "x5c": [der]});
        let claims = json!({"iss": "us", "sub": "me", "aud": "reg", "exp": 4_000_000_000_u64, "nbf": 0, "iat": 0, "jti": "1", "access": access});
        let part = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        ci::files::write(&self.scratch.join("signed"), signed.as_bytes()).unwrap();
        let done = Command::new("openssl")
            .args(["dgst", "-sha256", "-sign"])
            .args([self.scratch.join("key"), self.scratch.join("signed")])
            .output()
            .unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(done.stdout))
    }
}

/// The values of one name in a query or a form.
fn values(text: &str, name: &str) -> Vec<String> {
    let url = http::Url::parse(&format!("http://x/?{text}")).unwrap();
    url.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
}

fn scopes(request: &Request) -> Vec<String> {
    let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let form = String::from_utf8_lossy(&request.body);
    let all = [values(query, "scope"), values(&form, "scope")].concat();
    all.iter().flat_map(|scopes| scopes.split(' ')).map(str::to_owned).collect()
}

#[test]
fn tokens_are_fetched_for_what_is_done_and_kept() {
    let issuer = Arc::new(Issuer::new());
    let signer = Arc::clone(&issuer);
    let tokens = Server::answer(move |request| {
        let mut scopes = scopes(request);
        if request.header("authorization").is_none() {
            scopes.retain(|scope| scope.ends_with(":pull"));
        }
        Reply::json(&json!({"token": signer.token(&scopes), "expires_in": 300}).to_string())
    });
    let served = Served::docker(&issuer.auth(&tokens.url("/token")));
    let scratch = Scratch::new();
    let anybody = at(&served.authority(), "acme/app");
    assert_eq!(anybody.resolve(&by_tag("1")).unwrap(), None);
    assert_eq!(anybody.resolve(&by_tag("2")).unwrap(), None);
    assert_eq!(tokens.requests().len(), 1);
    let denied = anybody.put_blob(oci::Blob::new(oci::Descriptor::of("x", b"y"), &b"y"[..])).unwrap_err();
    assert_eq!(denied.code().as_str(), "registry-denied");

    let (access, masked) = configured(&scratch, &password(&served.authority(), "pass-word"));
    let access = Arc::new(access);
    let here = |name: &str| format!("{}/{name}", served.authority()).parse::<contract::ImageRef>().unwrap();
    let from = oci::open_with(here("acme/app").location(), &access).unwrap();
    let manifest = image(&*from, &vec![7; 5 << 20]);
    from.tag(&tag("1"), &manifest).unwrap();
    let to = oci::open_or_new_with(here("acme/promoted").location(), &access).unwrap();
    let before = tokens.requests().len();
    assert_eq!(copy(&*from, &*to, manifest.digest()).unwrap().blobs, 2);
    let asked: Vec<Vec<String>> = tokens.requests()[before..].iter().map(scopes).collect();
    assert_eq!(
        asked,
        [
            vec!["repository:acme/promoted:pull".to_owned()],
            vec!["repository:acme/promoted:pull,push".into(), "repository:acme/app:pull".into()],
            vec!["repository:acme/promoted:pull,push".into()],
        ]
    );
    assert!(masked.lock().unwrap().len() > 3);
}

#[test]
fn an_identity_token_is_posted_and_a_spent_token_is_replaced() {
    let count = Arc::new(Mutex::new(0));
    let given = Arc::clone(&count);
    let tokens = Server::answer(move |_| {
        let mut given = given.lock().unwrap();
        *given += 1;
        Reply::json(&format!(r#"{{"access_token":"t{given}"}}"#))
    });
    let realm = tokens.url("/token?x=y");
    let registry = Server::answer(move |request| match request.header("authorization") {
        Some("Bearer t2") => Reply::status(404),
        _ => Reply::status(401)
            .header("WWW-Authenticate", "Basic realm=\"x\"")
            .header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\",service=\"reg\"")),
    });
    let scratch = Scratch::new();
    let config = json!({"auths": {registry.authority(): {"auth": "MDAwMDo=", "identitytoken": "it+/="}}});
    let (access, masked) = configured(&scratch, &config);
    let there = with(access, &registry.authority(), "a/b");
    assert_eq!(there.resolve(&by_tag("1")).unwrap(), None);
    let form = String::from_utf8(tokens.requests()[0].body.clone()).unwrap();
    assert_eq!(values(&form, "refresh_token"), ["it+/="]);
    assert_eq!(values(&form, "grant_type"), ["refresh_token"]);
    assert_eq!(values(&form, "scope"), ["repository:a/b:pull"]);
    assert_eq!(tokens.requests()[0].method, "POST");
    assert_eq!(masked.lock().unwrap()[..2], ["it+/=".to_owned(), "t1".to_owned()]);
}

#[test]
fn a_token_that_ends_in_the_middle_of_an_upload_is_replaced() {
    let mut given = 0;
    let tokens = Server::answer(move |_| {
        given += 1;
        Reply::json(&format!(r#"{{"token":"t{given}","expires_in":300}}"#))
    });
    let realm = tokens.url("/");
    let registry = Server::answer(move |request| {
        let token = request.header("authorization").unwrap_or_default();
        match request.method.as_str() {
            _ if token.is_empty() => {
                Reply::status(401).header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\""))
            }
            "POST" => Reply::status(202).header("Location", "/upload"),
            "PUT" if token == "Bearer t2" => {
                Reply::status(401).header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\""))
            }
            "PUT" => Reply::status(201),
            _ => Reply::status(404),
        }
    });
    let there = at(&registry.authority(), "a/b");
    there.put_blob(oci::Blob::new(oci::Descriptor::of("x", b"y"), &b"y"[..])).unwrap();
    let last = registry.requests().pop().unwrap();
    assert_eq!((last.method.as_str(), last.header("authorization")), ("PUT", Some("Bearer t3")));
}

#[test]
fn a_refusal_is_not_argued_with() {
    let mut given = 0;
    let tokens = Server::answer(move |_| {
        given += 1;
        Reply::json(&format!(r#"{{"token":"t{given}"}}"#))
    });
    let realm = tokens.url("/");
    for (challenge, requests) in
        [(format!("Bearer realm=\"{realm}\""), 3), ("Basic realm=\"x\"".to_owned(), 2)]
    {
        let registry = Server::answer(move |_| Reply::status(401).header("WWW-Authenticate", &challenge));
        let scratch = Scratch::new();
        let (access, _) = configured(&scratch, &password(&registry.authority(), "wrong"));
        let error = with(access, &registry.authority(), "a/b").resolve(&by_tag("1")).unwrap_err();
        assert_eq!(error.code().as_str(), "registry-denied");
        assert_eq!(registry.requests().len(), requests);
    }
}

#[test]
fn credentials_are_not_sent_in_clear_to_a_token_server_elsewhere() {
    let registry = Server::answer(|_| {
        Reply::status(401).header("WWW-Authenticate", "Bearer realm=\"http://tokens.example.com/token\"")
    });
    let scratch = Scratch::new();
    let (access, _) = configured(&scratch, &password(&registry.authority(), "pass-word"));
    let error = with(access, &registry.authority(), "a/b").resolve(&by_tag("1")).unwrap_err();
    assert_eq!(error.code().as_str(), "registry-token-realm");
    assert_eq!(registry.requests().len(), 1);
    assert_eq!(registry.requests()[0].header("authorization"), None);
}

#[test]
fn a_token_server_elsewhere_does_not_hand_credentials_on() {
    let thief = Server::answer(|_| Reply::json(r#"{"token":"t"}"#));
    let target = thief.url("/");
    let tokens = Server::answer(move |_| Reply::redirect(&target));
    let realm = tokens.url("/token");
    let registry = Server::answer(move |_| {
        Reply::status(401).header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\""))
    });
    let scratch = Scratch::new();
    let (access, _) = configured(&scratch, &password(&registry.authority(), "pass-word"));
    let error = with(access, &registry.authority(), "a/b").resolve(&by_tag("1")).unwrap_err();
    assert_eq!(error.code().as_str(), "registry-denied");
    assert!(tokens.requests()[0].header("authorization").is_some());
    assert!(thief.requests().iter().all(|request| request.header("authorization").is_none()));
}

/// Set in the process whose `PATH` has the helper: it holds the registry's address.
const CHILD: &str = "SEAWORTHY_TEST_REGISTRY";

#[test]
fn a_credential_helper_is_asked_for_its_host() {
    let scratch = Scratch::new();
    if let Some(authority) = Env::capture().text(CHILD).unwrap() {
        let (access, _) = configured(&scratch, &json!({"credHelpers": {&authority: "test"}}));
        assert_eq!(with(access, &authority, "a/b").resolve(&by_tag("1")).unwrap(), None);
        let (access, _) = configured(&scratch, &json!({"credsStore": "failing"}));
        let error = with(access, &authority, "a/b").resolve(&by_tag("1")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no credentials for {authority}: docker-credential-failing said `locked`")
        );
        let (access, _) = configured(&scratch, &json!({"credsStore": "is-not-there"}));
        let error = with(access, &authority, "a/b").resolve(&by_tag("1")).unwrap_err();
        assert_eq!(error.code().as_str(), "registry-credentials");
        return;
    }
    let registry = Server::answer(|request| match request.header("authorization") {
        Some("Basic bWU6cGFzcw==") => Reply::status(404),
        _ => Reply::status(401).header("WWW-Authenticate", "Basic realm=\"x\""),
    });
    let program = |name: &str, text: &str| {
        let path = scratch.join(&format!("docker-credential-{name}"));
        ci::files::write(&path, text.as_bytes()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let answer = r#"{"ServerURL":"x","Username":"me","Secret":"pass"}"#;
    let host = registry.authority();
    program("test", &format!("#!/bin/sh\n[ \"$1\" = get ] && [ \"$(cat)\" = {host} ] && echo '{answer}'\n"));
    program("failing", "#!/bin/sh\necho locked\nexit 1\n");
    let path = Env::capture().text("PATH").unwrap().unwrap_or_default();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "auth::a_credential_helper_is_asked_for_its_host"])
        .env("PATH", format!("{}:{path}", scratch.join("").display()))
        .env(CHILD, &host)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}
