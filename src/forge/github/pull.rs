//! A pull request as GraphQL tells it.

use serde::Deserialize;
use serde_json::Value;

use super::super::{Checks, Mergeable, Request, RequestState};

/// The fragment `Request`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pull {
    id: String,
    number: u64,
    url: String,
    title: String,
    head_ref_name: String,
    head_ref_oid: Option<String>,
    is_cross_repository: bool,
    state: String,
    is_draft: bool,
    author: Option<Actor>,
    mergeable: Option<String>,
    merge_state_status: Option<String>,
    auto_merge_request: Option<Value>,
    merge_queue_entry: Option<Value>,
    status_check_rollup: Option<Rollup>,
}

#[derive(Debug, Deserialize)]
struct Actor {
    #[serde(rename = "__typename")]
    kind: String,
    login: String,
}

#[derive(Debug, Deserialize)]
struct Rollup {
    state: String,
}

impl Pull {
    /// Its branch is in the repository itself, not in somebody's fork, whose owner names branches
    /// as they please.
    pub(super) fn is_own(&self) -> bool {
        !self.is_cross_repository
    }

    pub(super) fn branch(&self) -> &str {
        &self.head_ref_name
    }

    pub(super) fn into_request(self) -> Request {
        let mergeable = self.mergeable();
        let checks = self
            .status_check_rollup
            .as_ref()
            .map(|it| it.state.as_str());
        Request {
            number: self.number,
            url: self.url,
            title: self.title,
            branch: self.head_ref_name,
            head: self.head_ref_oid.and_then(|oid| oid.parse().ok()),
            state: match self.state.as_str() {
                "OPEN" => RequestState::Open,
                "MERGED" => RequestState::Merged,
                _ => RequestState::Closed,
            },
            author: self
                .author
                .map_or_else(|| "ghost".to_owned(), Actor::account),
            is_draft: self.is_draft,
            checks: match checks {
                None => Checks::None,
                Some("SUCCESS") => Checks::Passed,
                Some("FAILURE" | "ERROR") => Checks::Failed,
                Some(_) => Checks::Pending,
            },
            mergeable,
            is_on_its_way: self.auto_merge_request.is_some() || self.merge_queue_entry.is_some(),
            id: self.id,
        }
    }

    fn mergeable(&self) -> Mergeable {
        if self.mergeable.as_deref() == Some("CONFLICTING") {
            return Mergeable::Conflicts;
        }
        match self.merge_state_status.as_deref() {
            // Unstable is what only optional checks speak against.
            Some("CLEAN" | "HAS_HOOKS" | "UNSTABLE") => Mergeable::Clean,
            Some("DIRTY") => Mergeable::Conflicts,
            Some("BLOCKED" | "BEHIND" | "DRAFT") => Mergeable::Blocked,
            _ => Mergeable::Unknown,
        }
    }
}

impl Actor {
    /// The account as everything but GraphQL writes it.
    fn account(self) -> String {
        if self.kind == "Bot" && !self.login.ends_with("[bot]") {
            return self.login + "[bot]";
        }
        self.login
    }
}
