//! Pull and merge requests.

use crate::model::commit::CommitId;

/// A pull or merge request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The forge's own name for it.
    pub id: String,
    /// Its number in the repository.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// The branch it is made from.
    pub branch: String,
    /// The commit that the branch is at, as far as the request knows.
    pub head: Option<CommitId>,
    /// What became of it.
    pub state: RequestState,
    /// Its author's account.
    pub author: String,
    /// It says of itself that it is not ready.
    pub is_draft: bool,
    /// What its checks say.
    pub checks: Checks,
    /// Whether it could be merged now.
    pub mergeable: Mergeable,
    /// It will be merged by itself: it waits in the queue, or auto-merge is on.
    pub is_on_its_way: bool,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It is open.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without a merge.
    Closed,
}

/// What the checks of a request say, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// It has none.
    None,
    /// They are not done.
    Pending,
    /// All passed.
    Passed,
    /// One did not.
    Failed,
}

/// Whether a request could be merged now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mergeable {
    /// Nothing is in the way.
    Clean,
    /// It does not go together with the default branch.
    Conflicts,
    /// Something is missing: a review, a check, a newer base.
    Blocked,
    /// The forge has not found out yet.
    Unknown,
}

/// What merging a request would bring, as the forge tells it when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brings {
    /// The branch that it would be merged into: anybody who may push can choose another.
    pub base: String,
    /// The commit that would be merged.
    pub head: Option<CommitId>,
    /// How many files differ; nothing where the forge has not counted them.
    pub files: Option<u64>,
}

/// What became of the wish to merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merging {
    /// It is merged.
    Merged,
    /// It is in the merge queue.
    Queued,
    /// It will be merged by itself once its checks pass.
    Automatic,
    /// Somebody has to do something first, as this sentence says.
    Waiting(String),
}
