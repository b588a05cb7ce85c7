//! Merge requests, as REST and GraphQL tell of them.

use serde::Deserialize;

use super::{
    super::{Brings, Checks, Mergeable, Request, RequestState},
    graphql::Lacking,
};

/// What GraphQL is asked about a merge request.
pub(super) fn fragment(lacking: &Lacking) -> String {
    let approvals = lacking.unless("MergeRequest.approvalsRequired", "approvalsRequired");
    format!(
        "fragment R on MergeRequest {{ id iid webUrl title sourceBranch sourceProjectId \
         diffHeadSha sourceBranchExists state draft autoMergeEnabled detailedMergeStatus \
         author {{ username }} headPipeline {{ status }} {approvals} }}"
    )
}

/// A merge request in GraphQL.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    id: String,
    iid: String,
    web_url: Option<String>,
    title: String,
    pub(super) source_branch: String,
    source_project_id: Option<u64>,
    diff_head_sha: Option<String>,
    pub(super) source_branch_exists: bool,
    state: String,
    draft: bool,
    auto_merge_enabled: bool,
    detailed_merge_status: Option<String>,
    #[serde(default)]
    pub(super) approvals_required: Option<u32>,
    author: Option<Author>,
    head_pipeline: Option<Pipeline>,
}

/// A merge request in REST.
#[derive(Debug, Deserialize)]
pub(super) struct Entity {
    id: u64,
    pub(super) iid: u64,
    web_url: String,
    title: String,
    source_branch: String,
    #[serde(default)]
    pub(super) source_project_id: Option<u64>,
    #[serde(default)]
    pub(super) sha: Option<String>,
    pub(super) state: String,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    pub(super) merge_when_pipeline_succeeds: bool,
    #[serde(default)]
    pub(super) detailed_merge_status: Option<String>,
    #[serde(default)]
    author: Option<Author>,
    #[serde(default)]
    pub(super) head_pipeline: Option<Pipeline>,
    #[serde(default)]
    target_branch: String,
    /// A number as a text, `1000+` for more, nothing before it is known; told of one request.
    #[serde(default)]
    changes_count: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Author {
    username: String,
}

/// The pipeline of a request's head.
#[derive(Debug, Deserialize)]
pub(super) struct Pipeline {
    status: String,
}

impl Node {
    /// Whether it is made from a branch of the project itself: a fork's may have the same name.
    pub(super) fn is_from(&self, project: u64) -> bool {
        self.source_project_id == Some(project)
    }

    /// Whether it is open.
    pub(super) fn is_open(&self) -> bool {
        state(&self.state) == RequestState::Open
    }

    /// None where it makes no sense.
    pub(super) fn request(self) -> Option<Request> {
        Some(Request {
            number: self.iid.parse().ok()?,
            id: self.id,
            url: self.web_url.unwrap_or_default(),
            title: self.title,
            branch: self.source_branch,
            head: self.diff_head_sha.and_then(|sha| sha.parse().ok()),
            state: state(&self.state),
            author: author(self.author),
            is_draft: self.draft,
            checks: checks(self.head_pipeline.as_ref()),
            mergeable: mergeable(self.detailed_merge_status.as_deref()),
            is_on_its_way: self.auto_merge_enabled,
        })
    }
}

impl Entity {
    pub(super) fn brings(self) -> Brings {
        Brings {
            base: self.target_branch,
            head: self.sha.and_then(|sha| sha.parse().ok()),
            files: self.changes_count.and_then(|it| it.parse().ok()),
        }
    }

    pub(super) fn request(self) -> Request {
        Request {
            id: format!("gid://gitlab/MergeRequest/{}", self.id),
            number: self.iid,
            url: self.web_url,
            title: self.title,
            branch: self.source_branch,
            head: self.sha.and_then(|sha| sha.parse().ok()),
            state: state(&self.state),
            author: author(self.author),
            is_draft: self.draft,
            checks: checks(self.head_pipeline.as_ref()),
            mergeable: mergeable(self.detailed_merge_status.as_deref()),
            is_on_its_way: self.merge_when_pipeline_succeeds,
        }
    }
}

/// The account of somebody who was deleted is GitLab's ghost.
fn author(author: Option<Author>) -> String {
    author.map_or_else(|| "ghost".to_owned(), |it| it.username)
}

/// While it is merged, a request is `locked` for a moment.
pub(super) fn state(state: &str) -> RequestState {
    match state {
        "merged" => RequestState::Merged,
        "closed" => RequestState::Closed,
        _ => RequestState::Open,
    }
}

/// What a pipeline says; REST writes it small, GraphQL in capitals.
pub(super) fn checks(pipeline: Option<&Pipeline>) -> Checks {
    let status = pipeline.map(|it| it.status.to_lowercase());
    match status.as_deref() {
        None => Checks::None,
        Some("success" | "skipped") => Checks::Passed,
        Some("failed" | "canceled") => Checks::Failed,
        Some(_) => Checks::Pending,
    }
}

/// The sense of `detailed_merge_status`.
pub(super) fn mergeable(status: Option<&str>) -> Mergeable {
    let status = status.map(str::to_lowercase);
    match status.as_deref() {
        Some("mergeable") => Mergeable::Clean,
        Some("conflict" | "broken_status") => Mergeable::Conflicts,
        None | Some("unchecked" | "checking" | "preparing" | "approvals_syncing") => {
            Mergeable::Unknown
        }
        Some(_) => Mergeable::Blocked,
    }
}
