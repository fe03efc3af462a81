//! HTTPS against an authority that only this test knows. The certificates of `tests/tls` are valid for a hundred years; the authority's
//! key was thrown away.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test says what went wrong by panicking, and tells its child by the environment where to look"
)]

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Command,
    sync::Arc,
    thread,
};

use http::{Client, HttpError, Limits, Request, Response, Url};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};

const URL: &str = "SEAWORTHY_TEST_URL";

/// Answers every connection whose handshake succeeds, for as long as the test runs.
fn serve() -> String {
    let certificate = CertificateDer::from(&include_bytes!("tls/server.der")[..]);
    let key = PrivateKeyDer::try_from(&include_bytes!("tls/server-key.der")[..]).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
            }
        }
    });
    format!("https://localhost:{port}/")
}

fn get(url: &str) -> Result<Response, HttpError> {
    Client::new(Limits::default()).unwrap().send(&Request::get(Url::parse(url).unwrap()))
}

#[test]
fn an_authority_counts_only_where_the_system_names_it() {
    if let Ok(url) = std::env::var(URL) {
        assert_eq!(get(&url).unwrap().body, b"hello");
        return;
    }
    let url = serve();
    assert!(matches!(get(&url), Err(HttpError::Tls { .. })));
    // The certificates are read once for a process, so the other half is a process of its own.
    let child = Command::new(std::env::current_exe().unwrap())
        .arg("an_authority_counts")
        .env("SSL_CERT_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/ca.pem"))
        .env(URL, &url)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[test]
fn a_proxy_gets_what_leaves_this_machine_and_nothing_else() {
    if let Ok(url) = std::env::var(URL) {
        assert_eq!(get("http://registry.invalid/v2/").unwrap().body, b"through the proxy");
        assert_eq!(get(&url).unwrap().body, b"direct");
        return;
    }
    let proxy = testkit::http::Server::script([testkit::http::Reply::status(200).body("through the proxy")]);
    let here = testkit::http::Server::script([testkit::http::Reply::status(200).body("direct")]);
    let child = Command::new(std::env::current_exe().unwrap())
        .arg("a_proxy_gets")
        .env("HTTP_PROXY", proxy.url("/"))
        .env(URL, here.url("/"))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(proxy.requests()[0].target, "http://registry.invalid/v2/");
}
