//! What is written to a repository.

use super::Repository;
use crate::model::commit::CommitId;

/// A file as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// From the root on.
    pub path: String,
    /// Its whole content; `None` removes it.
    pub content: Option<Vec<u8>>,
}

/// What a commit says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub headline: String,
    /// What follows after an empty line, trailers last.
    pub body: String,
}

impl Message {
    /// The whole text.
    pub fn text(&self) -> String {
        format!("{}\n\n{}", self.headline, self.body)
    }
}

/// A commit onto a branch that is there.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// Where.
    pub repository: &'a Repository,
    /// The branch.
    pub branch: &'a str,
    /// The commit that the branch must be at.
    pub parent: &'a CommitId,
    /// What it changes.
    pub changes: &'a [Change],
    /// What it says.
    pub message: &'a Message,
}

/// A new branch with one commit, and the request to merge it into the default branch.
#[derive(Clone, Debug)]
pub struct Proposal<'a> {
    /// Where.
    pub repository: &'a Repository,
    /// The commit of the default branch that it starts from.
    pub base: &'a CommitId,
    /// The new branch.
    pub branch: &'a str,
    /// What the commit changes.
    pub changes: &'a [Change],
    /// What the commit says.
    pub message: &'a Message,
    /// The request's title.
    pub title: &'a str,
    /// The request's text, in Markdown.
    pub body: &'a str,
}

impl<'a> Proposal<'a> {
    /// Its commit, onto the branch once that is made.
    pub(super) fn commit(&self) -> Commit<'a> {
        Commit {
            repository: self.repository,
            branch: self.branch,
            parent: self.base,
            changes: self.changes,
            message: self.message,
        }
    }
}
