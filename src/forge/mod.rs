//! Forges: what their APIs tell about many repositories and do on our behalf ([`Forge`]), and what
//! any git host answers about one repository ([`GitHosts`]).
//!
//! [`Forge`] is the least that the fleet needs and both forges can do. Reading is done for many
//! repositories in few requests; a write is one repository's. No write is ever repeated here: one
//! whose answer got lost is reported as [unsure](ForgeError::is_unsure), and whoever asked
//! looks at the repository again before anything else.
//!
//! Everything a forge answers is a stranger's text: names, messages and files are data, bounded,
//! and escaped where they are shown.

mod change;
mod error;
mod git;
mod github;
mod gitlab;
mod governor;
mod identity;
mod repository;
mod request;
mod run;
mod site;
mod transport;

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

pub use change::{Change, Commit, Message, Proposal};
pub use error::{ForgeError, Reason, Refusal};
#[cfg(fuzzing)]
pub(crate) use git::fuzzing;
pub use git::{GitHosts, GitOptions, Numbers, Reach, Refs, RemoteRepository, RepositoryError, Tag};
pub use governor::{
    Api, Budget, Call, Cost, Governor, Limits, Moment, Pace, Permit, Told, Verdict, Waiting,
};
pub use identity::{Identity, IdentityKind, Permission};
pub use repository::{
    AheadCommit, Branch, BranchRules, Entry, EntryMode, MergeMethods, Repository, Seen, Watch,
    blob_id,
};
pub use request::{Brings, Checks, Mergeable, Merging, Request, RequestState};
pub use run::{Begun, CommitOf, Ended, Run, RunsOf, SandboxEnd};
pub use site::{Site, connect};
pub use transport::Answer;

use crate::model::commit::CommitId;

/// The most of a file that is read; a larger one is somebody's data, not configuration.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// A file at a commit, by the repository that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileAt {
    /// [`Repository::id`].
    pub repository: String,
    /// [`Repository::full_name`].
    pub full_name: String,
    /// Where it is read.
    pub commit: CommitId,
    /// From the repository's root on.
    pub path: String,
    /// [`Entry::id`]: the same file is asked for once, wherever it lies.
    pub blob: String,
}

/// A forge, on behalf of one identity.
///
/// Its calls wait for the forge's limits before they are made, and reads are tried again.
#[async_trait]
pub trait Forge: fmt::Debug + Send + Sync {
    /// Its address for messages, `github.com` for example.
    fn host(&self) -> &str;

    /// Who we are there, and what we may do.
    async fn identity(&self) -> Result<Identity, ForgeError>;

    /// Every repository of the owner or group, in the order of names.
    async fn survey(&self, watch: &Watch) -> Result<Vec<Seen>, ForgeError>;

    /// These repositories, by their names below the owner or group, in the order asked for; `None`
    /// for one that does not exist or may not be seen. A renamed repository is seen under its new
    /// name.
    async fn look(&self, names: &[String], watch: &Watch) -> Result<Vec<Option<Seen>>, ForgeError>;

    /// The texts of files, in the order asked for; `None` for what is no file, has more than
    /// [`MAX_FILE_BYTES`], or is gone.
    async fn texts(&self, wanted: &[FileAt]) -> Result<Vec<Option<Bytes>>, ForgeError>;

    /// The runs that ended since a time, newest first, at most 100 of each repository, in the order
    /// asked for.
    async fn runs(&self, of: &[RunsOf], since: Timestamp) -> Result<Vec<Vec<Run>>, ForgeError>;

    /// The files `paths` at commits, as a look tells those of a head, in the order asked for; `None`
    /// for a commit that is not there.
    async fn files(
        &self,
        of: &[CommitOf],
        paths: &[String],
    ) -> Result<Vec<Option<BTreeMap<String, Entry>>>, ForgeError>;

    /// The newest runs on a branch that are under way, or that were started by [`start`](Self::start)
    /// or by hand, newest first, at most 30. A forge may show a run a little after it was started.
    async fn begun(&self, of: &RunsOf, branch: &str) -> Result<Vec<Begun>, ForgeError>;

    /// Starts a run at the head of a branch: of the workflow, which has to allow that, or on GitLab
    /// of the whole pipeline.
    async fn start(&self, of: &RunsOf, branch: &str) -> Result<(), ForgeError>;

    /// Whether the project `component_source`, by its path on the same instance, is there for us and
    /// has components at `tag`. Only GitLab has components.
    async fn offers(&self, component_source: &str, tag: &str) -> Result<bool, ForgeError> {
        let _ = (component_source, tag);
        Ok(true)
    }

    /// Makes the branch at `base` with one commit, and opens a request to merge it.
    ///
    /// Refuses with [`Reason::Exists`](Reason::Exists) where the branch is there already.
    async fn propose(&self, proposal: &Proposal) -> Result<Request, ForgeError>;

    /// Puts one commit onto a branch that is still at the commit's `parent`, else refuses with
    /// [`Reason::Moved`](Reason::Moved).
    async fn commit(&self, commit: &Commit) -> Result<CommitId, ForgeError>;

    /// Makes the branch `name` at `at`.
    async fn create_branch(
        &self,
        repository: &Repository,
        name: &str,
        at: &CommitId,
    ) -> Result<(), ForgeError>;

    /// Opens a request for a branch that is there.
    async fn open(
        &self,
        repository: &Repository,
        branch: &str,
        title: &str,
        body: &str,
    ) -> Result<Request, ForgeError>;

    /// Opens a closed request again.
    async fn reopen(&self, repository: &Repository, request: &Request) -> Result<(), ForgeError>;

    /// Replaces a request's title and body.
    async fn describe(
        &self,
        repository: &Repository,
        request: &Request,
        title: &str,
        body: &str,
    ) -> Result<(), ForgeError>;

    /// Closes a request without merging it.
    async fn close(&self, repository: &Repository, request: &Request) -> Result<(), ForgeError>;

    /// Deletes a branch that is still at `head`, else refuses with
    /// [`Reason::Moved`](Reason::Moved).
    async fn delete_branch(
        &self,
        repository: &Repository,
        name: &str,
        head: &CommitId,
    ) -> Result<(), ForgeError>;

    /// What merging a request would bring now.
    async fn brings(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Brings, ForgeError>;

    /// Has a request merged, by the first way that is open: the merge queue, auto-merge, a plain
    /// merge where nothing is in the way. Protection is never bypassed, and a request whose head is
    /// no longer `head` is not merged.
    async fn merge(
        &self,
        repository: &Repository,
        request: &Request,
        head: &CommitId,
    ) -> Result<Merging, ForgeError>;
}
