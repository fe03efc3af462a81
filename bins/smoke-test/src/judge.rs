//! Compares an answer with what a step expects of it; pure, and an answer that is not there is never a pass.

use http::Response;
use serde_json::Value;

use crate::{
    suite::{Capture, Expect, JsonCheck, TextCheck, Type},
    variables::{Unfilled, Variables, plain},
};

/// One expectation and what there was instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `status`, `header etag`, `$.id`.
    pub what: String,
    /// What was expected of it.
    pub expected: String,
    /// What it was.
    pub actual: String,
    /// Whether that holds.
    pub passed: bool,
}

/// The longest text that is kept until the end, in bytes; no longer secret needs hiding. One that is too long is not cut: half a secret is
/// not recognised, and would be shown.
pub const KEPT_BYTES_MAX: usize = 16 << 10;

impl Check {
    /// A check with its verdict. All of a run are kept, so that a hostile deployment could fill the memory with its answers.
    pub fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
        verdict: Verdict,
    ) -> Self {
        Self {
            what: what.into(),
            expected: kept(expected.into()),
            actual: kept(actual.into()),
            passed: verdict == Verdict::Holds,
        }
    }
}

fn kept(text: String) -> String {
    if text.len() > KEPT_BYTES_MAX { format!("a text of {} bytes", text.len()) } else { text }
}

/// Whether an expectation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the two names say it")]
pub enum Verdict {
    Holds,
    Fails,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// Every expectation of a step, judged.
pub fn judge(expect: &Expect, answer: &Response, variables: &Variables) -> Result<Vec<Check>, Unfilled> {
    let mut checks = Vec::new();
    if let Some(expected) = &expect.status {
        let status = answer.status.as_u16();
        let holds = expected.holds(status).into();
        checks.push(Check::new("status", expected.to_string(), status.to_string(), holds));
    }
    for (name, check) in expect.headers.iter() {
        let values: Vec<_> =
            answer.headers.get_all(name).iter().map(|one| String::from_utf8_lossy(one.as_bytes())).collect();
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        text(&format!("header {name}"), &values, &check.value, variables, &mut checks)?;
    }
    if let Some(limit) = expect.max_time {
        let took = format!("{}ms", answer.elapsed.as_millis());
        let holds = (answer.elapsed <= limit.duration()).into();
        checks.push(Check::new("time", format!("at most {limit}"), took, holds));
    }
    if let Some(check) = &expect.body {
        text("body", &[&answer.text()], &check.value, variables, &mut checks)?;
    }
    if !expect.json.is_empty() {
        match serde_json::from_slice(&answer.body) {
            Ok(body) => {
                for check in &expect.json {
                    json(&check.value, &body, variables, &mut checks)?;
                }
            }
            Err(_) => checks.push(Check::new("body", "JSON", answer.text(), Verdict::Fails)),
        }
    }
    Ok(checks)
}

/// Judges the values of one name: what is asked for must hold of one of them, what is ruled out of all, and neither of none.
fn text(
    what: &str,
    values: &[&str],
    check: &TextCheck,
    variables: &Variables,
    checks: &mut Vec<Check>,
) -> Result<(), Unfilled> {
    let actual = if values.is_empty() { "absent".to_owned() } else { values.join(", ") };
    let any = |holds: &dyn Fn(&str) -> bool| Verdict::from(values.iter().any(|value| holds(value)));
    let all = |holds: &dyn Fn(&str) -> bool| {
        Verdict::from(!values.is_empty() && values.iter().all(|value| holds(value)))
    };
    let mut tell = |expected: String, verdict| checks.push(Check::new(what, expected, &actual, verdict));
    if let Some(exists) = check.exists {
        tell(presence(exists.into()), (exists != values.is_empty()).into());
    }
    if let Some(equals) = &check.equals {
        let wanted = variables.text(equals)?;
        tell(wanted.clone(), any(&|value| value == wanted));
    }
    if let Some(other) = &check.not_equals {
        let ruled_out = variables.text(other)?;
        tell(format!("not {ruled_out}"), all(&|value| value != ruled_out));
    }
    for part in &check.contains.0 {
        let part = variables.text(part)?;
        tell(format!("contains {part}"), any(&|value| value.contains(&part)));
    }
    for part in &check.not_contains.0 {
        let part = variables.text(part)?;
        tell(format!("does not contain {part}"), all(&|value| !value.contains(&part)));
    }
    if let Some(pattern) = &check.matches {
        tell(format!("matches {}", pattern.0), any(&|value| pattern.0.is_match(value)));
    }
    Ok(())
}

fn presence(expected: Verdict) -> String {
    if expected == Verdict::Holds { "present" } else { "absent" }.to_owned()
}

fn json(
    check: &JsonCheck,
    body: &Value,
    variables: &Variables,
    checks: &mut Vec<Check>,
) -> Result<(), Unfilled> {
    let nodes = check.path.find(body).all();
    let actual = match nodes.as_slice() {
        [] => "no node".to_owned(),
        [one] => one.to_string(),
        many => format!("{} nodes", many.len()),
    };
    let what = check.path.to_string();
    let one = if let [one] = nodes.as_slice() { Some(*one) } else { None };
    let of_one = |holds: &dyn Fn(&Value) -> bool| Verdict::from(one.is_some_and(holds));
    let mut tell = |expected: String, verdict| checks.push(Check::new(&what, expected, &actual, verdict));
    if let Some(exists) = check.exists {
        tell(presence(exists.into()), (exists != nodes.is_empty()).into());
    }
    if let Some(count) = check.count {
        // A path that can find one node at most always finds one: its count would be 1 whatever the array holds.
        let found = if check.path.is_singular() {
            one.and_then(Value::as_array).map(Vec::len)
        } else {
            Some(nodes.len())
        };
        tell(format!("count {count}"), (found == Some(count)).into());
    }
    if let Some(equals) = &check.equals {
        let wanted = variables.json(equals)?;
        tell(wanted.to_string(), of_one(&|value| same(value, &wanted)));
    }
    if let Some(other) = &check.not_equals {
        let ruled_out = variables.json(other)?;
        tell(format!("not {ruled_out}"), of_one(&|value| !same(value, &ruled_out)));
    }
    if let Some(part) = &check.contains {
        let part = variables.json(part)?;
        tell(format!("contains {part}"), of_one(&|value| contains(value, &part)));
    }
    if let Some(pattern) = &check.matches {
        let matches = |value: &Value| value.as_str().is_some_and(|text| pattern.0.is_match(text));
        tell(format!("matches {}", pattern.0), of_one(&matches));
    }
    if let Some(kind) = check.kind {
        tell(format!("type {kind:?}").to_lowercase(), of_one(&|value| is(value, kind)));
    }
    let number = |holds: &dyn Fn(f64) -> bool| of_one(&|value| value.as_f64().is_some_and(holds));
    if let Some(least) = check.at_least {
        tell(format!("at least {least}"), number(&|value| value >= least));
    }
    if let Some(most) = check.at_most {
        tell(format!("at most {most}"), number(&|value| value <= most));
    }
    Ok(())
}

/// JSON has one kind of number: 1 and 1.0 are the same, at every depth.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.as_f64() == b.as_f64() && (a.is_f64() || b.is_f64()))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(&plain(part)),
        Value::Array(items) => items.iter().any(|item| same(item, part)),
        _ => false,
    }
}

fn is(value: &Value, kind: Type) -> bool {
    match kind {
        Type::Null => value.is_null(),
        Type::Boolean => value.is_boolean(),
        Type::Number => value.is_number(),
        // JSON Schema's notion: 1.0 is an integer.
        Type::Integer => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        Type::String => value.is_string(),
        Type::Array => value.is_array(),
        Type::Object => value.is_object(),
    }
}

/// What a capture takes from an answer, or why there is nothing to take. Null and an empty text are nothing.
pub fn take(capture: &Capture, answer: &Response) -> Result<Value, String> {
    let value = if let Some(path) = &capture.json {
        let body = serde_json::from_slice(&answer.body).map_err(|_| "the body is no JSON".to_owned())?;
        let found: Result<&Value, _> = path.find(&body).exactly_one();
        found.map_err(|_| format!("`{path}` finds nothing"))?.clone()
    } else if let Some(name) = &capture.header {
        answer.header(name).ok_or_else(|| format!("there is no header {name}"))?.into()
    } else if let Some(pattern) = &capture.body {
        let text = answer.text();
        let found = pattern.0.captures(&text).and_then(|groups| groups.get(1).or_else(|| groups.get(0)));
        found.ok_or_else(|| format!("the body does not match {}", pattern.0))?.as_str().into()
    } else {
        Value::Null
    };
    if value.is_null() || value == "" { Err("the value is empty".to_owned()) } else { Ok(value) }
}

#[cfg(test)]
mod tests;
