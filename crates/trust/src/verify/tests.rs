//! Bundles as they are written, and every way in which one may have been changed.

use serde_json::{Value, json};
use sigstore_types::pae;

use super::*;
use crate::{
    SigningKey,
    fixture::{key, other_key, public, statement, verifier},
    predicate,
};

fn image() -> Digest {
    Digest::of(b"image")
}

fn bundle() -> Bundle {
    Bundle::of_statement(&key(), &statement(image())).unwrap()
}

fn as_json(bundle: &Bundle) -> Value {
    serde_json::from_slice(bundle.bytes()).unwrap()
}

/// A bundle around any payload, signed well.
fn signed(key: &SigningKey, kind: &str, payload: &[u8]) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut bundle = as_json(&bundle());
    bundle["verificationMaterial"]["publicKey"]["hint"] = key.public().hint().into();
    bundle["dsseEnvelope"]["payloadType"] = kind.into();
    bundle["dsseEnvelope"]["payload"] = STANDARD.encode(payload).into();
    let signature = STANDARD.encode(key.sign(&pae(kind, payload)).unwrap());
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = signature.into();
    bundle.to_string().into_bytes()
}

fn judged(bundle: &Value) -> Verdict {
    verifier().statement(bundle.to_string().into_bytes(), image())
}

#[test]
fn a_statement_is_written_like_this() {
    let json = String::from_utf8(statement(image()).to_json().unwrap()).unwrap();
    insta::assert_snapshot!(json, @r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"}}],"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"PASSED","configuration":[{"name":"smoke.yaml","digest":{"sha256":"f8ebd43dbef1f029bf4930c65c9b7c5cc76af476927cee861ff18fcc73bfc4ab"}},{"name":"staging","uri":"https://staging.example.com","annotations":{"startedOn":"2027-01-15T08:00:00Z","finishedOn":"2027-01-15T08:00:12Z"}}],"passedTests":["healthz"],"failedTests":[]}}"#);
    let json = String::from_utf8(Statement::signature(image()).to_json().unwrap()).unwrap();
    insta::assert_snapshot!(json, @r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}"#);
}

#[test]
fn a_bundle_of_a_statement_is_written_like_this() {
    let bundle = Bundle::of_statement(&key(), &Statement::signature(image())).unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(bundle.bytes()), @r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"1R1dsR/oEZUreAGhgrrw/1BDxuMwpQdQLuVYyg63Nnc="},"tlogEntries":[],"timestampVerificationData":{}},"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0IjpbeyJkaWdlc3QiOnsic2hhMjU2IjoiNjEwNWQ2Y2M3NmFmNDAwMzI1ZTk0ZDU4OGNlNTExYmU1YmZkYmI3M2I0MzdkYzUxZWNhNDM5MTdkN2E0M2UzZCJ9fV0sInByZWRpY2F0ZVR5cGUiOiJodHRwczovL3NpZ3N0b3JlLmRldi9jb3NpZ24vc2lnbi92MSIsInByZWRpY2F0ZSI6e319","signatures":[{"sig":"MEYCIQDFq1VkHZ1f87KYbnv4oWJpDVvZeQ8i3avN7yDR3AHERwIhAIvyx0DnavP87leE2G0Uun8LU8pO5v2fiSRIFtPHBNmF"}]}}"#);
}

#[test]
fn a_bundle_of_a_file_is_written_like_this() {
    let bundle = Bundle::of_blob(&key(), Digest::of(b"file")).unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(bundle.bytes()), @r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"1R1dsR/oEZUreAGhgrrw/1BDxuMwpQdQLuVYyg63Nnc="},"tlogEntries":[],"timestampVerificationData":{}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"O5w1jzbwoxtq0+FPMJx88ZiskkboMW+c5UPVsZrAK4A="},"signature":"MEUCIHasKnDTJo8LayVDKGgwJ4WF1KBO288s3gK0fQIDchoYAiEA1INkS87IgbFCKhfpoVvfsMmmHYwBY199aMulFrDzNv8="}}"#);
}

#[test]
fn what_was_signed_holds() {
    let Verdict::Verified(verified) = verifier().statement(bundle().bytes().to_vec(), image()) else {
        panic!("it does not hold");
    };
    assert_eq!(verified.statement, statement(image()));
    assert_eq!(verified.signer, Signer::Key(public().hint().to_owned()));
    assert_eq!(verified.bundle, bundle().digest());
    assert!(verified.read::<predicate::TestResult>().unwrap().is_good());
    assert!(verified.read::<predicate::Migration>().is_none());
    let file = Bundle::of_blob(&key(), Digest::of(b"file")).unwrap().bytes().to_vec();
    assert_eq!(
        verifier().blob(file, &Blob::of(Digest::of(b"file"))),
        Verdict::Verified(Signer::Key("1R1dsR/oEZUreAGhgrrw/1BDxuMwpQdQLuVYyg63Nnc=".to_owned()))
    );
}

#[test]
fn a_bundle_signed_with_another_key_is_foreign_and_not_invalid() {
    let foreign = Bundle::of_statement(&other_key(), &statement(image())).unwrap();
    let verdict = verifier().statement(foreign.bytes().to_vec(), image());
    assert!(matches!(verdict, Verdict::Foreign(Foreign::AnotherKey(_))), "{verdict:?}");
    let both = Verifier::new([public(), other_key().public().clone()]);
    assert!(matches!(both.statement(foreign.bytes().to_vec(), image()), Verdict::Verified(_)));
    let mut certified = as_json(&foreign);
    certified["verificationMaterial"] = json!({"certificate": {"rawBytes": "MAA="}});
    assert_eq!(judged(&certified), Verdict::Foreign(Foreign::Certificate));
}

#[test]
fn another_key_under_our_hint_is_invalid() {
    let mut claimed = as_json(&Bundle::of_statement(&other_key(), &statement(image())).unwrap());
    claimed["verificationMaterial"]["publicKey"]["hint"] = public().hint().into();
    assert!(matches!(judged(&claimed), Verdict::Invalid(Invalid::Signature(_))));
}

#[test]
fn a_statement_about_other_content_is_invalid() {
    let verdict = verifier().statement(bundle().bytes().to_vec(), Digest::of(b"other image"));
    assert_eq!(verdict, Verdict::Invalid(Invalid::Subject(Digest::of(b"other image"))));
    let no_subject =
        br#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x://y","predicate":{}}"#;
    let verdict = verifier().statement(signed(&key(), "application/vnd.in-toto+json", no_subject), image());
    assert_eq!(verdict, Verdict::Invalid(Invalid::Subject(image())));
}

#[test]
fn a_good_signature_of_something_else_is_no_statement() {
    let hex = image().hex();
    let text = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v0.1","subject":[{{"name":"app","digest":{{"sha256":"{hex}"}}}}],"predicateType":"x://y"}}"#
    );
    let holds = |kind: &str, payload: &str| {
        let verdict = verifier().statement(signed(&key(), kind, payload.as_bytes()), image());
        assert!(
            matches!(verdict, Verdict::Verified(_) | Verdict::Invalid(Invalid::Signature(_))),
            "{verdict:?}"
        );
        matches!(verdict, Verdict::Verified(_))
    };
    assert!(holds("application/vnd.in-toto+json", &text), "cosign attest writes version 0.1");
    assert!(!holds("text/plain", &text));
    for payload in ["", "null", "[]", "{}", &text.replace("v0.1", "v2"), &text.replace("subject", "object")] {
        assert!(!holds("application/vnd.in-toto+json", payload), "{payload}");
    }
}

/// Every string and number in the JSON, changed a little, one at a time; and every member taken away.
pub(super) fn changes(json: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut paths = vec![String::new()];
    while let Some(path) = paths.pop() {
        match json.pointer(&path).unwrap() {
            Value::Object(members) => {
                for name in members.keys() {
                    let mut changed = json.clone();
                    changed.pointer_mut(&path).unwrap().as_object_mut().unwrap().remove(name);
                    found.push((format!("{path}/{name} removed"), changed));
                    paths.push(format!("{path}/{name}"));
                }
            }
            Value::Array(items) => paths.extend((0..items.len()).map(|item| format!("{path}/{item}"))),
            Value::String(text) => {
                let mut bytes = text.clone().into_bytes();
                let middle = bytes.len() / 2;
                bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
                let mut changed = json.clone();
                *changed.pointer_mut(&path).unwrap() = String::from_utf8(bytes).unwrap().into();
                found.push((format!("{path} changed"), changed));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_bundle_changed_in_any_member_does_not_hold() {
    // Only cosign's empty members may go: an older reader wants them, nobody signs them.
    let idle = [
        "/verificationMaterial/tlogEntries removed",
        "/verificationMaterial/timestampVerificationData removed",
    ];
    let changes = changes(&as_json(&bundle()));
    assert!(changes.len() > 15, "{changes:?}");
    for (change, bundle) in changes {
        let holds = matches!(judged(&bundle), Verdict::Verified(_));
        assert_eq!(holds, idle.contains(&change.as_str()), "{change}");
    }
}

#[test]
fn a_bundle_of_a_file_changed_in_any_member_does_not_hold() {
    let file = Digest::of(b"file");
    let whole = as_json(&Bundle::of_blob(&key(), file).unwrap());
    // The digest is a help for tools; the signature covers the file itself.
    let idle = [
        "/verificationMaterial/tlogEntries removed",
        "/verificationMaterial/timestampVerificationData removed",
        "/messageSignature/messageDigest removed",
    ];
    for (change, bundle) in changes(&whole) {
        let verdict = verifier().blob(bundle.to_string().into_bytes(), &Blob::of(file));
        assert_eq!(matches!(verdict, Verdict::Verified(_)), idle.contains(&change.as_str()), "{change}");
    }
    let verdict = verifier().blob(whole.to_string().into_bytes(), &Blob::of(Digest::of(b"other file")));
    assert!(matches!(verdict, Verdict::Invalid(Invalid::Signature(_))));
}

#[test]
fn a_bundle_with_two_contents_or_two_signatures_is_refused() {
    let mut two = as_json(&bundle());
    two["messageSignature"] = json!({"signature": "MAA="});
    assert_eq!(judged(&two), Verdict::Invalid(Invalid::Malformed("it has two contents".to_owned())));
    let mut two = as_json(&bundle());
    let signature = two["dsseEnvelope"]["signatures"][0].clone();
    two["dsseEnvelope"]["signatures"] = json!([signature, signature]);
    assert!(matches!(judged(&two), Verdict::Invalid(Invalid::Malformed(_))));
}

#[test]
fn a_signature_of_a_file_is_no_statement_and_the_other_way_round() {
    let file = Bundle::of_blob(&key(), image()).unwrap().bytes().to_vec();
    assert!(matches!(verifier().statement(file, image()), Verdict::Invalid(Invalid::Signature(_))));
    let statement = bundle().bytes().to_vec();
    assert!(matches!(
        verifier().blob(statement, &Blob::of(image())),
        Verdict::Invalid(Invalid::Signature(_))
    ));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn a_bundle_cut_or_changed_anywhere_neither_panics_nor_holds(at: proptest::sample::Index, byte: u8) {
        let whole = bundle().bytes().to_vec();
        let at = at.index(whole.len());
        let cut = verifier().statement(whole[..at].to_vec(), image());
        proptest::prop_assert!(matches!(cut, Verdict::Invalid(Invalid::Malformed(_))));
        let mut changed = whole.clone();
        changed[at] = byte;
        if let Verdict::Verified(verified) = verifier().statement(changed, image()) {
            proptest::prop_assert_eq!(verified.statement, statement(image()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = verifier().statement(bytes.clone(), image());
        let _ = verifier().blob(bytes, &Blob::of(image()));
    }
}
