//! Workflows and pipelines, and their runs.

use super::object::Oid;

/// A workflow.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// The forge's number for it.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: String,
}

/// How a run ended, or that it did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// It goes on.
    Running,
    /// Well.
    Passed,
    /// With an error.
    Failed,
    /// It could not even start.
    NotStarted,
    /// Somebody stopped it.
    Cancelled,
    /// Nothing had to be done.
    Skipped,
    /// It took too long.
    TimedOut,
}

/// What a run says about a line.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// `notice`, `warning` or `failure`.
    pub level: &'static str,
    /// Its title.
    pub title: String,
    /// What it says.
    pub message: String,
}

/// A run of a workflow, or a pipeline.
#[derive(Clone, Debug)]
pub struct Run {
    /// The forge's number for it.
    pub id: u64,
    /// [`Workflow::id`]; zero for a pipeline.
    pub workflow: u64,
    /// The commit that it runs.
    pub commit: Oid,
    /// The branch that it runs for.
    pub branch: String,
    /// What began it, `push` for example.
    pub event: String,
    /// How it ended.
    pub conclusion: Conclusion,
    /// What it says.
    pub annotations: Vec<Annotation>,
    /// Seconds since 1970.
    pub started: i64,
    /// Seconds since 1970, where it ended.
    pub ended: Option<i64>,
}
