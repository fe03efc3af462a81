//! Key files, good and bad.

use p256::pkcs8::LineEnding;

use super::*;
use crate::fixture::{PKCS8, key, password, public};

const COSIGN: &str = include_str!("../../testdata/cosign.key");

/// An encrypted key whose JSON was changed.
fn changed(from: &str, to: &str) -> Result<SigningKey, InvalidKey> {
    let (_, json) = pem::decode_vec(COSIGN.as_bytes()).unwrap();
    let json = String::from_utf8(json).unwrap();
    assert!(json.contains(from), "{json}");
    let json = json.replace(from, to);
    let pem = pem::encode_string(encrypted::LABEL, LineEnding::LF, json.as_bytes()).unwrap();
    SigningKey::from_pem(&pem, Some(&password()))
}

#[test]
fn every_form_of_one_key_is_the_same_key() {
    for pem in [
        PKCS8,
        include_str!("../../testdata/sec1.key"),
        include_str!("../../testdata/sec1-with-parameters.key"),
    ] {
        assert_eq!(SigningKey::from_pem(pem, None).unwrap().public(), &public());
        let pasted = format!("\n{pem}\n \n");
        assert_eq!(SigningKey::from_pem(&pasted, None).unwrap().public(), &public());
    }
    assert_eq!(public().to_pem().unwrap(), include_str!("../../testdata/pkcs8.pub"));
}

#[test]
fn cosigns_key_is_read_under_both_of_its_labels() {
    let expected = PublicKey::from_pem(include_str!("../../testdata/cosign.pub")).unwrap();
    let old = COSIGN.replace("SIGSTORE", "COSIGN");
    for pem in [COSIGN, &old] {
        assert_eq!(SigningKey::from_pem(pem, Some(&password())).unwrap().public(), &expected);
    }
}

#[test]
fn a_new_key_survives_its_encryption_and_the_empty_password_is_one() {
    let key = SigningKey::generate().unwrap();
    let pem = key.to_encrypted_pem(&Secret::new("")).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    assert_eq!(SigningKey::from_pem(&pem, Some(&Secret::new(""))).unwrap().public(), key.public());
    assert!(matches!(SigningKey::from_pem(&pem, Some(&password())), Err(InvalidKey::Password)));
    assert!(matches!(SigningKey::from_pem(&pem, None), Err(InvalidKey::NoPassword)));
    assert_ne!(SigningKey::generate().unwrap().public(), key.public());
}

#[test]
fn a_key_that_asks_for_gigabytes_is_refused_before_it_gets_them() {
    for (n, r, p) in [
        ("1073741824", "8", "1"),
        ("18446744073709551615", "8", "1"),
        ("262144", "8", "1"),
        ("65537", "8", "1"),
        ("0", "8", "1"),
        ("2", "8", "1"),
        ("65536", "1073741823", "1"),
        ("65536", "8", "1073741823"),
        ("65536", "0", "0"),
    ] {
        let cost = format!(r#""N":{n},"r":{r},"p":{p}"#);
        let refused = changed(r#""N":65536,"r":8,"p":1"#, &cost).unwrap_err();
        assert!(matches!(refused, InvalidKey::Cost { .. }), "{cost}: {refused}");
    }
}

#[test]
fn an_encrypted_key_of_another_form_is_refused_before_anything_is_derived() {
    for (from, to) in [
        ("scrypt", "pbkdf2"),
        ("nacl/secretbox", "aes-gcm"),
        (r#""nonce":""#, r#""nonce":"AAAA"#),
        (r#""salt":""#, r#""salt":"!"#),
        (r#""ciphertext""#, r#""cipher""#),
        (r#""N":65536"#, r#""N":-1"#),
    ] {
        let refused = changed(from, to).unwrap_err();
        assert!(matches!(refused, InvalidKey::Encryption(_)), "{from}: {refused}");
    }
}

#[test]
fn what_is_no_key_of_ours_is_refused_by_name() {
    let no_key = |pem: &str| SigningKey::from_pem(pem, Some(&password())).unwrap_err().to_string();
    assert_eq!(no_key(""), "it is not well-formed PEM of a key on a known curve");
    assert_eq!(no_key(include_str!("../../testdata/pkcs8.pub")), "its PEM label is `PUBLIC KEY`");
    assert_eq!(no_key(&PKCS8[..PKCS8.len() / 2]), "it is not well-formed PEM of a key on a known curve");
    assert_eq!(
        no_key(&PKCS8.replace("PRIVATE KEY", "RSA PRIVATE KEY")),
        "its PEM label is `RSA PRIVATE KEY`"
    );
    assert_eq!(PublicKey::from_pem(PKCS8).unwrap_err().to_string(), "its PEM label is `PRIVATE KEY`");
}

#[test]
fn a_good_key_of_another_kind_was_called_ill_formed() {
    let told = |pem: &str| SigningKey::from_pem(pem, None).unwrap_err().to_string();
    let other = "it is a key of another kind than ECDSA on P-256, the only one that signs here";
    for pem in [
        include_str!("../../testdata/p384.key"),
        // `openssl genpkey -algorithm ed25519`
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIMj9fdi3m3aVRBT4tBp4aB8VoSwhXy3u4ITtHxmZ/b5Y\n-----END PRIVATE KEY-----\n",
    ] {
        assert_eq!(told(pem), other);
    }
}

#[test]
fn the_hint_is_the_digest_of_the_public_key() {
    assert_eq!(public().hint(), "1R1dsR/oEZUreAGhgrrw/1BDxuMwpQdQLuVYyg63Nnc=");
}

#[test]
fn a_key_is_never_shown() {
    assert_eq!(format!("{:?}", key()), "***");
}

#[test]
fn the_same_message_has_the_same_signature() {
    assert_eq!(key().sign(b"message").unwrap(), key().sign(b"message").unwrap());
    assert_eq!(key().sign(b"message").unwrap(), key().sign_digest(Digest::of(b"message")).unwrap());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_it_panic(text in ".*", at in 0..PKCS8.len()) {
        let _ = SigningKey::from_pem(&text, None);
        let _ = PublicKey::from_pem(&text);
        let mut pem = PKCS8.to_owned();
        pem.insert_str(at, &text);
        let _ = SigningKey::from_pem(&pem, None);
    }
}
