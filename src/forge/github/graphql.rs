//! Asking in GraphQL: an answer holds data and errors at once, and both count.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    super::{
        Cost, Reason,
        transport::{Answer, is_too_much},
    },
    answer,
    client::{Call, Client, refusal},
    documents::Document,
};
use crate::{model::text, seam::http::Method};

/// More errors than this in one answer are not looked at.
const MAX_FAULTS: usize = 10_000;

/// What came of a question.
#[derive(Debug)]
pub(super) struct Reply<T> {
    /// What could be told.
    pub(super) data: T,
    /// What could not.
    pub(super) faults: Vec<Fault>,
    /// With its headers.
    pub(super) answer: Answer,
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Whole<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Fault>,
}

/// An error in an answer.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Fault {
    #[serde(default)]
    message: String,
    /// `NOT_FOUND`, `FORBIDDEN` and so on.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    /// The field that it is about.
    #[serde(default)]
    path: Vec<Step>,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Step {
    /// A field.
    Name(String),
    /// An element.
    At(usize),
}

impl Fault {
    /// The field that it is about.
    pub(super) fn path(&self) -> &[Step] {
        &self.path
    }

    /// The field's name at the path's beginning.
    pub(super) fn root(&self) -> Option<&str> {
        match self.path.first() {
            Some(Step::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Whether it says that we may not see something, or that it is not there.
    pub(super) fn hides(&self) -> bool {
        matches!(self.kind.as_deref(), Some("NOT_FOUND" | "FORBIDDEN"))
    }

    /// Whether something is not there.
    pub(super) fn is_not_found(&self) -> bool {
        self.kind.as_deref() == Some("NOT_FOUND")
    }

    /// What it means.
    pub(super) fn reason(&self) -> Reason {
        if self.is_exhaustion() {
            return Reason::Said(text::shortened(&self.message, 200));
        }
        answer::of_sentence(&self.message, self.kind.as_deref())
    }

    /// Whether the forge gave up: it took too long, or was too much.
    fn is_exhaustion(&self) -> bool {
        let kind = matches!(
            self.kind.as_deref(),
            Some("RESOURCE_LIMITS_EXCEEDED" | "MAX_NODE_LIMIT_EXCEEDED" | "INTERNAL" | "TIMEOUT")
        );
        let lower = self.message.to_lowercase();
        let told = [
            "something went wrong",
            "timeout",
            "timed out",
            "limits for this query",
        ];
        kind || told.iter().any(|it| lower.contains(it))
    }
}

/// How often a question may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tries {
    /// Until it is answered.
    Many,
    /// Once: where it is too much, a smaller one will do.
    One,
}

/// Asks; what cannot be told stands in the reply's faults.
pub(super) async fn ask<T: DeserializeOwned>(
    client: &Client,
    document: Document,
    tries: Tries,
) -> Result<Reply<T>, Reason> {
    let call = post(&document, Cost::READ);
    let call = match tries {
        Tries::Many => call.repeatable(),
        Tries::One => call.once(),
    };
    let answer = client.send(&call).await?;
    let (data, faults) = parts(&answer)?;
    let data = data.ok_or_else(|| first(&faults))?;
    Ok(Reply {
        data,
        faults,
        answer,
    })
}

/// Changes something; sent once.
///
/// An answer without data that does not say why is [`Reason::Unsure`].
pub(super) async fn change(
    client: &Client,
    document: Document,
    cost: Cost,
) -> Result<Reply<Value>, Reason> {
    let answer = client.send(&post(&document, cost)).await?;
    let (data, faults) = parts::<Value>(&answer).map_err(unsure)?;
    if let Some(lost) = faults.iter().map(Fault::reason).find(is_exhausted) {
        return Err(Reason::Unsure(Box::new(lost)));
    }
    let data = data.unwrap_or(Value::Null);
    if data.is_null() {
        return Err(first(&faults));
    }
    Ok(Reply {
        data,
        faults,
        answer,
    })
}

/// A success that cannot be read tells nothing about what was done.
fn unsure(reason: Reason) -> Reason {
    match reason {
        Reason::Malformed(_) => Reason::Unsure(Box::new(reason)),
        reason => reason,
    }
}

fn post(document: &Document, cost: Cost) -> Call {
    let body = json!({"query": document.text, "variables": document.variables});
    Call::write(Method::POST, "/graphql", body, cost)
}

fn parts<T: DeserializeOwned>(answer: &Answer) -> Result<(Option<T>, Vec<Fault>), Reason> {
    if matches!(answer.status, 404 | 405 | 410) {
        return Err(Reason::Unexpected(refusal(answer)));
    }
    let mut whole: Whole<T> = answer::read(answer)?;
    whole.errors.truncate(MAX_FAULTS);
    let limit = whole.errors.iter().map(Fault::reason);
    let limit = limit
        .into_iter()
        .find(|it| matches!(it, Reason::RateLimited { .. }));
    match limit {
        Some(limit) => Err(limit),
        None => Ok((whole.data, whole.errors)),
    }
}

/// The reason of the first fault.
pub(super) fn first(faults: &[Fault]) -> Reason {
    let first = faults.first().map(Fault::reason);
    first.unwrap_or(Reason::Malformed("it has neither data nor errors"))
}

/// Whether a smaller question may be answered where this one failed.
pub(super) fn is_exhausted(reason: &Reason) -> bool {
    is_too_much(reason) || matches!(reason, Reason::Said(_))
}

/// Whether GraphQL itself is closed, as where a proxy lets only REST through.
pub(super) fn is_closed(reason: &Reason) -> bool {
    match reason {
        Reason::Unexpected(refusal) => matches!(refusal.status, 404 | 405 | 410),
        Reason::Server(refusal) => refusal.status == 501,
        _ => false,
    }
}
