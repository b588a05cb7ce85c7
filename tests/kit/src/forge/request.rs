//! Pull and merge requests.

use super::{object::Oid, repository::Method};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It is open.
    Open,
    /// It was closed without a merge.
    Closed,
    /// It was merged.
    Merged,
}

/// What the checks of a commit say, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checks {
    /// There are none.
    #[default]
    None,
    /// They are not done.
    Pending,
    /// All passed.
    Passed,
    /// One did not.
    Failed,
}

/// A pull or merge request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The branch it is made from.
    pub branch: String,
    /// The branch it is to go into.
    pub base: String,
    /// The commit that the branch was at last.
    pub head: Oid,
    /// The commit that the base was at when it was opened.
    pub base_at: Oid,
    /// Who opened it.
    pub author: String,
    /// What became of it.
    pub state: RequestState,
    /// It says of itself that it is not ready.
    pub draft: bool,
    /// It comes from a fork.
    pub foreign: bool,
    /// What its checks say.
    pub checks: Checks,
    /// How many have approved it.
    pub approvals: u32,
    /// It merges by itself, in this way.
    pub auto: Option<Method>,
    /// It waits in the queue.
    pub queued: bool,
    /// The commit that the merge made.
    pub merged_as: Option<Oid>,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub updated: i64,
    /// Seconds since 1970, where it is no longer open.
    pub ended: Option<i64>,
}

impl Request {
    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.state == RequestState::Open
    }
}
