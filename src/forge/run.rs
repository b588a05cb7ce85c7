//! Runs of workflows and pipelines.

use jiff::Timestamp;

use crate::model::commit::CommitId;

/// Whose runs are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunsOf {
    /// [`Repository::id`](super::Repository::id).
    pub repository: String,
    /// With the owner or group: `acme/api`.
    pub full_name: String,
    /// The workflow's file; GitLab, which has one pipeline, ignores it.
    pub workflow: String,
}

/// A commit whose files are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitOf {
    /// [`Repository::id`](super::Repository::id).
    pub repository: String,
    /// With the owner or group: `acme/api`.
    pub full_name: String,
    /// The commit.
    pub commit: CommitId,
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its page.
    pub url: String,
    /// The commit that it ran.
    pub commit: Option<CommitId>,
    /// The branch whose head that commit was; none where it ran for a request.
    pub branch: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub ended: Ended,
    /// What fullsend itself said of the sandbox, where it said anything.
    pub sandbox: Option<SandboxEnd>,
}

/// A run that has begun, whether it has ended or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its page.
    pub url: String,
    /// The commit that it runs.
    pub commit: Option<CommitId>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Well.
    Passed,
    /// With an error.
    Failed,
    /// It could not even start: the forge refused the workflow.
    NotStarted,
    /// Somebody or something stopped it, or it was skipped.
    Cancelled,
}

/// What fullsend said of a sandbox in a failed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxEnd {
    /// The agent ran and ended by itself with a code of its own.
    Agent,
    /// The sandbox did not start, died, or was refused.
    Sandbox,
}
