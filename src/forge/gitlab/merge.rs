//! The wish to merge a request: by the train, by itself once its checks pass, or now.

use std::{borrow::Cow, time::Duration};

use gitlab::api::{BodyError, Endpoint, FormParams, projects::merge_requests::MergeRequest};
use serde::de::IgnoredAny;
use tokio::time::sleep;

use super::{
    super::{Brings, Checks, Mergeable, Merging, Reason, Repository, Request, RequestState},
    GitLab,
    request::{Entity, checks, mergeable, state},
    write::number,
};
use crate::{model::commit::CommitId, seam::http::Method};

/// Looks at a request of which GitLab has not yet found out whether it can be merged.
const LOOKS: u32 = 6;
/// Between two of them.
const PAUSE: Duration = Duration::from_secs(1);

/// How a request is to be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Train,
    Automatic,
    Now,
}

/// The call that merges, or has it merged; the crate knows neither trains nor the name that
/// auto-merge has since GitLab 17.11.
struct Merge<'a> {
    project: u64,
    request: u64,
    head: &'a CommitId,
    way: Way,
}

impl Endpoint for Merge<'_> {
    fn method(&self) -> Method {
        match self.way {
            Way::Train => Method::POST,
            Way::Automatic | Way::Now => Method::PUT,
        }
    }

    fn endpoint(&self) -> Cow<'static, str> {
        let Self {
            project, request, ..
        } = self;
        match self.way {
            Way::Train => format!("projects/{project}/merge_trains/merge_requests/{request}"),
            _ => format!("projects/{project}/merge_requests/{request}/merge"),
        }
        .into()
    }

    fn body(&self) -> Result<Option<(&'static str, Vec<u8>)>, BodyError> {
        let mut form = FormParams::default();
        form.push("sha", self.head.as_str());
        // Each version knows one of the names.
        match self.way {
            Way::Train => {
                form.push("auto_merge", true)
                    .push("when_pipeline_succeeds", true);
            }
            Way::Automatic => {
                form.push("auto_merge", true)
                    .push("merge_when_pipeline_succeeds", true);
            }
            Way::Now => {}
        }
        form.into_body()
    }
}

impl GitLab {
    /// What merging a request would bring now.
    pub(super) async fn brings_now(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Brings, Reason> {
        let seen = self.settled(number(repository)?, request.number).await?;
        Ok(seen.brings())
    }

    /// Has a request merged whose head is `head`, by the first way that is open.
    pub(super) async fn have_merged(
        &self,
        repository: &Repository,
        request: &Request,
        head: &CommitId,
    ) -> Result<Merging, Reason> {
        let project = number(repository)?;
        let seen = self.settled(project, request.number).await?;
        match state(&seen.state) {
            RequestState::Merged => return Ok(Merging::Merged),
            RequestState::Closed => return Ok(Merging::Waiting("it is closed".to_owned())),
            RequestState::Open if seen.sha.as_deref() != Some(head.as_str()) => {
                return Err(Reason::Moved);
            }
            RequestState::Open => {}
        }
        let has_train = repository.methods.queue;
        if seen.merge_when_pipeline_succeeds {
            return Ok(if has_train {
                Merging::Queued
            } else {
                Merging::Automatic
            });
        }
        let Some(way) = way(&seen, has_train) else {
            return Ok(waiting(&seen));
        };
        let merge = Merge {
            project,
            request: request.number,
            head,
            way,
        };
        match self.merge_by(&merge).await {
            Ok(merging) => Ok(merging),
            Err(Refused::Waiting) => Ok(waiting(&seen)),
            Err(Refused::Reason(reason)) => Err(reason),
        }
    }

    /// The request once GitLab has found out whether it can be merged, or after some seconds.
    async fn settled(&self, project: u64, number: u64) -> Result<Entity, Reason> {
        let endpoint = MergeRequest::builder()
            .project(project)
            .merge_request(number)
            .build()
            .map_err(|_| Reason::Malformed("a request is none"))?;
        let mut looks = 1;
        loop {
            let seen: Entity = self.client.get(&endpoint).await?;
            let is_open = state(&seen.state) == RequestState::Open;
            let status = mergeable(seen.detailed_merge_status.as_deref());
            if !is_open || status != Mergeable::Unknown || looks == LOOKS {
                return Ok(seen);
            }
            looks += 1;
            sleep(PAUSE).await;
        }
    }

    async fn merge_by(&self, merge: &Merge<'_>) -> Result<Merging, Refused> {
        if merge.way == Way::Train {
            let _: IgnoredAny = self.client.write(merge).await?;
            return Ok(Merging::Queued);
        }
        let after: Entity = self.client.write(merge).await?;
        Ok(match state(&after.state) {
            RequestState::Merged => Merging::Merged,
            _ if after.merge_when_pipeline_succeeds => Merging::Automatic,
            _ => return Err(Refused::Waiting),
        })
    }
}

/// Why a request is not merged.
enum Refused {
    /// As its status says.
    Waiting,
    Reason(Reason),
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        match reason {
            // GitLab says 401 of a person who may not merge, 405 and 422 of a request that is not
            // ready.
            Reason::Unauthorized(_) | Reason::Invalid(_) => Self::Waiting,
            reason => Self::Reason(reason),
        }
    }
}

/// The first way that may be open.
fn way(seen: &Entity, has_train: bool) -> Option<Way> {
    let is_pending = checks(seen.head_pipeline.as_ref()) == Checks::Pending;
    match mergeable(seen.detailed_merge_status.as_deref()) {
        Mergeable::Conflicts | Mergeable::Unknown => None,
        _ if has_train => Some(Way::Train),
        Mergeable::Clean if !is_pending => Some(Way::Now),
        Mergeable::Clean | Mergeable::Blocked => Some(Way::Automatic),
    }
}

/// What somebody has to do first.
fn waiting(seen: &Entity) -> Merging {
    let status = seen.detailed_merge_status.as_deref().unwrap_or_default();
    let sentence = match status {
        "mergeable" => "this account may not merge it; somebody who may has to",
        "conflict" | "broken_status" => "it conflicts with the default branch",
        "not_approved" | "requested_changes" => "it lacks an approval",
        "ci_must_pass" => "its pipeline did not pass",
        "ci_still_running" => "its pipeline is still running",
        "discussions_not_resolved" => "it has open discussions",
        "draft_status" => "it is a draft",
        "need_rebase" => "it has to be rebased onto the default branch",
        "blocked_status" | "merge_request_blocked" => "another merge request blocks it",
        "policies_denied" | "security_policy_violations" => "a security policy forbids it",
        "status_checks_must_pass" => "an external check did not pass",
        "" | "unchecked" | "checking" | "preparing" | "approvals_syncing" => {
            "GitLab has not found out yet whether it can be merged"
        }
        other => {
            return Merging::Waiting(format!(
                "GitLab says {}",
                crate::model::text::excerpt(other)
            ));
        }
    };
    Merging::Waiting(sentence.to_owned())
}
