//! Bodies that are streamed, in both directions.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::{
    io::{self, Read as _},
    time::Duration,
};

use http::{Client, HttpError, Limits, Method, Request, Url};
use testkit::http::{Reply, Server};

const LIMITS: Limits = Limits {
    try_max: Duration::from_millis(400),
    total_max: Duration::from_millis(900),
    body_bytes_max: 1000,
};
const LONG: usize = 3 << 20;

fn put(server: &Server) -> Request {
    Request::new(Method::PUT, Url::parse(&server.url("/blob")).unwrap())
}

#[test]
fn a_body_longer_than_any_limit_is_read_piece_by_piece() {
    let server = Server::script([Reply::status(200).body(vec![7; LONG])]);
    let client = Client::new(LIMITS).unwrap();
    let mut download = client.open(&Request::get(Url::parse(&server.url("/")).unwrap()), LIMITS).unwrap();
    let mut body = Vec::new();
    download.read_to_end(&mut body).unwrap();
    assert_eq!(body, vec![7; LONG]);
}

#[test]
fn a_body_that_breaks_off_or_falls_silent_is_an_error() {
    let server = Server::script([
        Reply::status(200).body("12345").cut_after(3),
        Reply::status(200).body("12345").slowly(Duration::from_millis(500)),
    ]);
    let client = Client::new(LIMITS).unwrap();
    for _ in 0..2 {
        let mut download = client.open(&Request::get(Url::parse(&server.url("/")).unwrap()), LIMITS).unwrap();
        let error = download.read_to_end(&mut Vec::new()).unwrap_err();
        let error = error.downcast::<HttpError>().unwrap();
        assert!(matches!(error, HttpError::Protocol { .. } | HttpError::Timeout { .. }), "{error}");
    }
}

#[test]
fn a_download_feeds_an_upload_of_the_same_client() {
    let server = Server::answer(|request| match request.method.as_str() {
        "GET" => Reply::status(200).body(vec![7; LONG]),
        _ => Reply::status(201),
    });
    let client = Client::new(LIMITS).unwrap();
    let mut download = client.open(&Request::get(put(&server).url), LIMITS).unwrap();
    // The stand-in serves one connection after another, so the download has to be complete.
    let mut body = Vec::new();
    download.read_to_end(&mut body).unwrap();
    drop(download);
    let answer = client.upload(&put(&server), LIMITS, &mut body.as_slice(), LONG as u64).unwrap();
    assert_eq!(answer.status.as_u16(), 201);
    let seen = &server.requests()[1];
    assert_eq!((seen.header("content-length"), seen.body.len()), (Some("3145728"), LONG));
}

#[test]
fn an_upload_whose_reader_objects_at_its_end_is_never_complete() {
    struct Objecting(usize);
    impl io::Read for Objecting {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(self.0);
            self.0 -= length;
            if length == 0 { Err(io::Error::other("not what was promised")) } else { Ok(length) }
        }
    }
    for length in [0, 1, LONG] {
        let server = Server::answer(|_| Reply::status(201));
        let client = Client::new(LIMITS).unwrap();
        let result = client.upload(&put(&server), LIMITS, &mut Objecting(length), length as u64);
        assert!(
            matches!(result, Err(HttpError::Source(error)) if error.to_string() == "not what was promised")
        );
        drop(client);
        assert!(server.requests().iter().all(|request| request.body.len() < length), "{length}");
    }
}

#[test]
fn an_upload_has_exactly_the_announced_length() {
    let server = Server::script([Reply::status(201)]);
    let client = Client::new(LIMITS).unwrap();
    let short = client.upload(&put(&server), LIMITS, &mut io::repeat(1).take(10), 20);
    assert!(matches!(short, Err(HttpError::Source(_))));
    assert_eq!(client.upload(&put(&server), LIMITS, &mut io::empty(), 0).unwrap().status.as_u16(), 201);
}
