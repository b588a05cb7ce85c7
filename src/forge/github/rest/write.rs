//! Changes by REST. A commit of an app without an author of its own is signed, a person's is not.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    super::{
        super::{Change, Commit, Cost, Merging, Proposal, Reason, Repository, Request},
        GitHub, answer,
        auth::Auth,
        change::{EDIT, base, unsure},
        client::Call,
    },
    pull::{Pull, heads, tip},
};
use crate::{model::commit::CommitId, seam::http::Method};

#[derive(Deserialize)]
struct Sha {
    sha: String,
}

#[derive(Deserialize)]
struct Tree {
    tree: Sha,
}

#[derive(Deserialize)]
struct Merged {
    merged: bool,
}

/// Tree, commit, branch and request: four writes, of which the first two show nowhere by
/// themselves.
pub(in super::super) async fn propose(
    github: &GitHub,
    proposal: &Proposal<'_>,
) -> Result<Request, Reason> {
    let made = make(github, &proposal.commit()).await?;
    create_branch(github, proposal.repository, proposal.branch, &made).await?;
    let Proposal {
        repository,
        branch,
        title,
        body,
        ..
    } = *proposal;
    open(github, repository, branch, title, body).await
}

/// A commit onto a branch, which must be at its parent: the branch is only moved forward.
pub(in super::super) async fn commit(
    github: &GitHub,
    new: &Commit<'_>,
) -> Result<CommitId, Reason> {
    if tip(github, new.repository, new.branch).await?.as_ref() != Some(new.parent) {
        return Err(Reason::Moved);
    }
    let made = make(github, new).await?;
    let path = format!(
        "/repos/{}/git/refs/{}",
        new.repository.full_name,
        heads(new.branch)
    );
    let body = json!({"sha": made.as_str(), "force": false});
    let call = Call::write(Method::PATCH, path, body, Cost::WRITE);
    let answer = github.client.send(&call).await?;
    answer::done(&answer)?;
    Ok(made)
}

/// A commit that is on no branch yet.
async fn make(github: &GitHub, new: &Commit<'_>) -> Result<CommitId, Reason> {
    let is_app = matches!(github.client.auth(), Auth::App(_));
    if new.repository.rules.signed && !is_app {
        return Err(Reason::NeedsApp);
    }
    let name = &new.repository.full_name;
    let call = Call::get(format!("/repos/{name}/git/commits/{}", new.parent));
    let parent: Tree = answer::read(&github.client.send(&call).await?)?;
    let mut entries = Vec::with_capacity(new.changes.len());
    for change in new.changes {
        entries.push(entry(github, name, change).await?);
    }
    let body = json!({"base_tree": parent.tree.sha, "tree": entries});
    let tree: Sha = post(github, format!("/repos/{name}/git/trees"), body, EDIT).await?;
    let body = json!({
        "message": new.message.text(),
        "tree": tree.sha,
        "parents": [new.parent.as_str()],
    });
    let made: Sha = post(github, format!("/repos/{name}/git/commits"), body, EDIT).await?;
    made.sha
        .parse()
        .map_err(|_| unsure(Reason::Malformed("a commit's name is none")))
}

/// An entry of the new tree; a text is part of it, anything else becomes a blob first.
async fn entry(github: &GitHub, name: &str, change: &Change) -> Result<Value, Reason> {
    let mut entry = json!({"path": change.path, "mode": "100644", "type": "blob"});
    match change
        .content
        .as_deref()
        .map(|bytes| (bytes, std::str::from_utf8(bytes)))
    {
        None => entry["sha"] = Value::Null,
        Some((_, Ok(text))) => entry["content"] = json!(text),
        Some((bytes, Err(_))) => {
            let body = json!({"content": BASE64_STANDARD.encode(bytes), "encoding": "base64"});
            let path = format!("/repos/{name}/git/blobs");
            let blob: Sha = post(github, path, body, EDIT).await?;
            entry["sha"] = json!(blob.sha);
        }
    }
    Ok(entry)
}

pub(in super::super) async fn create_branch(
    github: &GitHub,
    repository: &Repository,
    name: &str,
    at: &CommitId,
) -> Result<(), Reason> {
    let body = json!({"ref": format!("refs/heads/{name}"), "sha": at.as_str()});
    let path = format!("/repos/{}/git/refs", repository.full_name);
    post::<Value>(github, path, body, Cost::WRITE)
        .await
        .map(drop)
}

pub(in super::super) async fn open(
    github: &GitHub,
    repository: &Repository,
    branch: &str,
    title: &str,
    body: &str,
) -> Result<Request, Reason> {
    let body = json!({
        "title": title,
        "body": body,
        "head": branch,
        "base": base(repository)?,
    });
    let path = format!("/repos/{}/pulls", repository.full_name);
    let pull: Pull = post(github, path, body, Cost::WRITE).await?;
    Ok(pull.into_request())
}

/// Gives a request a state, or a title and a text.
pub(in super::super) async fn change_request(
    github: &GitHub,
    repository: &Repository,
    request: &Request,
    body: Value,
) -> Result<(), Reason> {
    let path = format!("/repos/{}/pulls/{}", repository.full_name, request.number);
    let call = Call::write(Method::PATCH, path, body, EDIT);
    answer::done(&github.client.send(&call).await?)
}

/// Between the look at the branch and its end, somebody may write on it: REST knows no better way.
pub(in super::super) async fn delete_branch(
    github: &GitHub,
    repository: &Repository,
    name: &str,
    head: &CommitId,
) -> Result<(), Reason> {
    match tip(github, repository, name).await? {
        None => return Ok(()),
        Some(tip) if tip == *head => {}
        Some(_) => return Err(Reason::Moved),
    }
    let path = format!("/repos/{}/git/refs/{}", repository.full_name, heads(name));
    let call = Call::delete(path, EDIT);
    answer::done(&github.client.send(&call).await?)
}

pub(in super::super) async fn merge(
    github: &GitHub,
    repository: &Repository,
    request: &Request,
    head: &CommitId,
    method: &str,
) -> Result<Merging, Reason> {
    let body = json!({"sha": head.as_str(), "merge_method": method.to_ascii_lowercase()});
    let path = format!(
        "/repos/{}/pulls/{}/merge",
        repository.full_name, request.number
    );
    let call = Call::write(Method::PUT, path, body, Cost::WRITE);
    let answer = github.client.send(&call).await?;
    // What is at stake in a conflict is the commit that was named.
    if answer.status == 409 {
        return Err(Reason::Moved);
    }
    match answer::read::<Merged>(&answer).map_err(lost)? {
        Merged { merged: true } => Ok(Merging::Merged),
        Merged { merged: false } => Ok(Merging::Waiting("it was not merged".to_owned())),
    }
}

async fn post<T: DeserializeOwned>(
    github: &GitHub,
    path: String,
    body: Value,
    cost: Cost,
) -> Result<T, Reason> {
    let call = Call::write(Method::POST, path, body, cost);
    answer::read(&github.client.send(&call).await?).map_err(lost)
}

/// A success that cannot be read.
fn lost(reason: Reason) -> Reason {
    match reason {
        Reason::Malformed(_) => unsure(reason),
        reason => reason,
    }
}
