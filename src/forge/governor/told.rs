//! What an answer says about limits, at GitHub and at GitLab.

use bytes::Bytes;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use memchr::memmem;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    Api, Moment,
    pace::{Budget, Told, Verdict},
};
use crate::{
    forge::Answer,
    seam::{http::header::HeaderMap, retry},
};

/// An answer about limits, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) told: Told,
    /// Whether a call that was too much may have been done in part.
    pub(super) in_part: bool,
}

/// Reads what `answer`, which came at `now`, says about limits.
pub(super) fn read(api: Api, answer: &Answer, now: Moment) -> Reading {
    let headers = Headers(&answer.headers);
    let (left, resets_in) = (headers.left(), headers.resets_in(now));
    let asked = headers.retry_after(now);
    let (too_much, in_part) = match answer.status {
        429 => (true, false),
        403 => {
            let named = asked.is_some() || left == Some(0) || speaks_of_limits(&answer.body);
            (named, false)
        }
        200 if api == Api::GraphQl => graphql(&answer.body),
        _ => (false, false),
    };
    let verdict = match (too_much, left, asked.or(resets_in)) {
        (false, ..) if answer.status >= 500 => Verdict::Silent,
        (false, ..) => Verdict::Allowed,
        (true, Some(0), Some(wait)) => Verdict::Spent(wait),
        (true, Some(0), None) => Verdict::TooFast(None),
        // The reset is that of a budget which is not spent.
        (true, ..) => Verdict::TooFast(asked),
    };
    let budget = left.zip(resets_in).filter(|_| headers.is_of_all_calls());
    let budget = budget.map(|(left, wait)| Budget {
        left,
        resets: now.plus(wait),
    });
    Reading {
        told: Told { verdict, budget },
        in_part,
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Headers<'_> {
    /// GitHub's name has the prefix, GitLab's has not.
    fn limit(&self, name: &str) -> Option<&str> {
        self.text(&format!("x-ratelimit-{name}"))
            .or_else(|| self.text(&format!("ratelimit-{name}")))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn left(&self) -> Option<u32> {
        self.limit("remaining")?.trim().parse().ok()
    }

    /// Search and some others have budgets that are no matter to the rest.
    fn is_of_all_calls(&self) -> bool {
        matches!(self.limit("resource"), None | Some("core" | "graphql"))
    }

    /// By the forge's own clock, where it shows it: ours may be wrong.
    fn date(&self, now: Moment) -> Timestamp {
        let date = self.text("date");
        let date = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        date.or_else(|| now.timestamp()).unwrap_or_default()
    }

    fn resets_in(&self, now: Moment) -> Option<u64> {
        let at: i64 = self.limit("reset")?.trim().parse().ok()?;
        let seconds = at.saturating_sub(self.date(now).as_second());
        Some(u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000))
    }

    fn retry_after(&self, now: Moment) -> Option<u64> {
        let wait = retry::retry_after(self.text("retry-after")?, self.date(now))?;
        u64::try_from(wait.as_millis()).ok()
    }
}

/// Whether a refusal says that it is for the pace.
fn speaks_of_limits(body: &Bytes) -> bool {
    let head = &body[..body.len().min(4096)];
    let head = head.to_ascii_lowercase();
    [&b"rate limit"[..], b"abuse detection"]
        .iter()
        .any(|words| memmem::find(&head, words).is_some())
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Problem>,
}

/// The answers to each question; `None` where there is none.
type Data = std::collections::BTreeMap<String, Option<IgnoredAny>>;

#[derive(Deserialize)]
struct Problem {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

impl Problem {
    fn is_of_limits(&self) -> bool {
        let kind = self.kind.as_deref();
        let message = self.message.as_deref().unwrap_or_default();
        kind == Some("RATE_LIMITED") || message.contains("secondary rate limit")
    }
}

/// Whether an answer of GraphQL holds an error for the pace, and something else beside it.
fn graphql(body: &Bytes) -> (bool, bool) {
    // Rare, and a body may be large: it is read only where the words are in it.
    let words = [&b"RATE_LIMITED"[..], b"secondary rate limit"];
    if !words.iter().any(|it| memmem::find(body, it).is_some()) {
        return (false, false);
    }
    let Ok(document) = serde_json::from_slice::<Document>(body) else {
        return (false, false);
    };
    let too_much = document.errors.iter().any(Problem::is_of_limits);
    let done = document.data.into_iter().flatten();
    let in_part = done.into_iter().any(|(_, answer)| answer.is_some());
    (too_much, too_much && in_part)
}

#[cfg(test)]
mod tests;
