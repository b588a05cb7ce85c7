//! Runs: pipelines of the default branch in which jobs of ours ran.
//!
//! A pipeline has other jobs than ours, whose failures say nothing of a sandbox; so a run's end is
//! that of our jobs, and a pipeline without any is no run. One whose configuration GitLab refused
//! has no jobs at all, and counts.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{
    super::{Ended, Reason, Run, RunsOf},
    GitLab,
    graphql::Failure,
    sandbox,
    watched::{Nodes, gid, number},
};

/// Projects of one document.
pub(super) const PROJECTS: usize = 10;
/// Pipelines of a page, each with its jobs.
const PIPELINES: usize = 20;
/// Pages of pipelines of a project.
const PAGES: usize = 10;
/// The most runs of a project that are told.
const TOLD: usize = 100;
/// Failed runs of a project whose sandboxes are asked about.
const ASKED: usize = 25;
/// What the names of our jobs begin with.
const OURS: &str = "fullsend-";

#[derive(Deserialize)]
struct Data {
    projects: Nodes<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    repository: Option<Repository>,
    pipelines: Option<Page>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    root_ref: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    nodes: Option<Vec<Option<Pipeline>>>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pipeline {
    sha: Option<String>,
    #[serde(rename = "ref")]
    branch: Option<String>,
    path: Option<String>,
    status: String,
    yaml_errors: bool,
    finished_at: Option<Timestamp>,
    updated_at: Timestamp,
    jobs: Option<Nodes<Job>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    id: Option<String>,
    name: Option<String>,
    status: Option<String>,
    finished_at: Option<Timestamp>,
}

/// A run, and the jobs of it that failed.
struct Found {
    run: Run,
    failed: Vec<sandbox::Failed>,
}

impl GitLab {
    /// The runs of these projects that ended since `since`.
    pub(super) async fn see_runs(
        &self,
        of: &[RunsOf],
        since: Timestamp,
    ) -> Result<Vec<Vec<Run>>, Reason> {
        let ids = of.iter().filter_map(|it| it.repository.parse().ok());
        let ids: Vec<u64> = ids.collect();
        let pages = self
            .pipelines
            .all(&ids, |ids| self.ask_runs(ids, since, None));
        let mut found: BTreeMap<u64, Vec<Run>> = BTreeMap::new();
        for project in pages.await? {
            let Some(id) = number(&project.id) else {
                continue;
            };
            found.insert(id, self.runs_of(id, project, since).await?);
        }
        let of = of.iter().map(|it| it.repository.parse().ok());
        Ok(of
            .map(|id: Option<u64>| found.get(&id?).cloned())
            .map(Option::unwrap_or_default)
            .collect())
    }

    async fn ask_runs(
        &self,
        projects: &[u64],
        since: Timestamp,
        after: Option<&str>,
    ) -> Result<Vec<Project>, Failure> {
        let document = format!(
            "query($ids: [ID!]!, $count: Int!, $since: Time, $after: String) {{ \
             projects(ids: $ids, first: $count) {{ nodes {{ id repository {{ rootRef }} \
             pipelines(updatedAfter: $since, first: {PIPELINES}, after: $after) {{ \
             nodes {{ sha ref path status yamlErrors finishedAt updatedAt \
             jobs(retried: false, first: 100) {{ nodes {{ id name status finishedAt }} }} }} \
             pageInfo {{ hasNextPage endCursor }} }} }} }} }}"
        );
        let variables = json!({
            "ids": projects.iter().map(|id| gid(*id)).collect::<Vec<_>>(),
            "count": projects.len(),
            "since": since.to_string(),
            "after": after,
        });
        let data: Data = self
            .client
            .ask(&document, &variables, &self.lacking, &[])
            .await?;
        Ok(data.projects.seen().collect())
    }

    /// The runs of one project, from its first page on.
    async fn runs_of(&self, id: u64, first: Project, since: Timestamp) -> Result<Vec<Run>, Reason> {
        let mut found = Vec::new();
        let mut project = Some(first);
        for _ in 0..PAGES {
            let Some(Project {
                repository,
                pipelines: Some(page),
                ..
            }) = project.take()
            else {
                break;
            };
            let default = repository.and_then(|it| it.root_ref);
            let pipelines = page.nodes.into_iter().flatten().flatten();
            let ours = pipelines.filter(|it| it.branch.is_some() && it.branch == default);
            found.extend(
                ours.filter_map(|it| self.run(it))
                    .filter(|it| it.run.at >= since),
            );
            if found.len() >= TOLD || !page.page_info.has_next_page {
                break;
            }
            let after = page.page_info.end_cursor;
            let next = self.ask_runs(&[id], since, after.as_deref()).await?;
            project = next.into_iter().next();
        }
        found.sort_by_key(|it| std::cmp::Reverse(it.run.at));
        found.truncate(TOLD);
        self.with_sandboxes(id, found).await
    }

    /// What a pipeline is to us; nothing where it has not ended, or has no job of ours.
    fn run(&self, pipeline: Pipeline) -> Option<Found> {
        let jobs: Vec<_> = pipeline.jobs.into_iter().flat_map(Nodes::seen).collect();
        let is_ours = |job: &&Job| job.name.as_deref().is_some_and(|it| it.starts_with(OURS));
        let ours: Vec<_> = jobs.iter().filter(is_ours).collect();
        let ended = if pipeline.yaml_errors && pipeline.status == "FAILED" {
            Ended::NotStarted
        } else {
            ended(&ours)?
        };
        let last = ours.iter().filter_map(|job| job.finished_at).max();
        let at = last.or(pipeline.finished_at).unwrap_or(pipeline.updated_at);
        let failed = ours
            .iter()
            .filter(|job| job.status.as_deref() == Some("FAILED"));
        Some(Found {
            run: Run {
                url: self.client.place.page(&pipeline.path.unwrap_or_default()),
                commit: pipeline.sha.and_then(|sha| sha.parse().ok()),
                branch: pipeline.branch,
                at,
                ended,
                sandbox: None,
            },
            failed: failed.filter_map(|job| job.failed()).collect(),
        })
    }

    /// What fullsend said of the sandboxes of the failed runs.
    async fn with_sandboxes(&self, project: u64, found: Vec<Found>) -> Result<Vec<Run>, Reason> {
        let mut asked = 0;
        let asking = found.into_iter().map(|Found { mut run, failed }| {
            asked += usize::from(!failed.is_empty());
            let failed = if asked <= ASKED { failed } else { Vec::new() };
            async move {
                run.sandbox = self.sandbox_end(project, &failed).await?;
                Ok(run)
            }
        });
        let asking: Vec<_> = asking.collect();
        stream::iter(asking).buffered(8).try_collect().await
    }
}

impl Job {
    fn failed(&self) -> Option<sandbox::Failed> {
        Some(sandbox::Failed {
            id: number(self.id.as_deref()?)?,
            name: self.name.clone()?,
        })
    }
}

/// How our jobs ended, all together; nothing where one has not, or none ran.
fn ended(jobs: &[&Job]) -> Option<Ended> {
    let mut end = None;
    for job in jobs {
        let one = match job.status.as_deref()? {
            "SUCCESS" => Ended::Passed,
            "FAILED" => Ended::Failed,
            "CANCELED" => Ended::Cancelled,
            // Nobody asked for it, or what it needs failed.
            "SKIPPED" | "MANUAL" => continue,
            _ => return None,
        };
        end = Some(match (end, one) {
            (Some(Ended::Failed), _) | (_, Ended::Failed) => Ended::Failed,
            (Some(Ended::Cancelled), _) | (_, Ended::Cancelled) => Ended::Cancelled,
            _ => Ended::Passed,
        });
    }
    end
}
