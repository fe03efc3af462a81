//! Speaks the client protocol of sigstore-conformance (docs/cli_protocol.md there), so that its cases can be run against this crate:
//! `pytest --entrypoint=target/debug/examples/conformance`. Never shipped.
#![allow(
    clippy::print_stderr,
    clippy::exit,
    reason = "a program for a test suite, which reads its exit status"
)]

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use ci::{Common, Env, Format, Session, files};
use contract::Digest;
use sigstore_trust_root::{SIGSTORE_STAGING_SIGNING_CONFIG, SIGSTORE_STAGING_TRUSTED_ROOT};
use trust::{
    Authorities, BUNDLE_BYTES_MAX, Blob, Bundle, Keyless, PublicKey, STATEMENT_BYTES_MAX, Signatory, Sources,
    Statement, Verdict, Verifier, WorkloadPolicy,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What the protocol passes, in whatever order.
#[derive(Default)]
struct Asked {
    staging: bool,
    in_toto: bool,
    identity_token: Option<String>,
    bundle: PathBuf,
    identity: Option<String>,
    issuer: Option<String>,
    key: Option<PathBuf>,
    trusted_root: Option<PathBuf>,
    signing_config: Option<PathBuf>,
    artifact: String,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Outcome<()> {
    let (command, words) = words.split_first().ok_or("expected sign-bundle or verify-bundle")?;
    let asked = Asked::read(words)?;
    match command.as_str() {
        "sign-bundle" => sign(&asked),
        "verify-bundle" => verify(&asked),
        other => Err(format!("`{other}` is neither sign-bundle nor verify-bundle").into()),
    }
}

impl Asked {
    fn read(words: &[String]) -> Outcome<Self> {
        let mut asked = Self::default();
        let mut words = words.iter().cloned();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--staging" => asked.staging = true,
                "--in-toto" => asked.in_toto = true,
                "--identity-token" => asked.identity_token = Some(value()?),
                "--bundle" => asked.bundle = value()?.into(),
                "--certificate-identity" => asked.identity = Some(value()?),
                "--certificate-oidc-issuer" => asked.issuer = Some(value()?),
                "--key" => asked.key = Some(value()?.into()),
                "--trusted-root" => asked.trusted_root = Some(value()?.into()),
                "--signing-config" => asked.signing_config = Some(value()?.into()),
                flag if flag.starts_with("--") => return Err(format!("there is no {flag}").into()),
                _ => asked.artifact = word,
            }
        }
        Ok(asked)
    }

    fn authorities(&self) -> Outcome<Authorities> {
        Ok(match &self.trusted_root {
            Some(path) => Authorities::read(path)?,
            None if self.staging => Authorities::parse(SIGSTORE_STAGING_TRUSTED_ROOT)?,
            None => Authorities::public()?,
        })
    }
}

fn sign(asked: &Asked) -> Outcome<()> {
    let token = asked.identity_token.as_deref().ok_or("--identity-token is missing")?;
    let session = Session::new(
        Env::of([("SIGSTORE_ID_TOKEN", token)]),
        Common { dry_run: false, format: Format::Human, release_file: PathBuf::new() },
    );
    let mut sources = Sources {
        signing_config: asked.signing_config.clone(),
        trusted_root: asked.trusted_root.clone(),
        identity_token: None,
    };
    // What is named by file goes before what staging stands for.
    if asked.staging {
        let beside = |name: &str, json: &str| -> Outcome<PathBuf> {
            let path = asked.bundle.with_extension(name);
            files::write(&path, json.as_bytes())?;
            Ok(path)
        };
        if sources.signing_config.is_none() {
            sources.signing_config = Some(beside("staging-config", SIGSTORE_STAGING_SIGNING_CONFIG)?);
        }
        if sources.trusted_root.is_none() {
            sources.trusted_root = Some(beside("staging-root", SIGSTORE_STAGING_TRUSTED_ROOT)?);
        }
    }
    let artifact = Path::new(&asked.artifact);
    let signatory = Signatory::Workload(Box::new(Keyless::prepare(&sources, &session)?));
    let bundle: Bundle = if asked.in_toto {
        let (statement, subject) = Statement::written(files::read(artifact, STATEMENT_BYTES_MAX)?)?;
        signatory.pen()?.statement(&statement, subject)?
    } else {
        signatory.pen()?.blob(Blob::read(artifact)?.sha256())?
    };
    files::write(&asked.bundle, bundle.bytes())?;
    Ok(())
}

fn verify(asked: &Asked) -> Outcome<()> {
    let authorities = Arc::new(asked.authorities()?);
    let verifier = match (&asked.key, &asked.identity, &asked.issuer) {
        (Some(key), ..) => Verifier::new([PublicKey::read_file(key)?]).with_witnesses(authorities),
        (None, Some(identity), Some(issuer)) => {
            let (identity, issuer) = (identity.clone(), issuer.clone());
            let policy = WorkloadPolicy { identity, issuer, ..WorkloadPolicy::default() };
            Verifier::new([]).with_workloads(authorities, [policy])
        }
        _ => return Err("expected --key, or --certificate-identity and --certificate-oidc-issuer".into()),
    };
    let bundle = files::read(&asked.bundle, BUNDLE_BYTES_MAX)?;
    let path = Path::new(&asked.artifact);
    let (digest, signature) = match asked.artifact.parse::<Digest>().ok().filter(|_| !path.exists()) {
        Some(digest) => (digest, verifier.blob(bundle.clone(), &Blob::of(digest))),
        None => verifier.file(bundle.clone(), path)?,
    };
    // The protocol does not say which of the two a bundle holds.
    match (signature, verifier.statement(bundle, digest)) {
        (Verdict::Verified(_), _) | (_, Verdict::Verified(_)) => Ok(()),
        (signature, statement) => Err(format!("{signature:?}; {statement:?}").into()),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use testkit::sigstore::{CertificateLog, Rekor, Sigstore};

    use super::*;

    const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");

    fn says(line: &str) -> Result<(), String> {
        let words: Vec<String> = line.replace("DATA", DATA).split_whitespace().map(str::to_owned).collect();
        run(&words).map_err(|why| why.to_string())
    }

    const PRIVATE: &str = "--certificate-oidc-issuer http://127.0.0.1:15090 --trusted-root DATA/keyless/trusted-root.json \
        --certificate-identity https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
    const PUBLIC: &str = "--certificate-oidc-issuer https://token.actions.githubusercontent.com --certificate-identity \
        https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

    #[test]
    fn the_protocol_is_spoken() {
        let file = format!("verify-bundle --bundle DATA/keyless/file.json {PRIVATE}");
        assert_eq!(says(&format!("{file} DATA/keyless/file.txt")), Ok(()));
        let digest = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        assert_eq!(says(&format!("{file} {digest}")), Ok(()));
        assert!(says(&format!("{file} DATA/keyless/README.md")).is_err());
        assert!(says(&format!("{file} {}", digest.replace('5', "6"))).is_err());
        let image = "sha256:e9930e41bf6ec931a453899d869e62526a0444915be777cdd593f12a98378a2a";
        let statement =
            format!("verify-bundle --bundle DATA/keyless/statement-cosign.json {PRIVATE} {image}");
        assert_eq!(says(&statement), Ok(()));
        assert!(says(&statement.replace("release.yml", "other.yml")).is_err());

        let public = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";
        let line = format!("verify-bundle --bundle DATA/keyless/public.json {PUBLIC} {public}");
        assert_eq!(says(&line), Ok(()));
        assert!(says(&line.replace("verify-bundle", "verify-bundle --staging")).is_err());
    }

    /// The protocol names staging beside files that it wants used, and compares a statement byte for byte.
    #[test]
    #[ignore = "peers: needs a private Sigstore, see script/setup --peers"]
    fn peers_a_statement_is_signed_as_it_stands_by_the_files_that_are_named() {
        let bed = Sigstore::with(Rekor::V1, CertificateLog::Ctfe);
        let desk = testkit::Scratch::new();
        let file = |name: &str, content: &str| desk.file(name, content).display().to_string();
        let artifact = file("a.txt", "hello\n");
        // Spaces, an order and members that we would not write.
        let statement = file(
            "statement.json",
            r#"{ "predicate": {"a": 1.0}, "predicateType": "https://example.com/p/v1", "_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": "a.txt", "uri": "urn:a", "digest": {"sha256": "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}}] }"#,
        );
        let bundle = desk.join("b.json").display().to_string();
        let (root, config) = (bed.file("trusted-root.json"), bed.file("signing-config.json"));
        let sign = |kind: &str, input: &str| {
            says(&format!(
                "sign-bundle --staging {kind} --identity-token {} --bundle {bundle} --trusted-root {root} --signing-config {config} {input}",
                bed.token()
            ))
        };
        let verify = format!(
            "verify-bundle --staging --bundle {bundle} --certificate-identity {} --certificate-oidc-issuer {} --trusted-root {root} {artifact}",
            Sigstore::identity(),
            bed.issuer()
        );
        assert_eq!(sign("--in-toto", &statement), Ok(()));
        assert_eq!(says(&verify), Ok(()));
        let written: serde_json::Value = serde_json::from_str(&desk.read("b.json")).unwrap();
        let payload = BASE64_STANDARD.decode(written["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        assert_eq!(String::from_utf8(payload).unwrap(), desk.read("statement.json"));
        assert!(says(&verify.replace("a.txt", "statement.json")).is_err());
        assert!(sign("--in-toto", &artifact).is_err());

        assert_eq!(sign("", &artifact), Ok(()));
        assert_eq!(says(&verify), Ok(()));
        let written: serde_json::Value = serde_json::from_str(&desk.read("b.json")).unwrap();
        assert!(written["messageSignature"].is_object() && written["dsseEnvelope"].is_null());
    }

    #[test]
    fn a_key_may_stand_for_an_identity() {
        let directory = tempfile::tempdir().unwrap();
        let key = trust::SigningKey::from_pem(include_str!("../testdata/pkcs8.key"), None).unwrap();
        let bundle =
            Bundle::of_blob(&key, Blob::read(Path::new(&format!("{DATA}/sec1.key"))).unwrap().sha256());
        let path = directory.path().join("b.json");
        files::write(&path, bundle.unwrap().bytes()).unwrap();
        let line = |key: &str, file: &str| {
            says(&format!("verify-bundle --bundle {} --key DATA/{key} DATA/{file}", path.display()))
        };
        assert_eq!(line("pkcs8.pub", "sec1.key"), Ok(()));
        assert!(line("other.pub", "sec1.key").is_err());
        assert!(line("pkcs8.pub", "other.key").is_err());
    }

    #[test]
    fn what_the_protocol_does_not_know_is_refused() {
        for line in
            ["", "verify", "verify-bundle --bundel x y", "verify-bundle --bundle", "sign-bundle --bundle b f"]
        {
            assert!(says(line).is_err(), "{line}");
        }
    }
}
