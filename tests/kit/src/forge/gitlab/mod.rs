//! GitLab: one group of an instance, with its REST and its GraphQL.
//!
//! `operations` are the endpoints that are known, each with the parameters that GitLab documents;
//! `rest` answers them in GitLab's words. `graphql` executes documents by the schema that GitLab
//! publishes, which `contract` reads, and `complexity` counts them as GitLab does.

mod commits;
mod complexity;
mod contract;
mod entity;
mod graphql;
mod operations;
mod requests;
mod rest;

use apollo_compiler::{Schema, validation::Valid};
use hyper::{StatusCode, header::HeaderName};
use serde_json::{Value, json};

use super::{
    Door, Forge, Grant, Hit, Left, Nature, Right, Store,
    world::{Face, State, token},
};
use crate::web::{Asked, Plain};

/// How an instance is set up.
#[derive(Clone, Debug)]
pub struct Instance {
    /// It has a licence: push rules, approvals, merge trains.
    pub enterprise: bool,
    /// The most complex document that it answers.
    pub complexity: u32,
    /// It signs what it commits for others.
    pub signs: bool,
    /// Push rules hold for what it commits for others, too.
    pub checks_own: bool,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            enterprise: true,
            complexity: 250,
            signs: false,
            checks_own: true,
        }
    }
}

impl Forge {
    /// Starts a GitLab with a licence and one group.
    ///
    /// Its REST API is at `/api/v4`, GraphQL at `/api/graphql`. A [`Run`](super::Run) is a pipeline
    /// with one job of ours; its annotations may say otherwise by their title: `job` names the job,
    /// `failure_reason` is GitLab's, and `fullsend-report.json` is the artifact of that name.
    pub fn gitlab(group: &str) -> Self {
        Self::gitlab_as(group, Instance::default())
    }

    /// The same, set up in another way.
    pub fn gitlab_as(group: &str, instance: Instance) -> Self {
        let schema = contract::schema(instance.enterprise);
        Self::launch(Box::new(Gitlab { instance, schema }), group)
    }
}

/// GitLab's manner.
#[derive(Debug)]
struct Gitlab {
    instance: Instance,
    schema: Valid<Schema>,
}

/// An answer in JSON.
fn answer(status: u16, body: &Value) -> Plain {
    Plain {
        status: StatusCode::from_u16(status).unwrap_or_default(),
        ..Plain::json(body.to_string())
    }
}

/// A refusal in REST.
fn refusal(status: u16, message: &str) -> Plain {
    answer(status, &json!({ "message": message }))
}

fn is_graphql(asked: &Asked) -> bool {
    asked.path == "/api/graphql"
}

/// Who asks, where their token is accepted and is no job's.
fn granted(store: &Store, asked: &Asked) -> Option<Grant> {
    store.granted(&token(asked)?).cloned()
}

impl Face for Gitlab {
    fn nature(&self, asked: &Asked) -> Nature {
        let one = |operation: &str, door, writes| Nature {
            operations: vec![operation.to_owned()],
            writes,
            creations: writes,
            primary: 1,
            points: 1,
            door,
        };
        if is_graphql(asked) {
            return one("query", Door::Graphql, 0);
        }
        let writes = u32::from(asked.method != hyper::Method::GET);
        match operations::find(&asked.method, &asked.path) {
            Some((operation, _)) => one(operation.name, Door::Rest, writes),
            None => one("(unknown)", Door::Rest, writes),
        }
    }

    fn answer(&self, state: &mut State, base: &str, asked: &Asked) -> Plain {
        let Some(grant) = granted(&state.store, asked) else {
            let message = if is_graphql(asked) {
                json!({"errors": [{"message": "Invalid token"}]})
            } else {
                json!({"message": "401 Unauthorized"})
            };
            return answer(401, &message);
        };
        if is_graphql(asked) {
            return graphql::reply(self, state, base, &grant.actor, asked);
        }
        if asked.method != hyper::Method::GET && !grant.actor.may(Right::Requests) {
            return answer(
                403,
                &json!({
                    "error": "insufficient_scope",
                    "error_description":
                        "The request requires higher privileges than provided by the access token.",
                    "scope": "api",
                }),
            );
        }
        rest::reply(self, state, base, &grant, asked)
    }

    fn limited(&self, hit: Hit, left: Left, _asked: &Asked) -> Plain {
        let wait = match hit {
            Hit::Primary => 60,
            Hit::Secondary { wait } => wait,
        };
        let header = HeaderName::from_static;
        Plain {
            status: StatusCode::TOO_MANY_REQUESTS,
            body: "Retry later\n".into(),
            ..Plain::default()
        }
        .with(header("retry-after"), wait.to_string())
        .with(header("ratelimit-remaining"), "0".to_owned())
        .with(header("ratelimit-reset"), left.reset.to_string())
    }

    fn tell(&self, left: Left, _nature: &Nature, plain: Plain) -> Plain {
        if plain.status == StatusCode::TOO_MANY_REQUESTS {
            return plain;
        }
        let header = HeaderName::from_static;
        let remaining = left.limit.saturating_sub(left.used);
        plain
            .with(header("ratelimit-limit"), left.limit.to_string())
            .with(header("ratelimit-observed"), left.used.to_string())
            .with(header("ratelimit-remaining"), remaining.to_string())
            .with(header("ratelimit-reset"), left.reset.to_string())
    }
}
