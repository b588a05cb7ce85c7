//! Runs as REST tells them: a request for each workflow, and more for each run that failed.

use std::cmp::Reverse;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    super::{
        super::{Ended, Reason, Run, RunsOf, SandboxEnd},
        GitHub,
        runs::{ABREAST, MANY, ended, headed, sandbox_end, workflow_path},
    },
    look::{absent, get},
};

/// The jobs of a run that are asked what they said.
const JOBS: usize = 10;

#[derive(Deserialize)]
struct Page {
    workflow_runs: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    html_url: String,
    event: String,
    head_branch: Option<String>,
    head_sha: String,
    status: Option<String>,
    conclusion: Option<String>,
    updated_at: Timestamp,
    check_suite_id: Option<u64>,
}

#[derive(Deserialize)]
struct Jobs {
    check_runs: Vec<Job>,
}

#[derive(Deserialize)]
struct Job {
    id: u64,
    conclusion: Option<String>,
}

#[derive(Deserialize)]
struct Annotation {
    title: Option<String>,
}

/// See [`Forge::runs`](crate::forge::Forge::runs).
pub(in super::super) async fn runs(
    github: &GitHub,
    of: &[RunsOf],
    since: Timestamp,
) -> Result<Vec<Vec<Run>>, Reason> {
    let mut all = Vec::with_capacity(of.len());
    for some in of.chunks(ABREAST) {
        let asked = some.iter().map(|of| of_workflow(github, of, since));
        for runs in join_all(asked).await {
            all.push(runs?);
        }
    }
    Ok(all)
}

async fn of_workflow(github: &GitHub, of: &RunsOf, since: Timestamp) -> Result<Vec<Run>, Reason> {
    let workflow = workflow_path(&of.full_name, &of.workflow);
    let path = format!("{workflow}/runs?status=completed&per_page={MANY}");
    let page: Option<Page> = absent(get(github, path).await)?;
    let mut runs = Vec::new();
    for told in page.map(|it| it.workflow_runs).unwrap_or_default() {
        let Some(mut run) = told.run(since) else {
            continue;
        };
        if let (Ended::Failed, Some(suite)) = (run.ended, told.check_suite_id) {
            run.sandbox = end(github, &of.full_name, suite).await?;
        }
        runs.push(run);
    }
    runs.sort_by_key(|run| Reverse(run.at));
    Ok(runs)
}

/// How the sandbox ended, by what the failed jobs of a run said.
async fn end(github: &GitHub, name: &str, suite: u64) -> Result<Option<SandboxEnd>, Reason> {
    let path = format!("/repos/{name}/check-suites/{suite}/check-runs?per_page={MANY}");
    let jobs: Option<Jobs> = absent(get(github, path).await)?;
    let jobs = jobs.map(|it| it.check_runs).unwrap_or_default();
    let mut titles = Vec::new();
    for job in jobs.iter().filter(|job| job.failed()).take(JOBS) {
        let path = format!("/repos/{name}/check-runs/{}/annotations", job.id);
        let said: Option<Vec<Annotation>> = absent(get(github, path).await)?;
        titles.extend(said.into_iter().flatten().filter_map(|it| it.title));
    }
    Ok(sandbox_end(titles.into_iter()))
}

impl Told {
    fn run(&self, since: Timestamp) -> Option<Run> {
        if self.updated_at < since {
            return None;
        }
        Some(Run {
            url: self.html_url.clone(),
            commit: self.head_sha.parse().ok(),
            branch: headed(&self.event, self.head_branch.as_deref()),
            at: self.updated_at,
            ended: ended(self.status.as_deref()?, self.conclusion.as_deref()?)?,
            sandbox: None,
        })
    }
}

impl Job {
    fn failed(&self) -> bool {
        matches!(self.conclusion.as_deref(), Some("failure" | "timed_out"))
    }
}
