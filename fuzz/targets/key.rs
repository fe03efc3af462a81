//! Keys that somebody hands over, encrypted ones with their password; and that what is written of a public key is the same key.
#![no_main]

use std::sync::LazyLock;

use contract::Secret;
use libfuzzer_sys::fuzz_target;
use trust::{PublicKey, SigningKey};

/// The password of the encrypted seed.
static PASSWORD: LazyLock<Secret> = LazyLock::new(|| Secret::new("correct horse"));

fn again(key: &PublicKey) {
    let pem = key.to_pem().expect("what was read can be written");
    assert_eq!(PublicKey::from_pem(&pem).as_ref().ok(), Some(key));
}

fuzz_target!(|text: &str| {
    match PublicKey::from_pem(text) {
        Ok(key) => again(&key),
        Err(error) => drop(error.to_string()),
    }
    match SigningKey::from_pem(text, Some(&PASSWORD)) {
        Ok(key) => again(key.public()),
        Err(error) => drop(error.to_string()),
    }
});
