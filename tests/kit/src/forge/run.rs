//! Workflows and pipelines, and their runs.
//!
//! A workflow is known once its file has been on the default branch, and stays known.

use super::{object::Oid, store::Store};

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
    /// It waits for its turn.
    Queued,
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

impl Conclusion {
    /// Whether it has not ended.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
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

/// Where GitHub looks for workflows.
const FOLDER: &str = ".github/workflows/";

impl Store {
    /// Makes the workflows known that a commit on the default branch has.
    pub(super) fn learn_workflows(&mut self, id: u64, commit: Oid) {
        let files = self.objects.files_of(commit).into_keys();
        let files: Vec<String> = files.filter(|path| path.starts_with(FOLDER)).collect();
        for path in files {
            let repository = self.repository(id);
            if repository.is_none_or(|it| it.workflows.iter().any(|known| known.path == path)) {
                continue;
            }
            let number = self.number();
            let name = path[FOLDER.len()..].split('.').next().unwrap_or_default();
            let workflow = Workflow {
                id: number,
                name: name.to_owned(),
                path: path.clone(),
            };
            if let Some(repository) = self.repository_mut(id) {
                repository.workflows.push(workflow);
            }
        }
    }

    /// Adds a run of the workflow in a file that has just ended so, at the default branch's head;
    /// returns its number, or nothing where there is no such workflow.
    pub fn add_run(&mut self, id: u64, path: &str, conclusion: Conclusion) -> Option<u64> {
        let mut workflows = self.repository(id)?.workflows.iter();
        let workflow = workflows.find(|it| it.path == path)?.id;
        self.ended_run(id, workflow, conclusion)
    }

    /// The same with a pipeline (GitLab).
    pub fn add_pipeline(&mut self, id: u64, conclusion: Conclusion) -> Option<u64> {
        self.ended_run(id, 0, conclusion)
    }

    fn ended_run(&mut self, id: u64, workflow: u64, conclusion: Conclusion) -> Option<u64> {
        let number = self.number();
        let now = self.clock.seconds();
        let repository = self.repository_mut(id)?;
        let commit = repository.head()?;
        let branch = repository.default_branch.clone();
        repository.runs.push(Run {
            id: number,
            workflow,
            commit,
            branch,
            event: "push".to_owned(),
            conclusion,
            annotations: Vec::new(),
            started: now,
            ended: (!conclusion.is_open()).then_some(now),
        });
        Some(number)
    }

    /// Starts a run of a workflow, or a pipeline, at a branch's head, by the API; its number.
    pub(super) fn start_run(&mut self, id: u64, workflow: u64, branch: &str, event: &str) -> u64 {
        let number = self.number();
        let now = self.clock.seconds();
        if let Some(repository) = self.repository_mut(id)
            && let Some(commit) = repository.branch(branch)
        {
            repository.runs.push(Run {
                id: number,
                workflow,
                commit,
                branch: branch.to_owned(),
                event: event.to_owned(),
                conclusion: Conclusion::Queued,
                annotations: Vec::new(),
                started: now,
                ended: None,
            });
        }
        number
    }

    /// What was started comes to this end; how many there were.
    pub fn end_runs(&mut self, conclusion: Conclusion) -> usize {
        let now = self.clock.seconds();
        let ids: Vec<u64> = self.repositories().map(|it| it.id).collect();
        let mut ended = 0;
        for id in ids {
            let Some(repository) = self.repository_mut(id) else {
                continue;
            };
            for run in repository
                .runs
                .iter_mut()
                .filter(|it| it.conclusion.is_open())
            {
                (run.conclusion, run.ended) = (conclusion, Some(now));
                ended += 1;
            }
        }
        ended
    }
}
