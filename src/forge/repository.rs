//! Repositories as a survey sees them.

use std::collections::BTreeMap;

use super::Request;
use crate::{config::Visibility, model::commit::CommitId};

/// What a survey asks of every repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Files, from the root on, whose entries are asked for: on the default branch, and on
    /// [`branch`](Self::branch).
    pub paths: Vec<String>,
    /// Our branch, with the newest request that was made from it.
    pub branch: Option<String>,
    /// Open requests are told whose branch begins with one of these.
    pub requests: Vec<String>,
}

/// A repository, and what was watched in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The repository itself.
    pub repository: Repository,
    /// The commit that its default branch is at; none where it is empty.
    pub head: Option<CommitId>,
    /// The watched files that are there, on the default branch.
    pub files: BTreeMap<String, Entry>,
    /// The watched branch, where it is there.
    pub branch: Option<Branch>,
    /// The newest request from the watched branch, whatever became of it.
    pub request: Option<Request>,
    /// The open requests that were asked for, newest first, at most ten.
    pub open: Vec<Request>,
}

/// A repository, and what its settings allow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Repository {
    /// The forge's own name for it, which survives a rename.
    pub id: String,
    /// Below the owner or group: `api`, or `team/api` in a subgroup.
    pub name: String,
    /// With the owner or group: `acme/api`.
    pub full_name: String,
    /// What is checked out where no branch is named; none where it is empty.
    pub default_branch: Option<String>,
    /// Nothing can be written to it.
    pub is_archived: bool,
    /// The forge itself or its owner has switched it off.
    pub is_disabled: bool,
    /// It was forked from another.
    pub is_fork: bool,
    /// It only follows another.
    pub is_mirror: bool,
    /// Its topics.
    pub topics: Vec<String>,
    /// Who may see it; never [`Visibility::Any`].
    pub visibility: Visibility,
    /// We may push branches to it.
    pub may_push: bool,
    /// Requests can be opened in it.
    pub takes_requests: bool,
    /// How requests are merged in it.
    pub methods: MergeMethods,
    /// What holds for its default branch.
    pub rules: BranchRules,
}

/// How a repository lets requests be merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct MergeMethods {
    /// With a merge commit.
    pub merge: bool,
    /// As one commit.
    pub squash: bool,
    /// Commit by commit, onto the default branch.
    pub rebase: bool,
    /// By itself once its checks pass.
    pub auto: bool,
    /// Through a queue (GitHub) or train (GitLab).
    pub queue: bool,
    /// The branch goes with the merge.
    pub deletes_branch: bool,
}

/// What holds for a default branch, for us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// Every commit must be signed.
    pub signed: bool,
    /// We may push to it without a request.
    pub may_push: bool,
    /// A request needs so many approvals.
    pub approvals: u32,
}

/// A file in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its blob's name in git, see [`blob_id`].
    pub id: String,
    /// What it is.
    pub mode: EntryMode,
    /// In bytes, where it is told.
    pub size: Option<u64>,
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryMode {
    /// A file.
    File,
    /// A file that can be run.
    Executable,
    /// A symbolic link.
    Link,
    /// A folder or a submodule.
    Other,
}

/// A branch, beside the default one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The commit that it is at.
    pub head: CommitId,
    /// Its watched files.
    pub files: BTreeMap<String, Entry>,
    /// Its newest commits that the default branch does not have, newest first, at most ten.
    pub ahead: Vec<AheadCommit>,
    /// How many such commits there are.
    pub ahead_count: u64,
    /// How many commits of the default branch it lacks.
    pub behind_count: u64,
}

/// A commit that the default branch does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AheadCommit {
    /// Its name.
    pub id: CommitId,
    /// Its whole message.
    pub message: String,
    /// Its author's name, or account where that is known.
    pub author: String,
}

/// The name that git gives to a file with these bytes, in a repository of SHA-1.
pub fn blob_id(bytes: &[u8]) -> String {
    let mut hasher = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY);
    hasher.update(format!("blob {}\0", bytes.len()).as_bytes());
    hasher.update(bytes);
    hex::encode(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_named_as_git_names_it() {
        // `printf '' | git hash-object --stdin`, and of `hello\n`.
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(
            blob_id(b"hello\n"),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
    }
}
