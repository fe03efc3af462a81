//! How long to wait before a request is tried again, if it is; never the trying.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::StatusCode;

use crate::{answer::Response, error::HttpError, request::Retry};

/// The longest pause between two tries that is not asked for by the server.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// The pause before the next try, if there is to be one.
pub(crate) fn pause(
    retry: Option<Retry>,
    attempts: u32,
    result: Result<&Response, &HttpError>,
) -> Option<Duration> {
    let retry = retry.filter(|retry| attempts < retry.attempts_max)?;
    let backoff = retry.backoff.saturating_mul(2_u32.saturating_pow(attempts - 1)).min(BACKOFF_MAX);
    match result {
        Ok(response) if is_passing(response.status) => Some(backoff.max(asked(response).unwrap_or_default())),
        Err(error) if error.is_passing() => Some(backoff),
        _ => None,
    }
}

/// Whether the same request may be answered better a little later.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// The pause a server asks for (RFC 9110, section 10.2.3). A date is compared with the answer's own `Date`: the server's clock
/// with itself, because ours may be another.
pub(crate) fn asked(response: &Response) -> Option<Duration> {
    let asked = response.header("retry-after")?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text: &str| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    Duration::try_from(time(asked)?.duration_since(time(response.header("date")?)?)).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::{Url, Version, header::HeaderMap};

    use super::*;

    fn answer(retry_after: &str, date: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", retry_after.parse().unwrap());
        headers.insert("date", date.parse().unwrap());
        Response {
            status: StatusCode::TOO_MANY_REQUESTS,
            version: Version::HTTP_11,
            headers,
            body: Vec::new(),
            url: Url::parse("http://x/").unwrap(),
            attempts: 1,
            first_byte: Duration::ZERO,
            elapsed: Duration::ZERO,
        }
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_until_a_date_of_the_servers_clock() {
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        let pause = |text: &str| asked(&answer(text, now)).map(|pause| pause.as_secs());
        assert_eq!(pause("7"), Some(7));
        assert_eq!(pause("Sun, 06 Nov 1994 08:50:00 GMT"), Some(23));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:00 GMT"), None);
        assert_eq!(pause("tomorrow"), None);
    }
}
