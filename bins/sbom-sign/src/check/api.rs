//! The OSV API (google.github.io/osv.dev/api): `POST /v1/querybatch`, then `GET /v1/vulns/{id}`; asked only where the user says so, and never for
//! a verdict.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use ci::Session;
use http::{Client, HeaderValue, Limits, Method, Request, Response, Retry, Url, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    database::{Coverage, Found},
    ecosystem::Question,
    error::CheckError,
    osv::{RECORD_BYTES_MAX, Record},
};

/// How many questions one request may carry (API, "Payload").
const QUESTIONS_MAX: usize = 1000;
/// How many pages of answers one question may have.
const PAGES_MAX: usize = 100;
/// How many records are fetched for one SBOM.
const RECORDS_MAX: usize = 20_000;
/// How often a request is sent in all.
const ATTEMPTS_MAX: u32 = 4;
/// The pause before the second try.
const BACKOFF: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Batch {
    results: Vec<Answers>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answers {
    vulns: Vec<Name>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Name {
    id: String,
}

struct Api<'s> {
    client: Client,
    base: &'s Url,
    session: &'s Session,
}

/// Asks about every package. What comes back is judged like the records of a directory.
pub(crate) fn ask(
    base: &Url,
    questions: &BTreeSet<Question>,
    session: &Session,
) -> Result<Found, CheckError> {
    let body_bytes_max = usize::try_from(RECORD_BYTES_MAX).unwrap_or(usize::MAX);
    let client = Client::new(Limits { body_bytes_max, ..Limits::default() })?;
    let api = Api { client, base, session };
    let questions: Vec<&Question> =
        questions.iter().filter(|question| question.ecosystem.to_api().is_some()).collect();
    let mut claims: BTreeMap<Question, BTreeSet<String>> = BTreeMap::new();
    for some in questions.chunks(QUESTIONS_MAX) {
        api.batch(some, &mut claims)?;
    }
    let ids: BTreeSet<&String> = claims.values().flatten().collect();
    if ids.len() > RECORDS_MAX {
        return Err(CheckError::DatabaseTooLarge(RECORDS_MAX as u64));
    }
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        records.push(api.record(id)?);
    }
    records.retain(|record: &Record| !record.is_withdrawn());
    // Without a version it lists what is known of any version, which says nothing yet.
    claims.retain(|question, _| question.placed_version().is_some());
    let newest = session.now();
    // A service that answers knows the ecosystem, and is as new as it is.
    let known = questions.iter().filter_map(|question| question.ecosystem.to_api());
    let coverage: BTreeMap<String, Coverage> =
        known.map(|name| (name, Coverage { records: 1, newest })).collect();
    Ok(Found { total: records.len() as u64, records, coverage, claims })
}

impl Api<'_> {
    /// Asks until each question has its last page.
    fn batch(
        &self,
        questions: &[&Question],
        claims: &mut BTreeMap<Question, BTreeSet<String>>,
    ) -> Result<(), CheckError> {
        let one = |question: &Question, name: &str, page: Option<String>| {
            let ecosystem = question.ecosystem.to_api();
            let mut query = json!({"package": {"name": name, "ecosystem": ecosystem}});
            if let Some(version) = question.placed_version() {
                query["version"] = version.into();
            }
            if let Some(token) = page {
                query["page_token"] = token.into();
            }
            query
        };
        let asked = questions
            .iter()
            .flat_map(|question| question.names.iter().map(move |name| (*question, name.as_str())));
        let mut open: Vec<_> = asked.map(|(question, name)| (question, name, None)).collect();
        for _ in 0..PAGES_MAX {
            if open.is_empty() {
                return Ok(());
            }
            let mut next = Vec::new();
            for some in open.chunks(QUESTIONS_MAX) {
                let queries: Vec<Value> =
                    some.iter().map(|(question, name, page)| one(question, name, page.clone())).collect();
                let url = self.url("v1/querybatch")?;
                let body = json!({ "queries": queries }).to_string();
                let request = Request::new(Method::POST, url)
                    .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
                    .body(body);
                let answer = self.send(&request)?;
                let batch: Batch = read(&answer, |body| serde_json::from_slice(body).map_err(Into::into))?;
                // Answers stand in the order of their questions, and have no other mark.
                if batch.results.len() != some.len() {
                    return Err(wrong(&answer, "has another number of answers than there were questions"));
                }
                for ((question, name, _), answers) in some.iter().zip(batch.results) {
                    let ids = answers.vulns.into_iter().map(|name| name.id);
                    claims.entry((*question).clone()).or_default().extend(ids);
                    let token = answers.next_page_token.filter(|token| !token.is_empty());
                    next.extend(token.map(|token| (*question, *name, Some(token))));
                }
            }
            open = next;
        }
        Err(CheckError::ApiEndless(PAGES_MAX))
    }

    fn record(&self, id: &str) -> Result<Record, CheckError> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let url = self.url(&format!("v1/vulns/{id}"))?;
        if id.is_empty() || id.starts_with('.') || !id.bytes().all(good) {
            return Err(CheckError::ApiAnswer {
                url: (&url).into(),
                why: "names a record in no way that can be asked for",
            });
        }
        let answer = self.send(&Request::get(url).follow(3))?;
        let record = read(&answer, Record::parse)?;
        if record.id != id {
            return Err(wrong(&answer, "is another record than the one that was asked for"));
        }
        Ok(record)
    }

    fn url(&self, path: &str) -> Result<Url, CheckError> {
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}/{path}").parse().map_err(|_| CheckError::ApiAddress(self.base.to_string()))
    }

    fn send(&self, request: &Request) -> Result<Response, CheckError> {
        self.session.check_interrupt()?;
        let retry = Retry { attempts_max: ATTEMPTS_MAX, backoff: BACKOFF };
        let wanted = || !self.session.interrupted();
        let limits = Limits {
            body_bytes_max: usize::try_from(RECORD_BYTES_MAX).unwrap_or(usize::MAX),
            ..Limits::default()
        };
        Ok(self.client.send_within(&request.clone().retry(retry), limits, &wanted)?)
    }
}

/// Nothing but a whole answer of the right form is one: an error, or a page of a proxy, is no clean bill.
fn read<T>(
    answer: &Response,
    parse: impl FnOnce(&[u8]) -> Result<T, super::osv::NoRecord>,
) -> Result<T, CheckError> {
    if answer.status.as_u16() != 200 {
        return Err(CheckError::ApiStatus { url: (&answer.url).into(), status: answer.status.as_u16() });
    }
    parse(&answer.body).map_err(|source| CheckError::answer((&answer.url).into(), source))
}

fn wrong(answer: &Response, why: &'static str) -> CheckError {
    CheckError::ApiAnswer { url: (&answer.url).into(), why }
}
