//! As much HTTP/1.1 as the tests need: one request a connection, no dependencies.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

const READ_TIME_MAX: Duration = Duration::from_secs(20);

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }
}

/// Talks to one service, as nobody or as whoever `token` belongs to.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) token: Option<String>,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &["content-type: application/json"], &body.to_string())
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("the service listens");
        stream.set_read_timeout(Some(READ_TIME_MAX)).expect("a non-zero time");
        let mut request = vec![
            format!("{method} {path} HTTP/1.1"),
            "host: notes".to_owned(),
            "connection: close".to_owned(),
            format!("content-length: {}", body.len()),
        ];
        request.extend(headers.iter().map(|&header| header.to_owned()));
        request.extend(self.token.iter().map(|token| format!("authorization: Bearer {token}")));
        let request = request.join("\r\n") + "\r\n\r\n" + body;
        stream.write_all(request.as_bytes()).expect("the service reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the service answers");
        let (head, text) = answer.split_once("\r\n\r\n").expect("headers end");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
        Answer { status, head: head.to_lowercase(), text: text.to_owned() }
    }
}
