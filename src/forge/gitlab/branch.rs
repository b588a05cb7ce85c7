//! A branch beside the default one: where it is, and what it has more.

use std::collections::BTreeMap;

use gitlab::api::projects::repository::{branches::Branch as GetBranch, commits::Commits};
use serde::Deserialize;

use super::{
    super::{AheadCommit, Branch, Entry, Reason},
    client::Client,
};
use crate::model::commit::CommitId;

/// Commits of a branch that are told.
const AHEAD: usize = 10;

/// A branch as REST tells it.
#[derive(Debug, Deserialize)]
pub(super) struct Tip {
    pub(super) commit: Commit,
    /// Whether we may push to it.
    #[serde(default)]
    pub(super) can_push: bool,
}

/// A commit as REST tells it.
#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub(super) id: String,
    #[serde(default)]
    pub(super) parent_ids: Vec<String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    author_name: String,
    #[serde(default)]
    pub(super) authored_date: Option<String>,
    #[serde(default)]
    pub(super) committed_date: Option<String>,
}

impl Commit {
    /// Its name.
    pub(super) fn name(&self) -> Result<CommitId, Reason> {
        let name = self.id.parse();
        name.map_err(|_| Reason::Malformed("a commit's name is none"))
    }

    fn ahead(self) -> Result<AheadCommit, Reason> {
        Ok(AheadCommit {
            id: self.name()?,
            message: self.message,
            author: self.author_name,
        })
    }
}

/// The branch `name`, if it is there.
pub(super) async fn tip(client: &Client, project: u64, name: &str) -> Result<Option<Tip>, Reason> {
    let endpoint = GetBranch::builder().project(project).branch(name).build();
    let endpoint = endpoint.map_err(|_| Reason::Malformed("a branch has no name"))?;
    client.find(&endpoint).await
}

/// The branch `name` with `files`, compared with the commit `base` of the default branch.
///
/// One call where it has one commit on top of `base` or none, as ours usually do, else three.
pub(super) async fn branch(
    client: &Client,
    project: u64,
    name: &str,
    base: &CommitId,
    files: BTreeMap<String, Entry>,
) -> Result<Option<Branch>, Reason> {
    let Some(Tip { commit, .. }) = tip(client, project, name).await? else {
        return Ok(None);
    };
    let head = commit.name()?;
    let is_base = head == *base;
    let is_next = commit.parent_ids == [base.as_str()];
    let (ahead, behind) = if is_base || is_next {
        (Some(commit).filter(|_| is_next).into_iter().collect(), 0)
    } else {
        let ahead = beyond(client, project, base, &head).await?;
        let behind = beyond(client, project, &head, base).await?;
        (ahead, behind.len() as u64)
    };
    let ahead_count = ahead.len() as u64;
    let ahead = ahead.into_iter().take(AHEAD).map(Commit::ahead);
    Ok(Some(Branch {
        head,
        files,
        ahead: ahead.collect::<Result<_, _>>()?,
        ahead_count,
        behind_count: behind,
    }))
}

/// The newest commits, at most 100, that `to` has and `from` has not.
async fn beyond(
    client: &Client,
    project: u64,
    from: &CommitId,
    to: &CommitId,
) -> Result<Vec<Commit>, Reason> {
    let range = format!("{from}..{to}");
    let endpoint = Commits::builder().project(project).ref_name(range).build();
    let endpoint = endpoint.map_err(|_| Reason::Malformed("a range has no ends"))?;
    client.first(&endpoint).await
}
