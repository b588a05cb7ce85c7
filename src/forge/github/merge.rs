//! Having a request merged, without passing by any protection.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{Brings, Checks, Cost, Mergeable, Merging, Reason, Repository, Request, RequestState},
    GitHub,
    documents::{self, Mutation},
    graphql::{self, Tries},
    pull::Pull,
    rest,
};
use crate::model::commit::CommitId;

#[derive(Deserialize)]
struct Node<T> {
    node: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    base_ref_name: String,
    head_ref_oid: String,
    changed_files: u64,
}

impl GitHub {
    /// See [`Forge::merge`](super::super::Forge::merge).
    pub(super) async fn merge_once(
        &self,
        repository: &Repository,
        request: &Request,
        head: &CommitId,
    ) -> Result<Merging, Reason> {
        if request.head.as_ref().is_some_and(|known| known != head) {
            return Err(Reason::Moved);
        }
        let methods = repository.methods;
        if request.is_on_its_way {
            return Ok(if methods.queue {
                Merging::Queued
            } else {
                Merging::Automatic
            });
        }
        if request.is_draft {
            return Ok(Merging::Waiting("it is a draft".to_owned()));
        }
        let mut input = json!({"pullRequestId": request.id, "expectedHeadOid": head.as_str()});
        if methods.queue {
            return match self.edit(Mutation::Enqueue, input, Cost::WRITE).await {
                // REST would merge past the queue.
                Err(reason) if self.closes(&reason) => Ok(Merging::Waiting(
                    "only GraphQL, which is closed, puts it into the merge queue".to_owned(),
                )),
                queued => waiting(queued.map(|_| Merging::Queued)),
            };
        }
        if !methods.auto {
            return self.merge_now(repository, request, head).await;
        }
        input["mergeMethod"] = json!(method(repository)?);
        match self.edit(Mutation::AutoMerge, input, Cost::WRITE).await {
            Ok(_) => Ok(Merging::Automatic),
            Err(reason) if is_needless(&reason) || self.closes(&reason) => {
                self.merge_now(repository, request, head).await
            }
            Err(reason) => waiting(Err(reason)),
        }
    }

    /// See [`Forge::brings`](super::super::Forge::brings).
    pub(super) async fn brings_now(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Brings, Reason> {
        if !self.is_closed() {
            let document = documents::brings(&request.id);
            match graphql::ask::<Node<Told>>(&self.client, document, Tries::Many).await {
                Err(reason) if self.closes(&reason) => {}
                reply => {
                    let told = reply?.data.node.ok_or(super::survey::GONE)?;
                    return Ok(Brings {
                        base: told.base_ref_name,
                        head: told.head_ref_oid.parse().ok(),
                        files: Some(told.changed_files),
                    });
                }
            }
        }
        rest::brings(self, repository, request.number).await
    }

    /// Merges where nothing is in the way. An administrator's token could merge in spite of what
    /// is; hence the look before.
    async fn merge_now(
        &self,
        repository: &Repository,
        request: &Request,
        head: &CommitId,
    ) -> Result<Merging, Reason> {
        let now = self.request_now(repository, request).await?;
        match now.state {
            RequestState::Open => {}
            RequestState::Merged => return Ok(Merging::Merged),
            RequestState::Closed => return Ok(Merging::Waiting("somebody closed it".to_owned())),
        }
        if now.head.as_ref() != Some(head) {
            return Err(Reason::Moved);
        }
        if let Some(obstacle) = obstacle(&now) {
            return Ok(Merging::Waiting(obstacle.to_owned()));
        }
        let method = method(repository)?;
        if self.is_closed() {
            return waiting(rest::merge(self, repository, &now, head, method).await);
        }
        let input = json!({
            "pullRequestId": request.id,
            "expectedHeadOid": head.as_str(),
            "mergeMethod": method,
        });
        let merged = self.edit(Mutation::Merge, input, Cost::WRITE).await;
        waiting(merged.and_then(|data| {
            let state = data.pointer("/mergePullRequest/pullRequest/state");
            match state.and_then(Value::as_str) {
                Some("MERGED") => Ok(Merging::Merged),
                _ => Err(super::change::unsure(Reason::Malformed(
                    "it tells no merge",
                ))),
            }
        }))
    }

    /// A request as it is now.
    pub(super) async fn request_now(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Request, Reason> {
        if !self.is_closed() {
            let document = documents::request(&request.id);
            match graphql::ask::<Node<Pull>>(&self.client, document, Tries::Many).await {
                Err(reason) if self.closes(&reason) => {}
                reply => return Ok(reply?.data.node.ok_or(super::survey::GONE)?.into_request()),
            }
        }
        rest::request(self, repository, request.number).await
    }
}

/// What is in the way of a plain merge.
fn obstacle(request: &Request) -> Option<&'static str> {
    match (request.mergeable, request.checks) {
        (Mergeable::Conflicts, _) => Some("it conflicts with the default branch"),
        (Mergeable::Blocked, _) => Some("a review or a required check is missing"),
        (Mergeable::Unknown, _) => Some("GitHub has not found out yet whether it can be merged"),
        (Mergeable::Clean, Checks::Pending) => Some("its checks are not done"),
        (Mergeable::Clean, Checks::Failed) => Some("a check failed"),
        (Mergeable::Clean, Checks::None | Checks::Passed) => None,
    }
}

/// The way of merging that keeps a straight history and is signed by the forge, where the
/// repository allows it; else another one.
fn method(repository: &Repository) -> Result<&'static str, Reason> {
    let methods = repository.methods;
    let ways = [
        (methods.squash, "SQUASH"),
        (methods.merge, "MERGE"),
        (methods.rebase, "REBASE"),
    ];
    let way = ways.iter().find(|(is_allowed, _)| *is_allowed);
    let way = way.map(|(_, name)| *name);
    way.ok_or_else(|| Reason::Rules("no way of merging is allowed".to_owned()))
}

/// Whether there is nothing that auto-merge would wait for.
fn is_needless(reason: &Reason) -> bool {
    let (Reason::Invalid(said) | Reason::Rules(said)) = reason else {
        return false;
    };
    let said = said.to_lowercase();
    let needless = [
        "clean status",
        "unstable status",
        "has_hooks status",
        "rules not configured",
    ];
    needless.iter().any(|it| said.contains(it)) || said.contains("auto merge is not allowed")
}

/// What a rule or the request's state forbids is for somebody to see to.
fn waiting(outcome: Result<Merging, Reason>) -> Result<Merging, Reason> {
    match outcome {
        Err(Reason::Rules(said) | Reason::Invalid(said)) => Ok(Merging::Waiting(said)),
        outcome => outcome,
    }
}
