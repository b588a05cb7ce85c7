//! Pull requests.

use super::{
    super::refuse::Fail,
    Arguments, Asking, Field, Made, Thing, connection,
    repository::{merge_queue, word},
};
use crate::forge::{Checks, Method, Obstacle, Request, RequestState, clock::rfc3339};

impl Asking<'_> {
    pub(super) fn request(
        &mut self,
        id: u64,
        number: u64,
        field: &str,
        arguments: &Arguments,
    ) -> Field {
        let gone = || Fail::not_found("gone");
        let repository = self.store.repository(id).ok_or_else(gone)?;
        let request = repository.requests.get(&number).ok_or_else(gone)?;
        if let Some(plain) = plain(request, field) {
            return Ok(Some(plain));
        }
        let branch = |name: &str| {
            let there = repository.branch(name).is_some();
            there.then(|| Thing::Ref(id, format!("refs/heads/{name}")))
        };
        Ok(Some(match field {
            "url" => self.url(id, &format!("pull/{number}")).into(),
            "author" => self.actor(&request.author).into(),
            "repository" | "baseRepository" | "headRepository" => Thing::Repository(id).into(),
            "headRef" => branch(&request.branch).into(),
            "baseRef" => branch(&request.base).into(),
            "mergeCommit" => request.merged_as.map(|oid| Thing::Commit(id, oid)).into(),
            "autoMergeRequest" => request
                .auto
                .map(|method| self.auto_merge(id, request, method))
                .into(),
            "mergeQueueEntry" => request.queued.then(|| self.queue_entry(id, request)).into(),
            "mergeQueue" => repository.rules.queue.then(|| merge_queue(id)).into(),
            "isInMergeQueue" => request.queued.into(),
            "statusCheckRollup" => rollup(request).into(),
            "viewerCanUpdate" => true.into(),
            "changedFiles" => self.store.changed_files(id, request).into(),
            "mergeable" => self.mergeable(id, number).into(),
            "mergeStateStatus" => self.merge_state(id, number).into(),
            "reviewDecision" => review(repository.rules.approvals, request),
            "commits" => {
                let mut all = self.store.objects.ahead(request.base_at, request.head);
                all.reverse();
                let all = all.into_iter().map(|oid| {
                    Thing::Plain(
                        "PullRequestCommit",
                        vec![
                            ("id", format!("PRC_{oid}").into()),
                            ("commit", Thing::Commit(id, oid).into()),
                        ],
                    )
                });
                return connection::field("PullRequestCommitConnection", field, arguments, all);
            }
            _ => return Ok(None),
        }))
    }

    fn mergeable(&mut self, id: u64, number: u64) -> &'static str {
        if self
            .store
            .obstacles(id, number)
            .contains(&Obstacle::Conflict)
        {
            "CONFLICTING"
        } else {
            "MERGEABLE"
        }
    }

    fn merge_state(&mut self, id: u64, number: u64) -> &'static str {
        let obstacles = self.store.obstacles(id, number);
        let request = self
            .store
            .repository(id)
            .and_then(|it| it.requests.get(&number));
        let checks = request.map_or(Checks::None, |it| it.checks);
        match obstacles.first() {
            Some(Obstacle::Conflict) => "DIRTY",
            Some(Obstacle::Draft) => "DRAFT",
            Some(_) => "BLOCKED",
            None if matches!(checks, Checks::Failed | Checks::Pending) => "UNSTABLE",
            None => "CLEAN",
        }
    }

    fn auto_merge(&self, id: u64, request: &Request, method: Method) -> Thing {
        Thing::Plain(
            "AutoMergeRequest",
            vec![
                ("enabledAt", rfc3339(request.updated).into()),
                ("enabledBy", self.actor(&self.by.login).into()),
                ("mergeMethod", format!("{method:?}").to_uppercase().into()),
                ("pullRequest", Thing::Request(id, request.number).into()),
            ],
        )
    }

    pub(super) fn queue_entry(&self, id: u64, request: &Request) -> Thing {
        Thing::Plain(
            "MergeQueueEntry",
            vec![
                ("id", format!("MQE_{id}_{}", request.number).into()),
                ("state", "QUEUED".into()),
                ("position", 1.into()),
                ("enqueuedAt", rfc3339(request.updated).into()),
                ("enqueuer", self.actor(&self.by.login).into()),
                ("mergeQueue", merge_queue(id).into()),
                ("pullRequest", Thing::Request(id, request.number).into()),
            ],
        )
    }
}

fn plain(request: &Request, field: &str) -> Option<Made> {
    let merged = request.state == RequestState::Merged;
    let ended = || {
        request
            .ended
            .map_or_else(Made::null, |at| rfc3339(at).into())
    };
    Some(match field {
        "number" => request.number.into(),
        "title" => request.title.clone().into(),
        "body" => request.body.clone().into(),
        "headRefName" => request.branch.clone().into(),
        "baseRefName" => request.base.clone().into(),
        "headRefOid" => request.head.to_string().into(),
        "baseRefOid" => request.base_at.to_string().into(),
        "isCrossRepository" => request.foreign.into(),
        "isDraft" => request.draft.into(),
        "state" => word(request.state).into(),
        "closed" => (!request.is_open()).into(),
        "merged" => merged.into(),
        "createdAt" => rfc3339(request.created).into(),
        "updatedAt" => rfc3339(request.updated).into(),
        "closedAt" => ended(),
        "mergedAt" if merged => ended(),
        "mergedAt" => Made::null(),
        _ => return None,
    })
}

fn rollup(request: &Request) -> Option<Thing> {
    let state = match request.checks {
        Checks::None => return None,
        Checks::Pending => "PENDING",
        Checks::Passed => "SUCCESS",
        Checks::Failed => "FAILURE",
    };
    Some(Thing::Plain(
        "StatusCheckRollup",
        vec![
            ("id", format!("SCR_{}", request.head).into()),
            ("state", state.into()),
        ],
    ))
}

fn review(needed: u32, request: &Request) -> Made {
    match needed {
        0 => Made::null(),
        _ if request.approvals >= needed => "APPROVED".into(),
        _ => "REVIEW_REQUIRED".into(),
    }
}
