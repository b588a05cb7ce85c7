//! The runs of many workflows in few requests.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    super::{Ended, Reason, Run, RunsOf, SandboxEnd},
    GitHub, answer,
    batch::Batches,
    client::Call,
    documents,
    graphql::{self, Tries, is_exhausted},
    rest,
    seen::{Nodes, each},
};
use crate::report::github::{EXITED, SANDBOX};

/// Workflows in one question.
const WORKFLOWS: usize = 100;
/// Runs that are asked for at first: most repositories have few.
const FEW: usize = 25;
/// The most runs of one workflow, and how many workflows are then asked for at once.
pub(super) const MANY: usize = 100;
const WITH_MANY: usize = 25;
/// Failed runs whose annotations are asked for at once.
const FAILED: usize = 50;
/// Requests that are under way at once.
pub(super) const ABREAST: usize = 8;
/// Runs are told in the order in which they began; one that ended in time began within this before.
const LONGEST: Duration = Duration::from_hours(6);
/// What begins the names of events whose runs are not of a branch's head.
const FOR_REQUESTS: [&str; 2] = ["pull_request", "merge_group"];

#[derive(Deserialize)]
struct Named {
    node_id: String,
}

#[derive(Deserialize)]
struct Answered<T> {
    nodes: Vec<Option<T>>,
}

#[derive(Deserialize)]
struct Workflow {
    // Nothing of another kind of node is told.
    id: Option<String>,
    runs: Option<Nodes<Told>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    url: String,
    event: String,
    created_at: Timestamp,
    check_suite: Suite,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suite {
    id: String,
    status: String,
    conclusion: Option<String>,
    updated_at: Timestamp,
    branch: Option<Branch>,
    commit: Oid,
}

#[derive(Clone, Deserialize)]
struct Branch {
    name: String,
}

#[derive(Clone, Deserialize)]
struct Oid {
    oid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    id: Option<String>,
    check_runs: Option<Nodes<CheckRun>>,
}

#[derive(Deserialize)]
struct CheckRun {
    annotations: Option<Nodes<Annotation>>,
}

#[derive(Deserialize)]
struct Annotation {
    title: Option<String>,
}

impl GitHub {
    /// See [`Forge::runs`](super::super::Forge::runs).
    pub(super) async fn ended(
        &self,
        of: &[RunsOf],
        since: Timestamp,
    ) -> Result<Vec<Vec<Run>>, Reason> {
        if !self.is_closed() {
            match self.ended_together(of, since).await {
                Err(reason) if self.closes(&reason) => {}
                // An enterprise's GraphQL may be older than what is asked.
                Err(Reason::Invalid(_) | Reason::Said(_)) => {}
                runs => return runs,
            }
        }
        rest::runs(self, of, since).await
    }

    async fn ended_together(
        &self,
        of: &[RunsOf],
        since: Timestamp,
    ) -> Result<Vec<Vec<Run>>, Reason> {
        let mut ids = self.named(of).await?;
        let mut told = self.told(&ids, since).await?;
        // A name that was kept may be that of a workflow which was since made anew.
        let mut is_stale = false;
        for (of, id) in of.iter().zip(&ids) {
            if id.as_ref().is_some_and(|id| !told.contains_key(id)) {
                self.workflows.set(&of.repository, &of.workflow, None);
                is_stale = true;
            }
        }
        if is_stale {
            ids = self.named(of).await?;
            told = self.told(&ids, since).await?;
        }
        self.workflows.keep();
        let ends = self.ends(&told, since).await?;
        let runs = |id: &Option<String>| {
            let told = id.as_ref().and_then(|id| told.get(id));
            let runs = told.into_iter().flatten();
            let runs = runs.filter_map(|told| told.run(since, &ends));
            runs.take(MANY).collect()
        };
        let mut all: Vec<Vec<Run>> = ids.iter().map(runs).collect();
        for runs in &mut all {
            runs.sort_by_key(|run| std::cmp::Reverse(run.at));
        }
        Ok(all)
    }

    /// The forge's names for workflows; none where there is no such workflow.
    async fn named(&self, of: &[RunsOf]) -> Result<Vec<Option<String>>, Reason> {
        let mut names = Vec::with_capacity(of.len());
        for some in of.chunks(ABREAST) {
            let asked = join_all(some.iter().map(|of| self.name(of))).await;
            for name in asked {
                names.push(name?);
            }
        }
        Ok(names)
    }

    async fn name(&self, of: &RunsOf) -> Result<Option<String>, Reason> {
        let RunsOf {
            repository,
            full_name,
            workflow,
        } = of;
        if let Some(known) = self.workflows.get(repository, workflow) {
            return Ok(Some(known));
        }
        let answer = self
            .client
            .send(&Call::get(workflow_path(full_name, workflow)))
            .await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let named: Named = answer::read(&answer)?;
        self.workflows
            .set(repository, workflow, Some(named.node_id.clone()));
        Ok(Some(named.node_id))
    }

    /// What is told of each workflow that is there.
    async fn told(
        &self,
        ids: &[Option<String>],
        since: Timestamp,
    ) -> Result<BTreeMap<String, Vec<Told>>, Reason> {
        let ids: BTreeSet<&str> = ids.iter().flatten().map(String::as_str).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut told = self.some_runs(&ids, WORKFLOWS, FEW).await?;
        let from = since.checked_sub(LONGEST).unwrap_or(since);
        let has_more = |runs: &Vec<Told>| {
            runs.len() >= FEW && runs.last().is_some_and(|oldest| oldest.created_at >= from)
        };
        let more: Vec<String> = told
            .iter()
            .filter(|(_, runs)| has_more(runs))
            .map(|(id, _)| id.clone())
            .collect();
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        told.extend(self.some_runs(&more, WITH_MANY, MANY).await?);
        Ok(told)
    }

    async fn some_runs(
        &self,
        ids: &[&str],
        at_once: usize,
        first: usize,
    ) -> Result<BTreeMap<String, Vec<Told>>, Reason> {
        let mut all = BTreeMap::new();
        let mut batches = Batches::new(ids.len(), at_once);
        while let Some(range) = batches.next() {
            let Some(some) = ids.get(range.clone()) else {
                break;
            };
            let nodes = self.nodes::<Workflow>(documents::runs(some, first), some.len());
            let nodes = match nodes.await {
                Err(reason) if is_exhausted(&reason) && batches.halve(&range) => continue,
                nodes => nodes?,
            };
            for workflow in nodes {
                if let Some(id) = workflow.id {
                    all.insert(id, each(workflow.runs).collect());
                }
            }
        }
        Ok(all)
    }

    /// How sandboxes ended in failed runs, by their check suites.
    async fn ends(
        &self,
        told: &BTreeMap<String, Vec<Told>>,
        since: Timestamp,
    ) -> Result<BTreeMap<String, SandboxEnd>, Reason> {
        let runs = told.values().flatten();
        let failed = runs.filter(|told| told.failed(since));
        let failed: Vec<&str> = failed.map(|told| told.check_suite.id.as_str()).collect();
        let mut ends = BTreeMap::new();
        let mut batches = Batches::new(failed.len(), FAILED);
        while let Some(range) = batches.next() {
            let Some(some) = failed.get(range.clone()) else {
                break;
            };
            let nodes = self.nodes::<Said>(documents::annotations(some), some.len());
            let nodes = match nodes.await {
                Err(reason) if is_exhausted(&reason) && batches.halve(&range) => continue,
                nodes => nodes?,
            };
            for said in nodes {
                let annotations = each(said.check_runs).flat_map(|run| each(run.annotations));
                let end = sandbox_end(annotations.filter_map(|it| it.title));
                ends.extend(said.id.zip(end));
            }
        }
        Ok(ends)
    }

    /// Nodes by their names, those that are there.
    async fn nodes<T: serde::de::DeserializeOwned>(
        &self,
        document: documents::Document,
        count: usize,
    ) -> Result<Vec<T>, Reason> {
        let tries = if count > 1 { Tries::One } else { Tries::Many };
        let reply = graphql::ask::<Answered<T>>(&self.client, document, tries).await?;
        if let Some(fault) = reply.faults.iter().find(|fault| !fault.hides()) {
            return Err(fault.reason());
        }
        Ok(reply.data.nodes.into_iter().flatten().collect())
    }
}

/// Where REST tells of a workflow, by its file's name alone.
pub(super) fn workflow_path(full_name: &str, workflow: &str) -> String {
    let file = workflow.rsplit('/').next().unwrap_or(workflow);
    format!("/repos/{full_name}/actions/workflows/{}", escaped(file))
}

/// `part` as one part of an address.
pub(super) fn escaped(part: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

impl Told {
    fn run(&self, since: Timestamp, ends: &BTreeMap<String, SandboxEnd>) -> Option<Run> {
        let suite = &self.check_suite;
        if suite.updated_at < since {
            return None;
        }
        Some(Run {
            url: self.url.clone(),
            commit: suite.commit.oid.parse().ok(),
            branch: headed(
                &self.event,
                suite.branch.as_ref().map(|it| it.name.as_str()),
            ),
            at: suite.updated_at,
            ended: ended(&suite.status, suite.conclusion.as_deref()?)?,
            sandbox: ends.get(&suite.id).copied(),
        })
    }

    fn failed(&self, since: Timestamp) -> bool {
        let run = self.run(since, &BTreeMap::new());
        run.is_some_and(|run| run.ended == Ended::Failed)
    }
}

/// The branch whose head a run is of, by what started it.
pub(super) fn headed(event: &str, branch: Option<&str>) -> Option<String> {
    let is_for_request = FOR_REQUESTS.iter().any(|it| event.starts_with(it));
    branch.filter(|_| !is_for_request).map(str::to_owned)
}

/// How a run ended, in either API's letters; none where it has not, or waits for somebody.
pub(super) fn ended(status: &str, conclusion: &str) -> Option<Ended> {
    if !status.eq_ignore_ascii_case("completed") {
        return None;
    }
    match conclusion.to_ascii_lowercase().as_str() {
        "success" | "neutral" => Some(Ended::Passed),
        "failure" | "timed_out" => Some(Ended::Failed),
        "startup_failure" => Some(Ended::NotStarted),
        "cancelled" | "skipped" | "stale" => Some(Ended::Cancelled),
        _ => None,
    }
}

/// What `exec` said by the titles of its annotations: one dead sandbox is enough.
pub(super) fn sandbox_end(titles: impl Iterator<Item = String>) -> Option<SandboxEnd> {
    let mut end = None;
    for title in titles {
        match title.as_str() {
            SANDBOX => return Some(SandboxEnd::Sandbox),
            EXITED => end = Some(SandboxEnd::Agent),
            _ => {}
        }
    }
    end
}
