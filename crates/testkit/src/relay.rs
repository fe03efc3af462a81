//! A relay in front of a registry that counts what passes and may answer in its place; never a registry.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
};

use crate::http::{Reply, Request, Server};

/// Headers of one connection, which are no part of what is passed on.
const OF_THE_CONNECTION: [&str; 4] = ["connection", "content-length", "transfer-encoding", "date"];

/// A relay to `up`, which is an authority; `interfere` may change the request, or give an answer of its own.
pub fn relay(up: &str, mut interfere: impl FnMut(&mut Request) -> Option<Reply> + Send + 'static) -> Server {
    let up = up.to_owned();
    Server::answer(move |seen| {
        let mut seen = seen.clone();
        interfere(&mut seen).unwrap_or_else(|| pass(&up, &seen).expect("the registry answers"))
    })
}

/// What the registry answers. Asked as HTTP/1.0, so that it answers with one body and ends.
fn pass(up: &str, seen: &Request) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(up)?;
    let mut request = Vec::new();
    write!(request, "{} {} HTTP/1.0\r\n", seen.method, seen.target)?;
    for (name, value) in seen.headers.iter().filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str())) {
        write!(request, "{name}: {value}\r\n")?;
    }
    write!(request, "content-length: {}\r\n\r\n", seen.body.len())?;
    stream.write_all(&request)?;
    stream.write_all(&seen.body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "no answer of HTTP");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(odd)?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let status =
        lines.next().and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).ok_or_else(odd)?;
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let passed = |(name, _): &&(&str, &str)| !OF_THE_CONNECTION.contains(&name.to_lowercase().as_str());
    let reply = headers.iter().filter(passed);
    let reply = reply.fold(Reply::status(status), |reply, (name, value)| reply.header(name, value));
    let body = answer.split_off(end + 4);
    let stated = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(match stated {
        // The answer to a HEAD has the length of what it is about.
        Some((_, length)) if body.is_empty() => reply.body(body).content_length(length),
        _ => reply.body(body),
    })
}

/// The method of each request, and what kind of thing of the repository it asked for: `PUT manifests`.
pub fn transcript(server: &Server) -> Vec<String> {
    let line = |seen: &Request| {
        let path = seen.target.split('?').next().unwrap_or_default();
        // `/v2/acme/app/<what>/…`
        format!("{} {}", seen.method, path.split('/').nth(4).unwrap_or_default())
    };
    server.requests().iter().map(line).collect()
}
