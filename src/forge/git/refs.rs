//! What a repository is found to have.

use std::collections::{BTreeMap, HashSet};

use super::repository::RemoteRepository;
use crate::model::commit::CommitId;

/// The tags and branches of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs {
    /// The tags by name, without `refs/tags/`.
    pub tags: BTreeMap<String, Tag>,
    /// The commits that the branches stand at, by name without `refs/heads/`.
    pub branches: BTreeMap<String, CommitId>,
    /// The name of the default branch, where the host tells it.
    pub head: Option<String>,
    /// Where the repository has moved to: it was renamed, and the old name may be taken by anyone
    /// once the host lets it go.
    pub moved_to: Option<RemoteRepository>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it stands for in the end. Nearly always a commit, but git lets a tag name any object.
    pub commit: CommitId,
    /// The name of an annotated tag's own object, which is no commit but fits where one is meant.
    pub object: Option<CommitId>,
}

impl Refs {
    /// Every commit that a tag or a branch stands at, once, branches first.
    pub(super) fn tips(&self) -> Vec<&CommitId> {
        let tags = self.tags.values().map(|tag| &tag.commit);
        let mut seen = HashSet::new();
        let all = self.branches.values().chain(tags);
        all.filter(|commit| seen.insert(*commit)).collect()
    }

    /// The commit behind the tag `name`.
    pub fn tag(&self, name: &str) -> Option<&CommitId> {
        self.tags.get(name).map(|tag| &tag.commit)
    }

    /// The commit that the branch `name` stands at.
    pub fn branch(&self, name: &str) -> Option<&CommitId> {
        self.branches.get(name)
    }

    /// The names of all tags.
    pub fn tag_names(&self) -> impl Iterator<Item = &str> {
        self.tags.keys().map(String::as_str)
    }

    /// The names of the tags that stand for `commit`.
    pub fn tags_of<'r>(&'r self, commit: &'r CommitId) -> impl Iterator<Item = &'r str> {
        let tags = self.tags.iter();
        let own = tags
            .filter(move |(_, tag)| tag.commit == *commit || tag.object.as_ref() == Some(commit));
        own.map(|(name, _)| name.as_str())
    }

    /// Whether a tag or a branch stands at `commit`, or the tag's own object is meant by it.
    pub fn is_tip(&self, commit: &CommitId) -> bool {
        self.tags_of(commit).next().is_some() || self.branches.values().any(|tip| tip == commit)
    }
}

/// Where a commit is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On a branch or tag of the repository, or an ancestor of one.
    Reachable,
    /// The host has it, but no branch or tag of this repository leads to it: it may be a stranger's,
    /// from a fork or a pull request.
    Impostor,
    /// The host does not have it.
    Absent,
}
