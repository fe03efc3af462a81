//! What becomes of a request when its answer points elsewhere (RFC 9110, section 15.4); never a hop without this decision.

use reqwest::{
    Method, StatusCode, Url,
    header::{self, HeaderMap, HeaderName},
};

use crate::{error::HttpError, redacted::RedactedUrl, request::Request};

/// The only headers another origin gets: credentials hide in names of any spelling, so a list of what to drop would never be complete.
const FOR_ANYBODY: [HeaderName; 4] =
    [header::ACCEPT, header::ACCEPT_LANGUAGE, header::CONTENT_TYPE, header::USER_AGENT];

/// The next hop, if this answer is a redirect to a readable address.
pub(crate) fn next(
    request: &Request,
    status: StatusCode,
    answer: &HeaderMap,
) -> Result<Option<Request>, HttpError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = answer.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let Some(url) = location.and_then(|location| request.url.join(location).ok()) else { return Ok(None) };
    let mut next = Request { url, ..request.clone() };
    let rewritten = match status.as_u16() {
        303 => next.method != Method::HEAD,
        301 | 302 => next.method == Method::POST,
        _ => false,
    };
    if rewritten {
        next.method = Method::GET;
        next.body.clear();
        next.headers.remove(header::CONTENT_TYPE);
    }
    if origin(&next.url) != origin(&request.url) {
        if !next.body.is_empty() {
            let (from, to) = (RedactedUrl::from(&request.url), RedactedUrl::from(&next.url));
            return Err(HttpError::RedirectElsewhere { from, to });
        }
        let kept = |name: &HeaderName| FOR_ANYBODY.contains(name);
        next.headers = next
            .headers
            .iter()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
    }
    Ok(Some(next))
}

/// A step down from https to http is another origin too.
fn origin(url: &Url) -> (&str, Option<&str>, Option<u16>) {
    (url.scheme(), url.host_str(), url.port_or_known_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn hop(method: &Method, status: u16, location: &'static str) -> Result<Option<Request>, HttpError> {
        let request = Request::new(method.clone(), Url::parse("https://one.example/a/b").unwrap())
            .header(header::AUTHORIZATION, HeaderValue::from_static("Bearer t"))
            .header(HeaderName::from_static("x-api-key"), HeaderValue::from_static("k"))
            .header(header::ACCEPT, HeaderValue::from_static("*/*"))
            .body(if *method == Method::GET { "" } else { "password" });
        let mut answer = HeaderMap::new();
        answer.insert(header::LOCATION, HeaderValue::from_static(location));
        next(&request, StatusCode::from_u16(status).unwrap(), &answer)
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        for elsewhere in
            ["https://two.example/", "http://one.example/", "https://one.example:444/", "//two.example"]
        {
            let next = hop(&Method::GET, 302, elsewhere).unwrap().unwrap();
            assert_eq!(next.headers.keys().collect::<Vec<_>>(), [header::ACCEPT], "{elsewhere}");
        }
        assert_eq!(hop(&Method::GET, 302, "/c").unwrap().unwrap().headers.len(), 3);
        assert_eq!(hop(&Method::GET, 302, "https://one.example:443/c").unwrap().unwrap().headers.len(), 3);
    }

    #[test]
    fn a_body_is_never_sent_on_to_somebody_else() {
        assert!(matches!(
            hop(&Method::POST, 307, "https://two.example/"),
            Err(HttpError::RedirectElsewhere { .. })
        ));
        assert_eq!(hop(&Method::POST, 308, "c").unwrap().unwrap().body, b"password");
        let rewritten = hop(&Method::POST, 303, "https://two.example/").unwrap().unwrap();
        assert!(rewritten.method == Method::GET && rewritten.body.is_empty());
    }

    #[test]
    fn no_redirect_is_made_up() {
        assert!(hop(&Method::GET, 304, "/c").unwrap().is_none());
        assert!(hop(&Method::GET, 302, "http://[").unwrap().is_none());
        assert_eq!(hop(&Method::GET, 301, "../c").unwrap().unwrap().url.as_str(), "https://one.example/c");
    }
}
