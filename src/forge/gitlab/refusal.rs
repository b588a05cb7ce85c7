//! What an answer means that is no success.

use jiff::Timestamp;
use serde_json::Value;

use super::super::{Reason, Refusal, transport::Answer};
use crate::{
    model::text::shortened,
    seam::{
        http::{
            Method,
            header::{HeaderMap, HeaderName, RETRY_AFTER},
        },
        retry,
    },
};

/// The most of GitLab's own words that is repeated.
const QUOTED: usize = 200;
/// Messages that one answer may hold.
const MESSAGES: usize = 5;

/// Texts by which GitLab tells apart what has the same status.
const TELLING: &[(&str, fn(String) -> Reason)] = &[
    ("already exists", |_| Reason::Exists),
    ("has changed since you started editing", |_| Reason::Moved),
    ("only create or edit files when you are on a branch", |_| {
        Reason::Moved
    }),
    ("sha does not match", |_| Reason::Moved),
    ("not allowed to", Reason::Rules),
    ("cannot create", Reason::Rules),
    ("protected branch", Reason::Rules),
    // What a push rule or a hook says.
    ("gitlab:", Reason::Rules),
    ("must be signed", Reason::Rules),
    ("does not follow the pattern", Reason::Rules),
];

/// Why `answer`, to a request by `method`, is no success.
pub(super) fn reason(method: &Method, answer: &Answer) -> Reason {
    let refusal = Refusal {
        status: answer.status,
        retry_after: retry_after(&answer.headers),
        with_token: true,
    };
    let text = words(&answer.body);
    let writes = *method != Method::GET;
    match answer.status {
        429 => Reason::RateLimited {
            until: until(&answer.headers),
        },
        403 if text.contains("insufficient_scope") => Reason::Lacks(scope(&answer.body)),
        403 if writes => Reason::Rules(text),
        401 | 403 => Reason::Unauthorized(refusal),
        404 | 410 => Reason::NotFound(refusal),
        412 => Reason::Moved,
        400 | 405 | 406 | 409 | 422 => told(text),
        300..=399 => Reason::Redirect("to another place"),
        500.. => Reason::Server(refusal),
        _ => Reason::Unexpected(refusal),
    }
}

fn told(text: String) -> Reason {
    let lower = text.to_lowercase();
    let mut telling = TELLING.iter();
    match telling.find(|(known, _)| lower.contains(known)) {
        Some((_, reason)) => reason(text),
        None => Reason::Invalid(text),
    }
}

/// What GitLab says, as one bounded line.
pub(super) fn words(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return "it does not say why".to_owned();
    };
    let mut found = Vec::new();
    for key in ["error", "error_description", "message"] {
        gather(&value[key], &mut found);
    }
    if found.is_empty() {
        return "it does not say why".to_owned();
    }
    shortened(&found.join(", "), QUOTED)
}

/// Messages are a text, a list of texts, or an object of such lists by field.
fn gather(value: &Value, found: &mut Vec<String>) {
    if found.len() >= MESSAGES {
        return;
    }
    match value {
        Value::String(text) => found.push(shortened(text, QUOTED)),
        Value::Array(values) => values.iter().for_each(|value| gather(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| gather(value, found)),
        _ => {}
    }
}

/// The scopes of which a token needs one.
fn scope(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    match value["scope"].as_str() {
        Some(scope) => format!("the scope {}", shortened(scope, QUOTED)),
        None => "a scope that this needs".to_owned(),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<std::time::Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry::retry_after(value, Timestamp::now())
}

/// When more is allowed: as asked, or else when the limit begins anew.
fn until(headers: &HeaderMap) -> Option<Timestamp> {
    if let Some(wait) = retry_after(headers) {
        return Timestamp::now().checked_add(wait).ok();
    }
    let reset = headers.get(HeaderName::from_static("ratelimit-reset"))?;
    let seconds = reset.to_str().ok()?.parse().ok()?;
    Timestamp::from_second(seconds).ok()
}
