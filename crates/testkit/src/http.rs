//! A scripted HTTP server on this machine for tests of clients, honest or broken on purpose; never judges a request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A request with a longer body is cut here.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How long a client may take to send its request, and how often a hanging reply looks whether the server stops.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const HANG_TICK: Duration = Duration::from_millis(20);

/// What a client asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, by its content-length or chunks.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the server answers, and how badly. Each connection gets one answer and is closed.
#[derive(Clone, Debug)]
pub struct Reply {
    head: Vec<u8>,
    body: Vec<u8>,
    length: Option<String>,
    pace: Duration,
    manner: Manner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Whole,
    /// Only so many bytes of the body are sent.
    Cut(usize),
    /// Nothing is sent and the connection stays open.
    Hang,
    /// The bytes are sent as they are.
    Raw,
}

impl Reply {
    /// An empty answer with this status.
    pub fn status(status: u16) -> Self {
        let head = format!("HTTP/1.1 {status} Scripted\r\nConnection: close\r\n").into_bytes();
        Self { head, body: Vec::new(), length: None, pace: Duration::ZERO, manner: Manner::Whole }
    }

    /// 302 to `location`.
    pub fn redirect(location: &str) -> Self {
        Self::status(302).header("Location", location)
    }

    /// 200 with a JSON body.
    pub fn json(text: &str) -> Self {
        Self::status(200).header("Content-Type", "application/json").body(text)
    }

    /// Bytes that need not be HTTP at all; none: the connection is closed at once.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { head: Vec::new(), body: bytes.into(), manner: Manner::Raw, ..Self::status(200) }
    }

    /// Takes the request and never answers, until the client gives up or the server is dropped.
    pub fn hang() -> Self {
        Self { manner: Manner::Hang, ..Self::status(200) }
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        self
    }

    /// The body.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    /// Promises the whole body and closes after so many bytes of it.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.manner = Manner::Cut(bytes);
        self
    }

    /// States another content-length than the body's.
    #[must_use]
    pub fn content_length(mut self, stated: &str) -> Self {
        self.length = Some(stated.to_owned());
        self
    }

    /// Sends the body byte by byte with this pause between two.
    #[must_use]
    pub fn slowly(mut self, pause: Duration) -> Self {
        self.pace = pause;
        self
    }
}

type Answer = Box<dyn FnMut(&Request) -> Reply + Send>;

/// A server on a free port of 127.0.0.1, with one thread; stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers with these in turn, and with the last one for ever after.
    pub fn script(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut replies: Vec<Reply> = replies.into_iter().collect();
        replies.reverse();
        let mut last = Reply::status(500).body("the script is empty");
        Self::answer(move |_| {
            if let Some(next) = replies.pop() {
                last = next;
            }
            last.clone()
        })
    }

    /// Answers each request by a function: for routes.
    pub fn answer(answer: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, stopped): (_, Arc<AtomicBool>) = (Arc::clone(&requests), Arc::clone(&stop));
        let mut answer: Answer = Box::new(answer);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A client that goes away in the middle is the client's affair.
                let _ = converse(&stream, &seen, &stopped, &mut answer);
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        Self { address, requests, stop, thread: Some(thread) }
    }

    /// `http://127.0.0.1:<port>` and the path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// `127.0.0.1:<port>`, as an image reference or a redaction wants it.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Every request so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread out of accept.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn converse(
    stream: &TcpStream,
    requests: &Mutex<Vec<Request>>,
    stop: &AtomicBool,
    answer: &mut Answer,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    let Some(request) = read_request(stream)? else { return Ok(()) };
    let reply = answer(&request);
    let head_only = request.method == "HEAD";
    requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    match reply.manner {
        Manner::Hang => hang(stream, stop),
        Manner::Raw => send(stream, &reply.body, reply.pace, stop),
        Manner::Whole | Manner::Cut(_) => {
            let length = reply.length.unwrap_or_else(|| reply.body.len().to_string());
            let head = [&reply.head[..], format!("Content-Length: {length}\r\n\r\n").as_bytes()].concat();
            send(stream, &head, Duration::ZERO, stop)?;
            let end = if let Manner::Cut(bytes) = reply.manner {
                bytes.min(reply.body.len())
            } else {
                reply.body.len()
            };
            if head_only { Ok(()) } else { send(stream, &reply.body[..end], reply.pace, stop) }
        }
    }
}

fn read_request(stream: &TcpStream) -> std::io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, target) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    if request.header("expect").is_some() {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if request.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        request.body = read_chunks(&mut reader)?;
    } else {
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        reader.take(BODY_BYTES_MAX.min(length)).read_to_end(&mut request.body)?;
    }
    Ok(Some(request))
}

fn read_chunks(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16).unwrap_or(0);
        reader.take(BODY_BYTES_MAX.min(size)).read_to_end(&mut body)?;
        // The end of the chunk, or of the whole body.
        reader.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn send(mut stream: &TcpStream, bytes: &[u8], pace: Duration, stop: &AtomicBool) -> std::io::Result<()> {
    if pace.is_zero() {
        return stream.write_all(bytes);
    }
    for byte in bytes {
        if stop.load(Ordering::SeqCst) {
            return Ok(());
        }
        stream.write_all(&[*byte])?;
        thread::sleep(pace);
    }
    Ok(())
}

fn hang(mut stream: &TcpStream, stop: &AtomicBool) -> std::io::Result<()> {
    stream.set_read_timeout(Some(HANG_TICK))?;
    while !stop.load(Ordering::SeqCst) {
        match stream.read(&mut [0; 64]) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::{Reply, Server};

    /// Sends bytes and reads to the end.
    fn ask(server: &Server, request: &str) -> String {
        let mut stream = TcpStream::connect(server.authority()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[test]
    fn replies_come_in_turn_and_the_last_stays() {
        let server = Server::script([Reply::status(503), Reply::json("{}")]);
        let statuses: Vec<String> =
            (0..3).map(|_| ask(&server, "GET / HTTP/1.1\r\n\r\n")[9..12].to_owned()).collect();
        assert_eq!(statuses, ["503", "200", "200"]);
        assert_eq!(server.requests().len(), 3);
    }

    #[test]
    fn a_request_is_recorded_whole() {
        let server = Server::answer(|request| Reply::status(200).body(request.target.clone()));
        let plain =
            ask(&server, "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Token: T\r\nContent-Length: 4\r\n\r\nbody");
        assert!(plain.ends_with("\r\n\r\n/a?b=c"), "{plain}");
        ask(&server, "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        let requests = server.requests();
        assert_eq!((requests[0].method.as_str(), requests[0].header("x-token")), ("POST", Some("T")));
        assert_eq!((&requests[0].body[..], &requests[1].body[..]), (&b"body"[..], &b"abcde"[..]));
    }

    #[test]
    fn a_reply_can_be_cut_misstated_slow_or_no_http_at_all() {
        let server = Server::script([
            Reply::status(200).body("whole body").cut_after(5),
            Reply::status(200).body("abc").content_length("99999999999999999999"),
            Reply::status(200).body("slow").slowly(Duration::from_millis(1)),
            Reply::raw("SSH-2.0-OpenSSH\r\n"),
            Reply::raw(""),
            Reply::redirect("/again"),
        ]);
        let get = || ask(&server, "GET / HTTP/1.1\r\n\r\n");
        let cut = get();
        assert!(cut.contains("Content-Length: 10\r\n") && cut.ends_with("\r\n\r\nwhole"), "{cut}");
        assert!(get().contains("Content-Length: 99999999999999999999\r\n"));
        assert!(get().ends_with("slow"));
        assert_eq!(get(), "SSH-2.0-OpenSSH\r\n");
        assert_eq!(get(), "");
        assert!(get().contains("Location: /again\r\n"));
    }

    #[test]
    fn head_has_a_length_and_no_body() {
        let server = Server::script([Reply::status(200).body("12345")]);
        let answer = ask(&server, "HEAD / HTTP/1.1\r\n\r\n");
        assert!(answer.ends_with("Content-Length: 5\r\n\r\n"), "{answer}");
    }

    #[test]
    fn a_hanging_reply_ends_with_the_server() {
        let server = Server::script([Reply::hang()]);
        let mut stream = TcpStream::connect(server.authority()).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        while server.requests().is_empty() {
            std::thread::yield_now();
        }
        drop(server);
        assert!(matches!(stream.read(&mut [0; 8]), Ok(0) | Err(_)));
    }
}
