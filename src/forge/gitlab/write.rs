//! What changes a project's repository: commits and branches.

use std::collections::BTreeMap;

use gitlab::api::{
    common::path_escaped,
    projects::repository::{
        branches::{CreateBranch, DeleteBranch},
        commits::{CommitAction, CommitActionType, CreateCommit, Signature},
        files::Encoding,
    },
};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;

use super::{
    super::{Change, EntryMode, Reason, Repository, repository::blob_id},
    GitLab,
    branch::{self, Commit},
    client::Manner,
    watched::{Blob, Nodes, gid},
};
use crate::{
    model::commit::CommitId,
    seam::http::header::{HeaderValue, IF_UNMODIFIED_SINCE},
};

/// Files of one commit; ours have a handful.
const FILES: usize = 100;

#[derive(Deserialize)]
struct Data {
    projects: Nodes<Project>,
}

#[derive(Deserialize)]
struct Project {
    repository: Option<Files>,
}

#[derive(Deserialize)]
struct Files {
    blobs: Option<Nodes<Blob>>,
}

/// A commit that is to be made.
pub(super) struct Making<'a> {
    pub(super) project: u64,
    pub(super) branch: &'a str,
    /// What it is built upon.
    pub(super) parent: &'a CommitId,
    pub(super) is_new_branch: bool,
    pub(super) changes: &'a [Change],
    pub(super) message: String,
}

/// The number by which REST knows a repository.
pub(super) fn number(repository: &Repository) -> Result<u64, Reason> {
    let number = repository.id.parse();
    number.map_err(|_| Reason::Malformed("a repository's name is no number"))
}

impl GitLab {
    /// Makes a commit: one read to find out which of its files are there, and one write.
    pub(super) async fn make(&self, making: Making<'_>) -> Result<CommitId, Reason> {
        let there = self.there(&making).await?;
        let mut endpoint = CreateCommit::builder();
        endpoint
            .project(making.project)
            .branch(making.branch)
            .commit_message(&making.message)
            .stats(false);
        if making.is_new_branch {
            endpoint.start_sha(making.parent.as_str());
        }
        let mut is_empty = true;
        for change in making.changes {
            if let Some(action) = action(change, there.get(&change.path), making.parent)? {
                endpoint.action(action);
                is_empty = false;
            }
        }
        if is_empty {
            return Err(Reason::Invalid("there is nothing to change".to_owned()));
        }
        let endpoint = endpoint.build();
        let endpoint = endpoint.map_err(|_| Reason::Malformed("a commit is none"))?;
        let made: Commit = self.client.write(&endpoint).await?;
        let name = made.name().map_err(|it| Reason::Unsure(Box::new(it)))?;
        // It stands on what somebody else put there a moment before. GitLab refuses that for the
        // files that we change, by `last_commit_id`, and for no others: `start_sha` is for branches
        // that are new, and with `force` it would throw the other's commit away. Nothing is lost,
        // but what to do next is not for us to say.
        if made
            .parent_ids
            .iter()
            .any(|id| id != making.parent.as_str())
        {
            return Err(Reason::Unsure(Box::new(Reason::Moved)));
        }
        Ok(name)
    }

    /// Which of the files to change are there, at the commit that is built upon.
    async fn there(&self, making: &Making<'_>) -> Result<BTreeMap<String, Blob>, Reason> {
        if making.changes.len() > FILES {
            return Err(Reason::TooLarge {
                limit: FILES as u64,
                unit: "files",
            });
        }
        let paths: Vec<_> = making.changes.iter().map(|it| &it.path).collect();
        let document = "query($ids:[ID!]!,$paths:[String!]!,$ref:String!,$files:Int!){\
            projects(ids:$ids,first:1){nodes{repository{blobs(paths:$paths,ref:$ref,first:$files)\
            {nodes{path oid mode size}}}}}}";
        let variables = json!({
            "ids": [gid(making.project)],
            "paths": paths,
            "ref": making.parent.as_str(),
            "files": paths.len(),
        });
        let data: Data = self
            .client
            .ask(document, &variables, &self.lacking, &[])
            .await?;
        let projects = data.projects.seen();
        let blobs = projects.filter_map(|it| it.repository?.blobs);
        let blobs = blobs.flat_map(Nodes::seen);
        Ok(blobs.map(|blob| (blob.path.clone(), blob)).collect())
    }

    /// Whether GitLab signed this commit of ours.
    pub(super) async fn is_signed(&self, project: u64, commit: &CommitId) -> Result<bool, Reason> {
        let endpoint = Signature::builder()
            .project(project)
            .commit(commit.as_str())
            .build()
            .map_err(|_| Reason::Malformed("a commit has no name"))?;
        let found: Option<IgnoredAny> = self.client.find(&endpoint).await?;
        Ok(found.is_some())
    }

    /// Makes a branch.
    pub(super) async fn make_branch(
        &self,
        project: u64,
        name: &str,
        at: &CommitId,
    ) -> Result<(), Reason> {
        let endpoint = CreateBranch::builder()
            .project(project)
            .branch(name)
            .ref_(at.as_str())
            .build()
            .map_err(|_| Reason::Malformed("a branch has no name"))?;
        let _: IgnoredAny = self.client.write(&endpoint).await?;
        Ok(())
    }

    /// Deletes a branch that is at `head`; one that is gone is as it should be.
    ///
    /// GitLab compares no commits here, only times: what somebody pushes between our look and the
    /// deletion is kept where it is newer than the commit that we saw.
    pub(super) async fn remove_branch(
        &self,
        project: u64,
        name: &str,
        head: &CommitId,
    ) -> Result<(), Reason> {
        let Some(tip) = branch::tip(&self.client, project, name).await? else {
            return Ok(());
        };
        if tip.commit.id != head.as_str() {
            return Err(Reason::Moved);
        }
        // The crate puts the name into the path as it is: `a/b` would be another path.
        let escaped = path_escaped(name).to_string();
        let endpoint = DeleteBranch::builder()
            .project(project)
            .branch(escaped)
            .build();
        let endpoint = endpoint.map_err(|_| Reason::Malformed("a branch has no name"))?;
        let manner = match unmodified_since(&tip.commit) {
            Some(time) => Manner::WRITE.only(IF_UNMODIFIED_SINCE, time),
            None => Manner::WRITE,
        };
        match self.client.send(&endpoint, manner).await {
            Ok(_) | Err(Reason::NotFound(_)) => Ok(()),
            Err(reason) => Err(reason),
        }
    }
}

/// What is to be done with one file; nothing where it is as it should be.
fn action<'a>(
    change: &'a Change,
    there: Option<&Blob>,
    parent: &'a CommitId,
) -> Result<Option<CommitAction<'a>>, Reason> {
    let is_link = there.is_some_and(|blob| blob.mode() == EntryMode::Link);
    let mut action = CommitAction::builder();
    action.file_path(&change.path);
    match (&change.content, there) {
        (None, None) => return Ok(None),
        (Some(content), Some(blob)) if !is_link && blob.oid == blob_id(content) => return Ok(None),
        (Some(_), Some(_)) if is_link => {
            let path = crate::model::text::excerpt(&change.path);
            return Err(Reason::Invalid(format!("{path} is a symbolic link")));
        }
        (None, Some(_)) => action.action(CommitActionType::Delete),
        (Some(_), None) => action.action(CommitActionType::Create),
        (Some(_), Some(_)) => action.action(CommitActionType::Update),
    };
    if there.is_some() {
        action.last_commit_id(parent.as_str());
    }
    if let Some(content) = &change.content {
        action
            .content(content.as_slice())
            .encoding(Encoding::Base64);
    }
    let action = action.build();
    action
        .map(Some)
        .map_err(|_| Reason::Malformed("a change is none"))
}

/// The latest of a commit's times, as HTTP writes times.
fn unmodified_since(commit: &Commit) -> Option<HeaderValue> {
    let times = [&commit.authored_date, &commit.committed_date];
    let times = times.into_iter().flatten();
    let latest = times.filter_map(|it| it.parse::<Timestamp>().ok()).max()?;
    let text = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&latest)
        .ok()?;
    HeaderValue::from_str(&text).ok()
}
