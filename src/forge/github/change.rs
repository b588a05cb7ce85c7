//! Branches, commits and requests, made in GraphQL; each is sent once.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    super::{Change, Commit, Cost, Message, Proposal, Reason, Repository, Request},
    GitHub,
    documents::{self, Mutation},
    graphql::{self, Fault, Reply},
    pull::Pull,
    rest,
    seen::commit,
};
use crate::model::commit::CommitId;

/// Changes what is there already.
pub(super) const EDIT: Cost = Cost {
    points: 5,
    contents: 0,
};
/// As [`Branch`](super::super::Branch)es end.
const NOTHING: &str = "0000000000000000000000000000000000000000";

impl GitHub {
    /// Branch, commit and request in one document. Where it stops half way for no reason but that
    /// the forge does not yet see its own branch, the rest is sent by itself.
    pub(super) async fn propose_once(&self, proposal: &Proposal<'_>) -> Result<Request, Reason> {
        if self.is_closed() {
            return rest::propose(self, proposal).await;
        }
        let Proposal {
            repository, branch, ..
        } = *proposal;
        let onto = proposal.commit();
        let document = documents::propose(
            new_branch(repository, branch, proposal.base),
            new_commit(&onto),
            new_request(repository, branch, proposal.title, proposal.body)?,
        );
        let reply = match graphql::change(&self.client, document, Cost::WRITE).await {
            Err(reason) if self.closes(&reason) => return rest::propose(self, proposal).await,
            // The document itself is refused: nothing of it was done.
            Err(Reason::Invalid(_)) => return self.propose_in_steps(proposal).await,
            reply => reply?,
        };
        if let Some(fault) = fault(&reply, Mutation::CreateRef) {
            return Err(fault.reason());
        }
        if let Some(fault) = fault(&reply, Mutation::CreateCommit) {
            if !fault.is_not_found() {
                return Err(fault.reason());
            }
            self.commit_once(&onto).await?;
            return self.open_proposed(proposal).await;
        }
        match fault(&reply, Mutation::CreateRequest).map(Fault::reason) {
            None => request(&reply.data),
            Some(Reason::Invalid(_)) => self.open_proposed(proposal).await,
            Some(reason) => Err(reason),
        }
    }

    async fn propose_in_steps(&self, proposal: &Proposal<'_>) -> Result<Request, Reason> {
        let Proposal {
            repository,
            branch,
            base,
            ..
        } = *proposal;
        self.branch_once(repository, branch, base).await?;
        self.commit_once(&proposal.commit()).await?;
        self.open_proposed(proposal).await
    }

    async fn open_proposed(&self, proposal: &Proposal<'_>) -> Result<Request, Reason> {
        let Proposal {
            repository,
            branch,
            title,
            body,
            ..
        } = *proposal;
        self.open_once(repository, branch, title, body).await
    }

    /// See [`Forge::commit`](super::super::Forge::commit).
    pub(super) async fn commit_once(&self, new: &Commit<'_>) -> Result<CommitId, Reason> {
        let input = new_commit(new);
        match self.edit(Mutation::CreateCommit, input, Cost::WRITE).await {
            Ok(data) => {
                let oid = data.pointer("/createCommitOnBranch/commit/oid");
                commit(oid.and_then(Value::as_str).unwrap_or_default()).map_err(unsure)
            }
            Err(reason) if self.closes(&reason) => rest::commit(self, new).await,
            Err(reason) => Err(reason),
        }
    }

    /// See [`Forge::create_branch`](super::super::Forge::create_branch).
    pub(super) async fn branch_once(
        &self,
        repository: &Repository,
        name: &str,
        at: &CommitId,
    ) -> Result<(), Reason> {
        let input = new_branch(repository, name, at);
        match self.edit(Mutation::CreateRef, input, EDIT).await {
            Err(reason) if self.closes(&reason) => {
                rest::create_branch(self, repository, name, at).await
            }
            done => done.map(drop),
        }
    }

    /// See [`Forge::open`](super::super::Forge::open).
    pub(super) async fn open_once(
        &self,
        repository: &Repository,
        branch: &str,
        title: &str,
        body: &str,
    ) -> Result<Request, Reason> {
        let input = new_request(repository, branch, title, body)?;
        match self.edit(Mutation::CreateRequest, input, Cost::WRITE).await {
            Err(reason) if self.closes(&reason) => {
                rest::open(self, repository, branch, title, body).await
            }
            data => request(&data?),
        }
    }

    /// Opens, closes or describes a request: `mutation` with `input`, else `by_rest` of its number.
    pub(super) async fn change_request(
        &self,
        (repository, request): (&Repository, &Request),
        (mutation, mut input): (Mutation, Value),
        by_rest: Value,
    ) -> Result<(), Reason> {
        input["pullRequestId"] = json!(request.id);
        match self.edit(mutation, input, EDIT).await {
            Err(reason) if self.closes(&reason) => {
                rest::change_request(self, repository, request, by_rest).await
            }
            done => done.map(drop),
        }
    }

    /// See [`Forge::delete_branch`](super::super::Forge::delete_branch); one that is gone already
    /// is deleted.
    pub(super) async fn delete_once(
        &self,
        repository: &Repository,
        name: &str,
        head: &CommitId,
    ) -> Result<(), Reason> {
        let input = json!({
            "repositoryId": repository.id,
            "refUpdates": [{
                "name": format!("refs/heads/{name}"),
                "beforeOid": head.as_str(),
                "afterOid": NOTHING,
            }],
        });
        let failed = match self.edit(Mutation::UpdateRefs, input, EDIT).await {
            Ok(_) => return Ok(()),
            Err(reason) if self.closes(&reason) => {
                return rest::delete_branch(self, repository, name, head).await;
            }
            Err(reason) => reason,
        };
        if !matches!(
            failed,
            Reason::Invalid(_) | Reason::Moved | Reason::NotFound(_)
        ) {
            return Err(failed);
        }
        // What was wrong is told by where the branch is now.
        match rest::tip(self, repository, name).await? {
            None => Ok(()),
            Some(tip) if tip == *head => Err(failed),
            Some(_) => Err(Reason::Moved),
        }
    }

    /// One mutation; what it answers.
    pub(super) async fn edit(
        &self,
        mutation: Mutation,
        input: Value,
        cost: Cost,
    ) -> Result<Value, Reason> {
        if self.is_closed() {
            return Err(super::CLOSED);
        }
        let document = documents::change(mutation, input);
        let reply = graphql::change(&self.client, document, cost).await?;
        match reply.faults.first() {
            Some(fault) => Err(fault.reason()),
            None => Ok(reply.data),
        }
    }
}

fn fault(reply: &Reply<Value>, mutation: Mutation) -> Option<&Fault> {
    let about = |fault: &&Fault| fault.root() == Some(mutation.name());
    reply.faults.iter().find(about)
}

fn new_branch(repository: &Repository, name: &str, at: &CommitId) -> Value {
    json!({
        "repositoryId": repository.id,
        "name": format!("refs/heads/{name}"),
        "oid": at.as_str(),
    })
}

fn new_commit(commit: &Commit<'_>) -> Value {
    let Message { headline, body } = commit.message;
    let (mut additions, mut deletions) = (Vec::new(), Vec::new());
    for Change { path, content } in commit.changes {
        match content {
            Some(content) => {
                let contents = BASE64_STANDARD.encode(content);
                additions.push(json!({"path": path, "contents": contents}));
            }
            None => deletions.push(json!({"path": path})),
        }
    }
    json!({
        "branch": {
            "repositoryNameWithOwner": commit.repository.full_name,
            "branchName": commit.branch,
        },
        "expectedHeadOid": commit.parent.as_str(),
        "message": {"headline": headline, "body": body},
        "fileChanges": {"additions": additions, "deletions": deletions},
    })
}

fn new_request(
    repository: &Repository,
    branch: &str,
    title: &str,
    body: &str,
) -> Result<Value, Reason> {
    Ok(json!({
        "repositoryId": repository.id,
        "baseRefName": base(repository)?,
        "headRefName": branch,
        "title": title,
        "body": body,
    }))
}

/// Where requests go.
pub(super) fn base(repository: &Repository) -> Result<&str, Reason> {
    let base = repository.default_branch.as_deref();
    base.ok_or_else(|| Reason::Invalid("the repository is empty".to_owned()))
}

fn request(data: &Value) -> Result<Request, Reason> {
    let told = data.pointer("/createPullRequest/pullRequest");
    let pull = told.and_then(|it| serde::Deserialize::deserialize(it).ok());
    let pull: Pull = pull.ok_or_else(|| unsure(Reason::Malformed("it tells no request")))?;
    Ok(pull.into_request())
}

/// It was done, but what came of it cannot be read.
pub(super) fn unsure(reason: Reason) -> Reason {
    Reason::Unsure(Box::new(reason))
}
