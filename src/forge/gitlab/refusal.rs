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

/// What GitLab's words mean.
type Meaning = fn(String) -> Reason;

/// Texts by which GitLab tells apart what has the same status.
const TELLING: &[(&str, Meaning)] = &[
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::http::header::HeaderValue;

    fn refused(method: &Method, status: u16, body: &str) -> String {
        let answer = Answer {
            status,
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
        };
        format!("{:?}", reason(method, &answer))
    }

    #[test]
    fn what_has_one_status_is_told_apart_by_its_words() {
        for (status, message, kind) in [
            (
                400,
                "A branch called 'x' already exists. Switch to it",
                "Exists",
            ),
            (400, "Branch already exists", "Exists"),
            (
                409,
                "Another open merge request already exists for this source branch: !2",
                "Exists",
            ),
            (
                409,
                "SHA does not match HEAD of source branch: abc",
                "Moved",
            ),
            (
                400,
                "The file has changed since you started editing it: a",
                "Moved",
            ),
            (
                400,
                "You can only create or edit files when you are on a branch",
                "Moved",
            ),
            (412, "412 Precondition Failed", "Moved"),
            (400, "You are not allowed to push into this branch", "Rules"),
            (
                400,
                "GitLab: Commit message does not follow the pattern",
                "Rules",
            ),
            (403, "403 Forbidden", "Rules"),
            (400, "title is too long", "Invalid"),
            (405, "405 Method Not Allowed", "Invalid"),
            (422, "Branch cannot be merged", "Invalid"),
            (401, "401 Unauthorized", "Unauthorized"),
            (404, "404 Project Not Found", "NotFound"),
            (302, "", "Redirect"),
            (418, "", "Unexpected"),
        ] {
            let body = serde_json::json!({ "message": message }).to_string();
            let found = refused(&Method::POST, status, &body);
            assert!(found.starts_with(kind), "{status} {message}: {found}");
        }
        let forbidden = refused(&Method::GET, 403, r#"{"message": "403 Forbidden"}"#);
        assert!(forbidden.starts_with("Unauthorized"), "{forbidden}");
    }

    #[test]
    fn a_scope_that_is_missing_is_named() {
        let body = r#"{"error": "insufficient_scope", "scope": "api"}"#;
        let found = refused(&Method::POST, 403, body);
        assert_eq!(found, r#"Lacks("the scope api")"#);
        let silent = refused(&Method::GET, 403, r#"{"error": "insufficient_scope"}"#);
        assert_eq!(silent, r#"Lacks("a scope that this needs")"#);
    }

    #[test]
    fn words_of_any_shape_are_one_bounded_line() {
        for (body, words) in [
            (r#"{"message": "no"}"#, "no"),
            (r#"{"message": ["a", "b"]}"#, "a, b"),
            (r#"{"message": {"base": ["a"], "title": ["b"]}}"#, "a, b"),
            (r#"{"error": "x", "error_description": "y"}"#, "x, y"),
            (r#"{"message": "a\u001b[2J\nb"}"#, "a\u{fffd}[2J\u{fffd}b"),
            ("<html>", "it does not say why"),
            ("{}", "it does not say why"),
            ("[[[", "it does not say why"),
        ] {
            assert_eq!(super::words(body.as_bytes()), words, "{body}");
        }
        let many = serde_json::json!({ "message": vec!["x".repeat(500); 500] });
        assert!(super::words(many.to_string().as_bytes()).len() < 210);
    }

    #[test]
    fn a_429_says_until_when_or_nothing() {
        let until = |name: &'static str, value: &'static str| {
            let value = HeaderValue::from_static(value);
            let headers: HeaderMap = [(HeaderName::from_static(name), value)]
                .into_iter()
                .collect();
            super::until(&headers)
        };
        let soon = until("retry-after", "30").unwrap();
        let left = soon.duration_since(Timestamp::now()).as_secs();
        assert!((28..=30).contains(&left), "{left}");
        let reset = until("ratelimit-reset", "1700000000");
        assert_eq!(reset, Timestamp::from_second(1_700_000_000).ok());
        assert_eq!(until("ratelimit-reset", "soon"), None);
        assert_eq!(super::until(&HeaderMap::new()), None);
    }
}
