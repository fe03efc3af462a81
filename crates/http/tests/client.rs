//! The client against servers that answer badly on purpose.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use http::{Client, HeaderValue, HttpError, Limits, Method, Request, Response, Retry, Url, header};
use testkit::http::{Reply, Server};

const LIMITS: Limits = Limits {
    try_max: Duration::from_millis(400),
    total_max: Duration::from_millis(900),
    body_bytes_max: 1000,
};

fn get(url: &str) -> Request {
    Request::get(Url::parse(url).unwrap())
}

fn send(request: &Request) -> Result<Response, HttpError> {
    Client::new(LIMITS).unwrap().send(request)
}

fn retry(attempts_max: u32) -> Retry {
    Retry { attempts_max, backoff: Duration::from_millis(1) }
}

#[test]
fn an_answer_is_complete() {
    let server = Server::script([Reply::status(201).header("X-A", "1").header("X-A", "2").body("hello")]);
    let answer = send(&get(&server.url("/x?y=1"))).unwrap();
    assert_eq!((answer.status.as_u16(), answer.text().as_ref()), (201, "hello"));
    assert_eq!(answer.headers.get_all("x-a").iter().count(), 2);
    assert!(answer.first_byte <= answer.elapsed);
    assert_eq!(server.requests()[0].target, "/x?y=1");
}

#[test]
fn each_failure_has_its_kind() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(send(&get(&format!("http://{free}/"))), Err(HttpError::Connect { .. })));
    // A label of 64 characters is refused by the resolver itself, without asking the network.
    let nowhere = format!("http://{}.invalid/", "a".repeat(64));
    assert!(matches!(send(&get(&nowhere)), Err(HttpError::Dns { .. })));
    assert!(matches!(send(&get("ftp://127.0.0.1/")), Err(HttpError::Address(_))));
    let server = Server::script([Reply::raw("SSH-2.0-OpenSSH\r\n"), Reply::json("{}").cut_after(1)]);
    assert!(matches!(send(&get(&server.url("/"))), Err(HttpError::Protocol { .. })));
    assert!(matches!(send(&get(&server.url("/"))), Err(HttpError::Protocol { .. })));
}

#[test]
fn a_server_that_does_not_speak_tls_is_not_trusted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || listener.accept().unwrap().0.write_all(b"HTTP/1.1 400 Plain\r\n\r\n"));
    let error = send(&get(&url)).unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error:?}");
    server.join().unwrap().unwrap();
}

#[test]
fn a_body_over_the_limit_is_an_error_and_is_never_cut() {
    let server = Server::script([
        Reply::status(200).body("x".repeat(1001)),
        Reply::status(200).body("x".repeat(1000)),
    ]);
    assert!(matches!(send(&get(&server.url("/"))), Err(HttpError::BodyTooLarge { limit: 1000, .. })));
    assert_eq!(send(&get(&server.url("/"))).unwrap().body.len(), 1000);
}

#[test]
fn silence_and_dripping_bytes_end_at_the_limit() {
    let drip = Reply::status(200).body("x".repeat(900)).slowly(Duration::from_millis(20));
    let server = Server::script([Reply::hang(), drip]);
    for _ in 0..2 {
        let begun = Instant::now();
        assert!(matches!(send(&get(&server.url("/"))), Err(HttpError::Timeout { .. })));
        assert!(begun.elapsed() < LIMITS.total_max, "{:?}", begun.elapsed());
    }
}

#[test]
fn the_total_limit_counts_all_tries() {
    let server = Server::answer(|_| Reply::hang());
    let begun = Instant::now();
    let error = send(&get(&server.url("/")).retry(retry(100))).unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error:?}");
    assert!(begun.elapsed() < LIMITS.total_max * 2, "{:?}", begun.elapsed());
}

#[test]
fn nothing_is_tried_again_unless_asked() {
    let server = Server::script([Reply::status(503), Reply::status(503), Reply::status(200)]);
    assert_eq!(send(&get(&server.url("/"))).unwrap().status.as_u16(), 503);
    let answer = send(&get(&server.url("/")).retry(retry(2))).unwrap();
    assert_eq!((answer.status.as_u16(), answer.attempts), (200, 2));
}

#[test]
fn a_pause_the_server_asks_for_is_kept_or_there_is_no_second_try() {
    for asked in ["3600", "18446744073709551615"] {
        let server = Server::answer(move |_| Reply::status(429).header("Retry-After", asked));
        let begun = Instant::now();
        assert_eq!(send(&get(&server.url("/")).retry(retry(5))).unwrap().attempts, 1);
        assert!(begun.elapsed() < Duration::from_millis(500));
    }
    let server = Server::script([
        Reply::status(429).header("Retry-After", "99999999999999999999 years"),
        Reply::status(200),
    ]);
    assert_eq!(send(&get(&server.url("/")).retry(retry(5))).unwrap().attempts, 2);
}

#[test]
fn redirects_are_followed_only_when_asked_and_not_for_ever() {
    let server = Server::answer(|_| Reply::redirect("/again"));
    assert_eq!(send(&get(&server.url("/"))).unwrap().status.as_u16(), 302);
    assert!(matches!(send(&get(&server.url("/")).follow(3)), Err(HttpError::Redirects { max: 3, .. })));
    assert_eq!(server.requests().len(), 1 + 4);
}

#[test]
fn credentials_do_not_travel_to_another_host() {
    let other = Server::answer(|_| Reply::status(200));
    let to_other = other.url("/stolen");
    let server = Server::answer(move |_| Reply::redirect(&to_other));
    let token =
        |request: Request| request.header(header::AUTHORIZATION, HeaderValue::from_static("Bearer s3cret"));
    assert_eq!(send(&token(get(&server.url("/"))).follow(3)).unwrap().url.path(), "/stolen");
    assert_eq!(other.requests()[0].header("authorization"), None);
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer s3cret"));
    let post = Request::new(Method::POST, Url::parse(&server.url("/")).unwrap()).body("password=x").follow(1);
    assert_eq!(send(&token(post)).unwrap().status.as_u16(), 200);
    assert!(other.requests()[1].body.is_empty() && other.requests()[1].method == "GET");
}

#[test]
fn an_unwanted_request_is_given_up() {
    let server = Server::answer(|_| Reply::hang());
    let client = Client::new(Limits::default()).unwrap();
    let asked = AtomicU32::new(0);
    let wanted = || asked.fetch_add(1, Ordering::Relaxed) < 2;
    let given_up = client.send_within(&get(&server.url("/")), Limits::default(), &wanted);
    assert!(matches!(given_up, Err(HttpError::GivenUp)));
}

/// A server that answers `answers` requests on each connection and then hangs up without saying so.
fn keeping_alive(answers: usize) -> (String, thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        for (connection, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4096];
            for _ in 0..answers {
                let length = stream.read(&mut buffer).unwrap();
                if buffer[..length].starts_with(b"GET /end") {
                    return connection + 1;
                }
                if length == 0 {
                    break;
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            }
        }
        0
    });
    (url, server)
}

fn connections_for(requests: usize, answers: usize) -> usize {
    let (url, server) = keeping_alive(answers);
    let client = Client::new(LIMITS).unwrap();
    for _ in 0..requests {
        assert_eq!(client.send(&get(&url)).unwrap().body, b"ok");
    }
    _ = client.send(&get(&format!("{url}end")));
    server.join().unwrap()
}

#[test]
fn a_broken_exchange_is_told_unless_a_kept_connection_excuses_it() {
    let server = Server::script([Reply::raw(""), Reply::status(200), Reply::raw(""), Reply::status(200)]);
    let client = Client::new(LIMITS).unwrap();
    for answered in [false, true, false, true] {
        assert_eq!(client.send(&get(&server.url("/"))).is_ok(), answered);
    }
}

#[test]
fn a_connection_is_kept_and_one_that_the_server_closed_is_replaced() {
    assert_eq!(connections_for(20, 100), 1);
    assert_eq!(connections_for(4, 2), 3);
    assert_eq!(connections_for(50, 1), 51);
}
