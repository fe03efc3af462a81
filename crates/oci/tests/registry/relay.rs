//! A relay in front of a registry that counts what passes and may answer in its place; never a registry.

use http::{Client, HeaderName, HeaderValue, Limits, Method, Request, Url};
use testkit::http::{Reply, Request as Seen, Server};

/// A relay; `interfere` may change the request, or give an answer of its own.
pub(crate) fn relay(
    up: &str,
    mut interfere: impl FnMut(&mut Seen) -> Option<Reply> + Send + 'static,
) -> Server {
    let up = format!("http://{up}");
    let client = Client::new(Limits { body_bytes_max: 64 << 20, ..Limits::default() }).unwrap();
    Server::answer(move |seen| {
        let mut seen = seen.clone();
        interfere(&mut seen).unwrap_or_else(|| pass(&client, &up, &seen))
    })
}

/// What the registry answers.
fn pass(client: &Client, up: &str, seen: &Seen) -> Reply {
    let url = Url::parse(&format!("{up}{}", seen.target)).unwrap();
    let mut request = Request::new(Method::from_bytes(seen.method.as_bytes()).unwrap(), url);
    for (name, value) in &seen.headers {
        if !matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding") {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request = request.header(name, HeaderValue::from_str(value).unwrap());
        }
    }
    let answer = client.send(&request.body(seen.body.clone())).unwrap();
    let mut reply = Reply::status(answer.status.as_u16());
    for (name, value) in &answer.headers {
        if !matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding" | "date") {
            reply = reply.header(name.as_str(), value.to_str().unwrap());
        }
    }
    let length = answer.header("content-length").unwrap_or("0").to_owned();
    let body = reply.body(answer.body.clone());
    if answer.body.is_empty() { body.content_length(&length) } else { body }
}

/// The method of each request, and what kind of thing it asked for.
pub(crate) fn transcript(server: &Server) -> Vec<String> {
    let line = |seen: &Seen| {
        let path = seen.target.split('?').next().unwrap_or_default();
        // `/v2/acme/app/<what>/…`
        format!("{} {}", seen.method, path.split('/').nth(4).unwrap_or_default())
    };
    server.requests().iter().map(line).collect()
}
