//! Makes the request of a step; pure, and sends nothing.

use http::{HeaderName, HeaderValue, Url, header};

use crate::{
    context::Base,
    suite::Request,
    variables::{Unfilled, Variables},
};

/// A request can't be made of the values there are.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// A template can't be filled in.
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
    /// The values make no address.
    #[error("the path makes no address")]
    Address,
    /// A name or value that no header can have, a line end for example.
    #[error("the header `{0}` can't be sent")]
    Header(String),
}

/// The request with every value filled in and written as its place demands.
pub fn request(form: &Request, base: &Base, variables: &Variables) -> Result<http::Request, AskError> {
    let mut url = base.at(&variables.path(&form.path.value)?).ok_or(AskError::Address)?;
    for (name, value) in form.query.iter() {
        url.query_pairs_mut().append_pair(name, &variables.text(&value.value)?);
    }
    let mut request = http::Request::new(form.method.0.clone(), url).follow(form.follow_redirects);
    for (name, value) in form.headers.iter() {
        let unsendable = || AskError::Header(name.to_owned());
        let key: HeaderName = name.parse().map_err(|_| unsendable())?;
        let value = HeaderValue::from_str(&variables.text(&value.value)?).map_err(|_| unsendable())?;
        request.headers.append(key, value);
    }
    let body = if let Some(json) = &form.json {
        Some(("application/json", variables.json(&json.value)?.to_string()))
    } else if let Some(entries) = &form.form {
        // The query of an address and a form are written alike (WHATWG URL, section 5).
        let mut written = Url::parse("http://form/").map_err(|_| AskError::Address)?;
        for (name, value) in entries.iter() {
            written.query_pairs_mut().append_pair(name, &variables.text(&value.value)?);
        }
        Some(("application/x-www-form-urlencoded", written.query().unwrap_or_default().to_owned()))
    } else if let Some(body) = &form.body {
        Some(("text/plain; charset=utf-8", variables.text(&body.value)?))
    } else {
        None
    };
    if let Some((media_type, body)) = body {
        request.headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(media_type));
        request = request.body(body);
    }
    Ok(request)
}
