//! Workflows, runs and what these say.

use serde_json::{Value, json};

use super::{Answer, Request, Said};
use crate::forge::{
    Annotation, Conclusion, Repository, Right, Run, Workflow,
    clock::rfc3339,
    github::{
        graphql::{Thing, conclusion},
        id, refusal,
    },
};

impl Request<'_> {
    pub(super) fn actions(&mut self, name: &str) -> Answer {
        if name == "actions/create-workflow-dispatch" {
            return self.dispatch();
        }
        let repository = self.repository()?;
        if !self.by().may(Right::Runs) {
            return Err(refusal(403, "Resource not accessible by integration"));
        }
        match name {
            "actions/list-repo-workflows" => {
                let all = repository
                    .workflows
                    .iter()
                    .map(|it| self.shown_workflow(repository, it));
                Ok(Said::Page(Some("workflows"), all.collect()))
            }
            "actions/get-workflow" => Ok(Said::Json(
                200,
                self.shown_workflow(repository, self.workflow(repository)?),
            )),
            "actions/list-workflow-runs" => {
                let workflow = self.workflow(repository)?.id;
                Ok(self.runs(repository, |run| run.workflow == workflow))
            }
            "actions/list-workflow-runs-for-repo" => Ok(self.runs(repository, |_| true)),
            "actions/get-workflow-run" => {
                let run = self.run(repository, "run_id")?;
                Ok(Said::Json(200, self.shown_run(repository, run)))
            }
            "checks/list-annotations" => {
                let run = self.run(repository, "check_run_id")?;
                Ok(Said::Page(
                    None,
                    run.annotations.iter().map(annotation).collect(),
                ))
            }
            "checks/list-for-suite" => {
                let suite = self.run(repository, "check_suite_id")?.id;
                // A workflow that does not start has no jobs.
                Ok(checks(repository, |run| {
                    run.id == suite && run.conclusion != Conclusion::NotStarted
                }))
            }
            _ => {
                let name = self.named("ref").trim_start_matches("heads/");
                let oid = repository.branch(name).or_else(|| name.parse().ok());
                Ok(checks(repository, |run| Some(run.commit) == oid))
            }
        }
    }

    /// Starts a run of a workflow that lets itself be started.
    fn dispatch(&mut self) -> Answer {
        let repository = self.repository()?;
        if !self.by().may(Right::Contents) {
            return Err(refusal(403, "Resource not accessible by integration"));
        }
        let (id, workflow) = (repository.id, self.workflow(repository)?);
        let branch = self.body["ref"].as_str().unwrap_or_default();
        let at = repository.branch(branch);
        let at = at.ok_or_else(|| refusal(422, &format!("No ref found for: {branch}")))?;
        let files = self.store.objects.files_of(at);
        let blob = files
            .get(&workflow.path)
            .and_then(|(_, blob)| self.store.objects.blob(*blob));
        let text = blob.map(|it| String::from_utf8_lossy(it).into_owned());
        if !text.is_some_and(|it| it.contains("workflow_dispatch:")) {
            let said = "Workflow does not have 'workflow_dispatch' trigger";
            return Err(refusal(422, said));
        }
        let (number, branch) = (workflow.id, branch.to_owned());
        self.store
            .start_run(id, number, &branch, "workflow_dispatch");
        Ok(Said::Json(204, Value::Null))
    }

    /// The workflow of a number, or of a file's name.
    fn workflow<'a>(&self, repository: &'a Repository) -> Result<&'a Workflow, crate::web::Plain> {
        let name = self.named("workflow_id");
        let is =
            |it: &&Workflow| it.id.to_string() == name || it.path.rsplit('/').next() == Some(name);
        let found = repository.workflows.iter().find(is);
        found.ok_or_else(|| refusal(404, "Not Found"))
    }

    fn run<'a>(
        &self,
        repository: &'a Repository,
        name: &str,
    ) -> Result<&'a Run, crate::web::Plain> {
        let number = self.named(name).parse::<u64>().ok();
        let found = repository.runs.iter().find(|it| Some(it.id) == number);
        found.ok_or_else(|| refusal(404, "Not Found"))
    }

    fn shown_workflow(&self, repository: &Repository, workflow: &Workflow) -> Value {
        let full = self.store.full_name(repository);
        json!({
            "id": workflow.id,
            "node_id": id::of(&Thing::Workflow(repository.id, workflow.id)),
            "name": workflow.name,
            "path": workflow.path,
            "state": "active",
            "html_url": self.api(&format!("{full}/actions/{}", workflow.path)),
        })
    }

    fn runs(&self, repository: &Repository, wanted: impl Fn(&Run) -> bool) -> Said {
        let is = |name: &str, value: &str| self.query.get(name).is_none_or(|it| it == value);
        let since = self
            .query
            .get("created")
            .and_then(|it| it.strip_prefix(">="));
        let runs = repository.runs.iter().rev().filter(|run| {
            wanted(run)
                && is("branch", &run.branch)
                && is("event", &run.event)
                && is("head_sha", &run.commit.to_string())
                && since.is_none_or(|since| rfc3339(run.started).as_str() >= since)
                && self.query.get("status").is_none_or(|it| {
                    it == status(run) || Some(it.as_str()) == ended(run).as_deref()
                })
        });
        let runs = runs.map(|it| self.shown_run(repository, it)).collect();
        Said::Page(Some("workflow_runs"), runs)
    }

    fn shown_run(&self, repository: &Repository, run: &Run) -> Value {
        let full = self.store.full_name(repository);
        let workflow = repository.workflows.iter().find(|it| it.id == run.workflow);
        json!({
            "id": run.id,
            "node_id": id::of(&Thing::Run(repository.id, run.id)),
            "check_suite_id": run.id,
            "check_suite_node_id": id::of(&Thing::Suite(repository.id, run.id)),
            "name": workflow.map(|it| it.name.clone()),
            "path": workflow.map(|it| it.path.clone()).unwrap_or_default(),
            "workflow_id": run.workflow,
            "head_branch": run.branch,
            "head_sha": run.commit.to_string(),
            "run_number": run.id,
            "event": run.event,
            "status": status(run),
            "conclusion": ended(run),
            "html_url": self.api(&format!("{full}/actions/runs/{}", run.id)),
            "created_at": rfc3339(run.started),
            "updated_at": rfc3339(run.ended.unwrap_or(run.started)),
            "repository": self.shown(repository),
            "head_repository": self.shown(repository),
        })
    }
}

/// The checks of those runs that are wanted: one of each.
fn checks(repository: &Repository, wanted: impl Fn(&Run) -> bool) -> Said {
    let runs = repository.runs.iter().filter(|run| wanted(run));
    let checks = runs.map(|run| {
        json!({
            "id": run.id,
            "node_id": id::of(&Thing::Check(repository.id, run.id)),
            "name": "job",
            "head_sha": run.commit.to_string(),
            "status": status(run),
            "conclusion": ended(run),
            "check_suite": { "id": run.id },
            "started_at": rfc3339(run.started),
            "completed_at": run.ended.map(rfc3339),
            "output": { "annotations_count": run.annotations.len() },
        })
    });
    Said::Page(Some("check_runs"), checks.collect())
}

fn status(run: &Run) -> &'static str {
    if conclusion(run).is_some() {
        "completed"
    } else if run.conclusion == Conclusion::Queued {
        "queued"
    } else {
        "in_progress"
    }
}

fn ended(run: &Run) -> Option<String> {
    conclusion(run).map(str::to_lowercase)
}

fn annotation(annotation: &Annotation) -> Value {
    json!({
        "path": ".github",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": annotation.level,
        "title": annotation.title,
        "message": annotation.message,
    })
}
