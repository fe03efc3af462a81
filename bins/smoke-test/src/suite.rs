//! What a suite file may say, typed: a value that exists has its form; never what a step did.

mod load;
mod scope;
mod templates;
mod words;

use std::path::PathBuf;

use contract::{Digest, EnvironmentName, Span};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

pub use load::{Problem, SuiteError, load};
pub use scope::line;
pub use words::{Entries, JsonPath, Pattern, StatusSet, TextCheck, Type};

use crate::template::Template;

/// A suite and the file it came from.
pub struct Suite {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// What evidence names it by: the digest of the file's bytes.
    pub digest: Digest,
    /// What the file says.
    pub form: Form,
}

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Form {
    /// What it is called in reports and evidence.
    pub name: Spanned<String>,
    /// What to wait for before the first step.
    #[serde(default, deserialize_with = "words::present")]
    pub wait: Option<Wait>,
    /// Values by name, in the order of the file; one without a value must be given with `--var`.
    #[serde(default)]
    pub variables: Entries<Spanned<Value>>,
    /// Variables that are secrets of the process's environment: name here, name there.
    #[serde(default)]
    pub from_env: Entries<Spanned<String>>,
    /// Whether a failed step lets the later ones run.
    #[serde(default)]
    pub keep_going: bool,
    /// The steps, in order.
    pub steps: Vec<Spanned<Step>>,
    /// Steps that run whatever happened before.
    #[serde(default)]
    pub cleanup: Vec<Spanned<Step>>,
}

/// Waiting until the deployment is ready, under one total limit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wait {
    /// What to ask.
    pub path: Spanned<Template>,
    /// What it must answer.
    #[serde(default)]
    pub status: StatusSet,
    /// The limit for all tries together.
    #[serde(default = "Wait::timeout")]
    pub timeout: Span,
    /// The pause between two tries.
    #[serde(default = "Wait::interval")]
    pub interval: Span,
}

impl Wait {
    fn timeout() -> Span {
        Span::of(std::time::Duration::from_mins(1))
    }

    fn interval() -> Span {
        Span::of(std::time::Duration::from_secs(1))
    }
}

/// One request and what is expected of its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// What it is called; no two of a list share a name, because evidence lists names.
    pub name: String,
    /// The only environments it runs in; without it, all.
    #[serde(default, deserialize_with = "words::present")]
    pub only_in: Option<Vec<EnvironmentName>>,
    /// What is asked.
    pub request: Request,
    /// What must hold.
    pub expect: Expect,
    /// What is kept for later steps.
    #[serde(default)]
    pub capture: Entries<Spanned<Capture>>,
    /// How often it may be asked until all holds.
    #[serde(default, deserialize_with = "words::present")]
    pub retry: Option<Spanned<Retry>>,
    /// In `cleanup`: whether its failure fails the suite instead of warning.
    #[serde(default)]
    pub must: bool,
}

/// What is asked. At most one of `json`, `form` and `body` is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    /// The method.
    #[serde(default)]
    pub method: words::Method,
    /// The path below the base URL.
    pub path: Spanned<Template>,
    /// Added to the query.
    #[serde(default)]
    pub query: Entries<Spanned<Template>>,
    /// Headers.
    #[serde(default)]
    pub headers: Entries<Spanned<Template>>,
    /// A JSON body, with `content-type: application/json`.
    #[serde(default, deserialize_with = "words::present")]
    pub json: Option<Spanned<Value>>,
    /// A form, with `content-type: application/x-www-form-urlencoded`.
    #[serde(default, deserialize_with = "words::present")]
    pub form: Option<Entries<Spanned<Template>>>,
    /// A body as it is.
    #[serde(default, deserialize_with = "words::present")]
    pub body: Option<Spanned<Template>>,
    /// How many redirects are followed; with none the redirect itself is judged.
    #[serde(default)]
    pub follow_redirects: u8,
    /// The limit for one try.
    #[serde(default = "Request::timeout")]
    pub timeout: Span,
}

impl Request {
    fn timeout() -> Span {
        Span::of(std::time::Duration::from_secs(30))
    }
}

/// What must hold. At least one thing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// The status.
    #[serde(default, deserialize_with = "words::present")]
    pub status: Option<StatusSet>,
    /// Headers by name; a name that occurs twice holds if one of its values does.
    #[serde(default)]
    pub headers: Entries<Spanned<TextCheck>>,
    /// The longest time until the last byte.
    #[serde(default, deserialize_with = "words::present")]
    pub max_time: Option<Span>,
    /// The body as text.
    #[serde(default, deserialize_with = "words::present")]
    pub body: Option<Spanned<TextCheck>>,
    /// The body as JSON.
    #[serde(default)]
    pub json: Vec<Spanned<JsonCheck>>,
}

/// What must hold of the nodes that a path finds. No node is never a pass, unless `exists: false` or `count: 0` ask for that.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct JsonCheck {
    /// Where to look (RFC 9535).
    pub path: JsonPath,
    /// Whether it finds anything.
    #[serde(default, deserialize_with = "words::present")]
    pub exists: Option<bool>,
    /// How many it finds; where the path can find only one node and that is an array, how many items it has.
    #[serde(default, deserialize_with = "words::present")]
    pub count: Option<usize>,
    /// The one node's value.
    #[serde(default, deserialize_with = "words::present")]
    pub equals: Option<Value>,
    /// What the one node's value is not.
    #[serde(default, deserialize_with = "words::present")]
    pub not_equals: Option<Value>,
    /// A part of the one node: of a text, or one item of an array.
    #[serde(default, deserialize_with = "words::present")]
    pub contains: Option<Value>,
    /// What the one node, a text, looks like.
    #[serde(default, deserialize_with = "words::present")]
    pub matches: Option<Pattern>,
    /// What the one node is.
    #[serde(default, deserialize_with = "words::present", rename = "type")]
    pub kind: Option<Type>,
    /// The least the one node, a number, may be.
    #[serde(default, deserialize_with = "words::present")]
    pub at_least: Option<f64>,
    /// The most the one node, a number, may be.
    #[serde(default, deserialize_with = "words::present")]
    pub at_most: Option<f64>,
}

/// What is kept of an answer. Exactly one of `json`, `header` and `body` is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Capture {
    /// The one node a path finds.
    #[serde(default, deserialize_with = "words::present")]
    pub json: Option<JsonPath>,
    /// A header's first value.
    #[serde(default, deserialize_with = "words::present")]
    pub header: Option<String>,
    /// The first group of a pattern, or all of it where it has no group.
    #[serde(default, deserialize_with = "words::present")]
    pub body: Option<Pattern>,
    /// Whether it is masked from then on.
    #[serde(default)]
    pub secret: bool,
}

/// Asking again until all holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retry {
    /// How often in all.
    pub attempts: u32,
    /// The pause between two tries.
    #[serde(default = "Wait::interval")]
    pub interval: Span,
    /// Your word that a method other than GET and HEAD may be repeated.
    #[serde(default)]
    pub idempotent: bool,
}
