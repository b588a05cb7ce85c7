//! What an answer means: the JSON of a success, or the reason of a refusal.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    super::{Reason, transport::Answer},
    client::refusal,
};
use crate::model::text;

/// The most characters of a forge's sentence that are passed on.
const SENTENCE: usize = 300;
/// What is kept of many errors in one answer.
const ERRORS: usize = 3;

/// A failed request's own words.
#[derive(Debug, Default, Deserialize)]
struct Words {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Value,
}

/// The JSON of a success.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Reason> {
    if !(200..300).contains(&answer.status) {
        return Err(refused(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| Reason::Malformed("it is not the API's JSON"))
}

/// Whether it was done.
pub(super) fn done(answer: &Answer) -> Result<(), Reason> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    Err(refused(answer))
}

/// The reason of a status that says no.
pub(super) fn refused(answer: &Answer) -> Reason {
    let words: Words = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = words.sentence();
    let refusal = refusal(answer);
    match answer.status {
        401 => Reason::Unauthorized(refusal),
        403 if said.is_empty() => Reason::Unauthorized(refusal),
        403 => of_sentence(&said, Some("FORBIDDEN")),
        404 => Reason::NotFound(refusal),
        405 | 409 | 422 if !said.is_empty() => of_sentence(&said, None),
        300..=399 => Reason::Redirect("although its API should not"),
        _ => Reason::Unexpected(refusal),
    }
}

impl Words {
    fn sentence(&self) -> String {
        let mut all = vec![self.message.as_str()];
        if let Value::Array(errors) = &self.errors {
            let told = errors.iter().take(ERRORS).filter_map(|error| match error {
                Value::String(text) => Some(text.as_str()),
                other => other.get("message").and_then(Value::as_str),
            });
            all.extend(told);
        }
        all.retain(|it| !it.is_empty());
        text::shortened(&all.join(": "), SENTENCE)
    }
}

/// The reason in a sentence of GitHub's, and in the kind of error where it tells one.
pub(super) fn of_sentence(said: &str, kind: Option<&str>) -> Reason {
    let said = text::shortened(said, SENTENCE);
    let lower = said.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if kind == Some("RATE_LIMITED") || has(&["rate limit", "abuse detection"]) {
        return Reason::RateLimited { until: None };
    }
    if kind == Some("STALE_DATA") || has(&MOVED) {
        return Reason::Moved;
    }
    if has(&EXISTS) {
        return Reason::Exists;
    }
    if has(&RULES) {
        return Reason::Rules(said);
    }
    if let Some(lacking) = lacking(&said, &lower) {
        return Reason::Lacks(lacking);
    }
    match kind {
        Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => Reason::Lacks(right(&said)),
        _ => Reason::Invalid(said),
    }
}

const MOVED: [&str; 6] = [
    "base branch was modified",
    "expected branch to point to",
    "head branch was modified",
    "head sha didn't match",
    "expected head oid",
    "is not a fast forward",
];
const EXISTS: [&str; 3] = [
    "already exists",
    "reference already",
    "a pull request already",
];
const RULES: [&str; 8] = [
    "rule violation",
    "protected branch",
    "branch protection",
    "required status check",
    "must have verified signatures",
    "changes must be made through",
    "approving review is required",
    "push declined",
];

fn right(said: &str) -> String {
    format!("the right to do it: {said}")
}

/// What the token lacks, as a name of ours where the sentence has none.
fn lacking(said: &str, lower: &str) -> Option<String> {
    if lower.contains("workflow") && lower.contains("scope") {
        return Some("the scope `workflow`".to_owned());
    }
    if lower.contains("workflow") && lower.contains("permission") {
        return Some("the permission `workflows: write`".to_owned());
    }
    let known = [
        "resource not accessible",
        "required scopes",
        "saml enforcement",
        "must have push access",
        "does not have permission",
        "does not have the correct permissions",
    ];
    known
        .iter()
        .any(|it| lower.contains(it))
        .then(|| right(said))
}
