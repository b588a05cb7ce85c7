//! GitHub: its REST and its GraphQL, held against what GitHub publishes about them.
//!
//! `contract` is what is published; `graphql` and `rest` answer by it; `refuse` has GitHub's words
//! for what it does not do, `limited` those for what is too much.

mod app;
mod contract;
mod filled;
mod graphql;
mod id;
mod limited;
mod refuse;
mod rest;

use std::collections::VecDeque;

use hyper::{StatusCode, header::HeaderName};
use serde_json::{Value, json};

pub use app::App;
use graphql::{Asking, Question, Thing};

use super::{
    Door, Forge, Grant, Hit, Left, Nature, Store, Told,
    identity::ActorKind,
    world::{Face, State, token},
};
use crate::web::{Asked, Plain};

/// GitHub's manner.
#[derive(Debug)]
struct Github;

impl Forge {
    /// Starts a GitHub with one organisation, which has no repositories and knows no token.
    ///
    /// Its REST API is at `/` and, as on an enterprise's server, at `/api/v3`; GraphQL at
    /// `/graphql` and `/api/graphql`.
    ///
    /// # Panics
    /// If the machine gives no port or thread, or `dev/setup.sh forge` has not run.
    pub fn github(owner: &str) -> Self {
        // Read here, so that a test without them ends here.
        contract::graphql();
        contract::rest();
        Self::launch(Box::new(Github), owner)
    }

    /// The name by which GraphQL knows the repository of that number.
    pub fn node_id(repository: u64) -> String {
        id::of(&Thing::Repository(repository)).unwrap_or_default()
    }
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
    let body = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.to_string(),
    });
    answer(status, &body)
}

fn is_graphql(asked: &Asked) -> bool {
    asked.path == "/graphql" || asked.path == "/api/graphql"
}

impl Face for Github {
    fn nature(&self, asked: &Asked) -> Nature {
        if is_graphql(asked) {
            let question = Question::read(&asked.body);
            return question.map_or_else(|_| invalid(), |question| question.nature());
        }
        rest::nature(asked)
    }

    fn answer(&self, state: &mut State, base: &str, asked: &Asked) -> Plain {
        if !is_graphql(asked) {
            return rest::answer(state, base, asked);
        }
        let Some(grant) = granted(&state.store, asked) else {
            return refusal(401, "Bad credentials");
        };
        let question = match Question::read(&asked.body) {
            Ok(question) => question,
            Err(error) => {
                state.violations.push(format!("GraphQL: {error}"));
                return answer(200, &json!({ "errors": [{ "message": error }] }));
            }
        };
        let nature = question.nature();
        let now = state.store.clock.millis();
        let left = state
            .meters
            .left(&grant.actor.login, now, Door::Graphql, &state.limits);
        let (body, faults) = question.answer(Asking {
            store: &mut state.store,
            by: grant.actor.clone(),
            told: grant.told,
            base,
            left,
            cost: nature.primary,
            refused: VecDeque::new(),
        });
        let fault = |fault: String| format!("GraphQL {}: {fault}", nature.operations.join(" "));
        state.violations.extend(faults.into_iter().map(fault));
        scopes(&grant, answer(200, &body))
    }

    fn limited(&self, hit: Hit, _left: Left, asked: &Asked) -> Plain {
        limited::answer_to(hit, is_graphql(asked))
    }

    fn tell(&self, left: Left, nature: &Nature, plain: Plain) -> Plain {
        limited::tell(left, nature.door, plain)
    }
}

fn invalid() -> Nature {
    Nature {
        operations: vec!["(invalid)".to_owned()],
        points: 1,
        primary: 1,
        door: Door::Graphql,
        ..Nature::default()
    }
}

/// The grant of the token that a request shows.
fn granted(store: &Store, asked: &Asked) -> Option<Grant> {
    store.granted(&token(asked)?).cloned()
}

/// A classic token's scopes are told with every answer.
fn scopes(grant: &Grant, plain: Plain) -> Plain {
    if grant.told != Told::Scopes || grant.actor.kind != ActorKind::User {
        return plain;
    }
    let name = HeaderName::from_static("x-oauth-scopes");
    plain.with(name, rest::scopes(&grant.actor))
}
