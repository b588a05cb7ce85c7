//! Merge requests: opened, changed, closed.

use gitlab::api::projects::merge_requests::{
    CreateMergeRequest, EditMergeRequest, MergeRequestState, MergeRequestStateEvent, MergeRequests,
};
use serde::de::IgnoredAny;

use super::{
    super::{Proposal, Reason, Repository, Request},
    GitLab,
    request::Entity,
    write::{Making, number},
};

/// What the commits of a repository that wants signatures would lack.
const UNSIGNED: &str = "its commits must be signed, and this GitLab does not sign what it commits \
    for a token; its administrator can have it do so";

impl GitLab {
    /// The branch with one commit, and the request to merge it: one read and two writes.
    pub(super) async fn make_proposal(&self, proposal: &Proposal<'_>) -> Result<Request, Reason> {
        let project = number(proposal.repository)?;
        let made = self.make(Making {
            project,
            branch: proposal.branch,
            parent: proposal.base,
            is_new_branch: true,
            changes: proposal.changes,
            message: proposal.message.text(),
        });
        let head = made.await?;
        if proposal.repository.rules.signed && !self.is_signed(project, &head).await? {
            self.remove_branch(project, proposal.branch, &head).await?;
            return Err(Reason::Rules(UNSIGNED.to_owned()));
        }
        self.make_request(
            proposal.repository,
            proposal.branch,
            proposal.title,
            proposal.body,
        )
        .await
    }

    /// A commit onto a branch that is there, which must be signed where rules say so.
    pub(super) async fn check_signature(
        &self,
        repository: &Repository,
        commit: &crate::model::commit::CommitId,
    ) -> Result<(), Reason> {
        let project = number(repository)?;
        if repository.rules.signed && !self.is_signed(project, commit).await? {
            return Err(Reason::Rules(UNSIGNED.to_owned()));
        }
        Ok(())
    }

    /// A request for a branch that is there. Its branch goes once it is merged: it is ours.
    pub(super) async fn make_request(
        &self,
        repository: &Repository,
        branch: &str,
        title: &str,
        body: &str,
    ) -> Result<Request, Reason> {
        let target = repository.default_branch.as_deref();
        let target = target.ok_or_else(|| Reason::Invalid("it is empty".to_owned()))?;
        let endpoint = CreateMergeRequest::builder()
            .project(number(repository)?)
            .source_branch(branch)
            .target_branch(target)
            .title(title)
            .description(body)
            .remove_source_branch(true)
            .build()
            .map_err(|_| Reason::Malformed("a request is none"))?;
        let made: Entity = self.client.write(&endpoint).await?;
        Ok(made.request())
    }

    /// Replaces a request's title and body.
    pub(super) async fn rewrite(
        &self,
        repository: &Repository,
        request: &Request,
        title: &str,
        body: &str,
    ) -> Result<(), Reason> {
        let endpoint = EditMergeRequest::builder()
            .project(number(repository)?)
            .merge_request(request.number)
            .title(title)
            .description(body)
            .build()
            .map_err(|_| Reason::Malformed("a request is none"))?;
        let _: IgnoredAny = self.client.write(&endpoint).await?;
        Ok(())
    }

    /// Opens a request again, or closes it.
    pub(super) async fn turn(
        &self,
        repository: &Repository,
        request: &Request,
        event: MergeRequestStateEvent,
    ) -> Result<(), Reason> {
        let endpoint = EditMergeRequest::builder()
            .project(number(repository)?)
            .merge_request(request.number)
            .state_event(event)
            .build()
            .map_err(|_| Reason::Malformed("a request is none"))?;
        let _: IgnoredAny = self.client.write(&endpoint).await?;
        Ok(())
    }

    /// The newest request from a branch of the project itself.
    pub(super) async fn own_request(
        &self,
        project: u64,
        branch: &str,
    ) -> Result<Option<Request>, Reason> {
        let endpoint = MergeRequests::builder()
            .project(project)
            .source_branch(branch)
            .build()
            .map_err(|_| Reason::Malformed("a branch has no name"))?;
        let all: Vec<Entity> = self.client.list(&endpoint).await?;
        let own = all
            .into_iter()
            .filter(|it| it.source_project_id == Some(project));
        Ok(own.max_by_key(|it| it.iid).map(Entity::request))
    }

    /// All open requests from branches of the project itself, newest first.
    pub(super) async fn all_open(&self, project: u64) -> Result<Vec<Request>, Reason> {
        let endpoint = MergeRequests::builder()
            .project(project)
            .state(MergeRequestState::Opened)
            .build()
            .map_err(|_| Reason::Malformed("a project has no name"))?;
        let all: Vec<Entity> = self.client.list(&endpoint).await?;
        let own = all
            .into_iter()
            .filter(|it| it.source_project_id == Some(project));
        let mut open: Vec<_> = own.map(Entity::request).collect();
        open.sort_by_key(|it| std::cmp::Reverse(it.number));
        Ok(open)
    }
}
