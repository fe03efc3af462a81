//! Backups as objects of an S3-compatible store: requests signed in their address (AWS Signature Version 4, query parameters); never an
//! address shown, because whoever has it may do what it says.

use std::{fs::File, io::Write, path::Path, time::Duration};

use ci::Session;
use contract::Digest;
use http::{Client, HeaderName, HeaderValue, Limits, Method, Request, Response, Retry, Url};
use rusty_s3::{Bucket as Signer, Credentials, S3Action, UrlStyle, actions::ListObjectsV2};

use super::{Copy, Place, RemoteError, Removal};

/// How long a signed address can be used.
const SIGNED_FOR: Duration = Duration::from_hours(1);
/// What one request may cost. `try_max` is how long either side may be silent.
const LIMITS: Limits =
    Limits { try_max: Duration::from_mins(2), total_max: Duration::from_hours(12), body_bytes_max: 8 << 20 };
/// How often a question is asked again.
const RETRY: Retry = Retry { attempts_max: 4, backoff: Duration::from_millis(500) };
/// The most that one request may send, in bytes (S3's own limit).
const OBJECT_BYTES_MAX: u64 = 5 << 30;
/// More pages of a list than any prefix has.
const PAGES_MAX: usize = 1000;
/// How much of an answer is repeated.
const SAID_CHARS_MAX: usize = 300;
/// What an object says of itself.
const BACKUP: &str = "x-amz-meta-backup-sha256";
const SENT: &str = "x-amz-meta-sha256";

/// A bucket, and where in it backups lie.
pub(super) struct Bucket {
    signer: Signer,
    credentials: Credentials,
    prefix: String,
    client: Client,
}

impl Bucket {
    /// `BUCKET` or `BUCKET/PREFIX`; region, endpoint and keys from the variables that Amazon's own tools read.
    pub(super) fn read(typed: &str, session: &Session) -> Result<Self, RemoteError> {
        let wrong = |why: String| RemoteError::Place(why);
        let (bucket, prefix) = typed.split_once('/').unwrap_or((typed, ""));
        let variable = |name: &str| session.env().text(name).map_err(|error| wrong(error.to_string()));
        let secret = |name: &str| session.secret(name).map_err(|error| wrong(error.to_string()));
        let region = match variable("AWS_REGION")? {
            Some(region) => region,
            None => variable("AWS_DEFAULT_REGION")?.unwrap_or_else(|| "us-east-1".into()),
        };
        let endpoint = match variable("AWS_ENDPOINT_URL_S3")? {
            Some(endpoint) => Some(endpoint),
            None => variable("AWS_ENDPOINT_URL")?,
        };
        let style = if endpoint.is_some() { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let endpoint = endpoint.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let endpoint: Url = endpoint.parse().map_err(|_| wrong("AWS_ENDPOINT_URL is no address".into()))?;
        if endpoint.scheme() != "https" && !http::is_loopback(&endpoint) {
            return Err(wrong("a store is reached over https, or on this machine".into()));
        }
        let (key, secret_key) = (variable("AWS_ACCESS_KEY_ID")?, secret("AWS_SECRET_ACCESS_KEY")?);
        let (Some(key), Some(secret_key)) = (key, secret_key) else {
            return Err(wrong("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set".into()));
        };
        let credentials = match secret("AWS_SESSION_TOKEN")? {
            Some(token) => Credentials::new_with_token(key, secret_key.reveal(), token.reveal()),
            None => Credentials::new(key, secret_key.reveal()),
        };
        let signer = Signer::new(endpoint, style, bucket.to_owned(), region)
            .map_err(|error| wrong(format!("`{bucket}` is no bucket: {error}")))?;
        let client = Client::new(LIMITS).map_err(|error| wrong(error.to_string()))?;
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { signer, credentials, prefix, client })
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn ask(&self, asked: &'static str, request: &Request) -> Result<Response, RemoteError> {
        let answer = self.client.send(&request.clone().retry(RETRY));
        let answer = answer.map_err(|source| self.unreachable(source))?;
        if answer.status.is_success() || answer.status.as_u16() == 404 {
            return Ok(answer);
        }
        Err(self.answered(asked, &answer))
    }

    fn answered(&self, asked: &'static str, answer: &Response) -> RemoteError {
        let text = answer.text();
        // The rest of an error repeats what was signed.
        let within = |tag: &str| {
            let (_, rest) = text.split_once(&format!("<{tag}>"))?;
            Some(rest.split_once('<').map_or(rest, |(inner, _)| inner).to_owned())
        };
        let parts: Vec<String> = ["Code", "Message"].into_iter().filter_map(within).collect();
        let said: String = parts.join(": ").chars().take(SAID_CHARS_MAX).collect();
        let said = if said.is_empty() { "no reason".to_owned() } else { said };
        RemoteError::Answer { place: self.uri(), asked, status: answer.status.as_u16(), said }
    }

    /// An answer to HEAD has no text. One byte of the same object is refused for the same reason, and says it.
    fn reason(&self, key: &str, refused: RemoteError) -> RemoteError {
        let url = self.signer.get_object(Some(&self.credentials), key).sign(SIGNED_FOR);
        let first =
            Request::get(url).header(HeaderName::from_static("range"), HeaderValue::from_static("bytes=0-0"));
        match (refused, self.client.send(&first)) {
            (RemoteError::Answer { .. }, Ok(answer)) if !answer.status.is_success() => {
                self.answered("what a copy is", &answer)
            }
            (refused, _) => refused,
        }
    }

    fn unreachable(&self, source: http::HttpError) -> RemoteError {
        RemoteError::Unreachable { place: self.uri(), source: Box::new(source) }
    }
}

impl Place for Bucket {
    fn uri(&self) -> String {
        format!("s3://{}/{}", self.signer.name(), self.prefix).trim_end_matches('/').to_owned()
    }

    fn put(&self, copy: &Copy, file: &Path) -> Result<(), RemoteError> {
        if copy.size > OBJECT_BYTES_MAX {
            let why = format!("{} has {} bytes, and {OBJECT_BYTES_MAX} is the most", copy.name, copy.size);
            return Err(RemoteError::Place(why));
        }
        let key = self.key(&copy.name);
        let mut action = self.signer.put_object(Some(&self.credentials), &key);
        let (backup, sent) = (copy.backup.hex(), copy.sent.hex());
        action.headers_mut().insert(BACKUP, backup.as_str());
        action.headers_mut().insert(SENT, sent.as_str());
        let mut request = Request::new(Method::PUT, action.sign(SIGNED_FOR));
        for (name, value) in [(BACKUP, &backup), (SENT, &sent)] {
            let value =
                HeaderValue::from_str(value).map_err(|error| RemoteError::Place(error.to_string()))?;
            request = request.header(HeaderName::from_static(name), value);
        }
        let mut body = File::open(file).map_err(|error| RemoteError::Place(error.to_string()))?;
        let answer = self.client.upload(&request, LIMITS, &mut body, copy.size);
        let answer = answer.map_err(|source| self.unreachable(source))?;
        if answer.status.is_success() { Ok(()) } else { Err(self.answered("a new copy", &answer)) }
    }

    fn names(&self) -> Result<Vec<String>, RemoteError> {
        let mut names = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut action = self.signer.list_objects_v2(Some(&self.credentials));
            action.with_prefix(self.prefix.as_str());
            if let Some(next) = &next {
                action.with_continuation_token(next.as_str());
            }
            let answer = self.ask("a list", &Request::get(action.sign(SIGNED_FOR)))?;
            if !answer.status.is_success() {
                return Err(self.answered("a list", &answer));
            }
            let list =
                ListObjectsV2::parse_response(&answer.text()).map_err(|error| RemoteError::Answer {
                    place: self.uri(),
                    asked: "a list",
                    status: answer.status.as_u16(),
                    said: format!("what is no list: {error}"),
                })?;
            let keys = list.contents.iter().filter_map(|object| object.key.strip_prefix(&self.prefix));
            names.extend(keys.filter(|name| !name.contains('/')).map(str::to_owned));
            next = list.next_continuation_token;
            if next.is_none() {
                return Ok(names);
            }
        }
        Err(RemoteError::Place(format!("{} holds more than {PAGES_MAX} pages of objects", self.uri())))
    }

    fn find(&self, name: &str) -> Result<Option<Copy>, RemoteError> {
        let key = self.key(name);
        let url = self.signer.head_object(Some(&self.credentials), &key).sign(SIGNED_FOR);
        let answer = self.ask("what a copy is", &Request::new(Method::HEAD, url));
        let answer = answer.map_err(|error| self.reason(&key, error))?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let digest =
            |header: &str| -> Option<Digest> { format!("sha256:{}", answer.header(header)?).parse().ok() };
        let size = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
        match (digest(BACKUP), digest(SENT)) {
            (Some(backup), Some(sent)) => Ok(Some(Copy { name: name.to_owned(), backup, sent, size })),
            _ => Err(RemoteError::Taken { name: name.to_owned(), place: self.uri() }),
        }
    }

    fn get(&self, copy: &Copy, to: &mut dyn Write) -> Result<(), RemoteError> {
        let key = self.key(&copy.name);
        let url = self.signer.get_object(Some(&self.credentials), &key).sign(SIGNED_FOR);
        let mut download =
            self.client.open(&Request::get(url), LIMITS).map_err(|source| self.unreachable(source))?;
        if !download.response.status.is_success() {
            return Err(self.answered("a copy", &download.response));
        }
        std::io::copy(&mut download, to).map(drop).map_err(|error| RemoteError::Answer {
            place: self.uri(),
            asked: "a copy",
            status: download.response.status.as_u16(),
            said: format!("what breaks off: {}", error.kind()),
        })
    }

    fn remove(&self, name: &str) -> Result<Removal, RemoteError> {
        let key = self.key(name);
        let url = self.signer.delete_object(Some(&self.credentials), &key).sign(SIGNED_FOR);
        self.ask("to remove a copy", &Request::new(Method::DELETE, url)).map(|_| Removal::Gone)
    }
}
