//! Documents of GraphQL: what is asked for many projects at once.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    super::Reason,
    client::{Client, read},
    refusal,
};
use crate::{model::text::shortened, seam::http::Method};

/// The most of an error that is repeated.
const QUOTED: usize = 200;

/// What an instance does not have, as `Type.field`: it is older, or without a licence for it.
#[derive(Debug, Default)]
pub(super) struct Lacking(Mutex<BTreeSet<String>>);

/// How many of something are asked for at once; less once the instance found that too much.
#[derive(Debug)]
pub(super) struct Batch(AtomicUsize);

/// Why a document has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// It asks for more than the instance allows in one document, or answers in its time.
    TooMuch(String),
    /// The instance lacks fields that are not needed; they are known now.
    Again,
    /// Something else.
    Reason(Reason),
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<Error>,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: Value,
}

impl Lacking {
    /// `text`, unless the instance lacks the field.
    pub(super) fn unless(&self, field: &str, text: &'static str) -> &'static str {
        if self.lock().contains(field) {
            ""
        } else {
            text
        }
    }

    /// Notes those of `errors` that say so of a field which is not needed; whether that is all.
    fn learn(&self, errors: &[Error], optional: &[&str]) -> bool {
        let unknown = errors.iter().map(|error| {
            let extensions = &error.extensions;
            let is_unknown = extensions["code"].as_str() == Some("undefinedField");
            let type_name = extensions["typeName"].as_str()?;
            let name = format!("{type_name}.{}", extensions["fieldName"].as_str()?);
            (is_unknown && optional.contains(&name.as_str())).then_some(name)
        });
        let Some(unknown) = unknown.collect::<Option<Vec<_>>>() else {
            return false;
        };
        let mut known = self.lock();
        let before = known.len();
        known.extend(unknown);
        known.len() > before
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    /// At first so many.
    pub(super) fn of(size: usize) -> Self {
        Self(AtomicUsize::new(size))
    }

    /// How many to ask for.
    pub(super) fn size(&self) -> usize {
        self.0.load(Ordering::Relaxed).max(1)
    }

    /// So many were too much.
    fn lower(&self, asked: usize) {
        self.0.fetch_min(asked.div_ceil(2), Ordering::Relaxed);
    }

    /// What `ask` answers for all of `items`, in their order: in batches, each halved where it is
    /// too much.
    pub(super) async fn all<'a, T, R, F>(
        &self,
        items: &'a [T],
        ask: impl Fn(&'a [T]) -> F,
    ) -> Result<Vec<R>, Reason>
    where
        F: Future<Output = Result<Vec<R>, Failure>>,
    {
        let mut answers = Vec::with_capacity(items.len());
        let mut rest = items;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.size().min(rest.len()));
            match ask(now).await {
                Ok(found) => {
                    answers.extend(found);
                    rest = later;
                }
                Err(Failure::TooMuch(_)) if now.len() > 1 => self.lower(now.len()),
                Err(Failure::Again) => {}
                Err(Failure::TooMuch(text)) => return Err(Reason::Invalid(text)),
                Err(Failure::Reason(reason)) => return Err(reason),
            }
        }
        Ok(answers)
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::TooLarge { .. } => Self::TooMuch(reason.to_string()),
            reason => Self::Reason(reason),
        }
    }
}

impl Client {
    /// What `document` with `variables` is answered with. A field of `optional`, as `Type.field`,
    /// may be left out where the instance does not have it.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: &Value,
        lacking: &Lacking,
        optional: &[&str],
    ) -> Result<T, Failure> {
        let body = json!({"query": document, "variables": variables});
        let answer = self.graphql(body.to_string().into_bytes()).await?;
        if answer.status != 200 {
            // What is not valid is refused with 400 by some versions, and said as JSON.
            let reply: Option<Reply> = read(&answer.body).ok();
            let errors = reply.map(|reply| reply.errors).unwrap_or_default();
            if answer.status != 400 || errors.is_empty() {
                return Err(refusal::reason(&Method::GET, &answer).into());
            }
            return Err(failure(&errors, lacking, optional));
        }
        let reply: Reply = read(&answer.body)?;
        if !reply.errors.is_empty() {
            return Err(failure(&reply.errors, lacking, optional));
        }
        let data = reply.data.unwrap_or_default();
        serde_json::from_value(data).map_err(|error| {
            tracing::debug!(%error, "an answer is not understood");
            Reason::Malformed("it is not the API's JSON").into()
        })
    }
}

fn failure(errors: &[Error], lacking: &Lacking, optional: &[&str]) -> Failure {
    if lacking.learn(errors, optional) {
        return Failure::Again;
    }
    let text = errors.first().map_or("", |error| error.message.as_str());
    let text = shortened(text, QUOTED);
    let mut messages = errors.iter().map(|error| error.message.as_str());
    if messages.any(is_too_much) {
        return Failure::TooMuch(text);
    }
    Failure::Reason(Reason::Invalid(text))
}

/// Whether an error says that less may be asked for at once.
fn is_too_much(message: &str) -> bool {
    let message = message.to_lowercase();
    ["complexity", "timed out", "timeout", "size limit"]
        .iter()
        .any(|sign| message.contains(sign))
}
