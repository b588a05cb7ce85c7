//! Workflows, their runs, and what these say.

use serde_json::Value;

use super::{super::refuse::Fail, Arguments, Asking, Field, Made, Thing, connection};
use crate::forge::{Annotation, Conclusion, Run, clock::rfc3339};

fn gone() -> Fail {
    Fail::not_found("gone")
}

/// How a run ended, in GitHub's words.
pub(in crate::forge::github) fn conclusion(run: &Run) -> Option<&'static str> {
    Some(match run.conclusion {
        Conclusion::Queued | Conclusion::Running => return None,
        Conclusion::Passed => "SUCCESS",
        Conclusion::Failed => "FAILURE",
        Conclusion::NotStarted => "STARTUP_FAILURE",
        Conclusion::Cancelled => "CANCELLED",
        Conclusion::Skipped => "SKIPPED",
        Conclusion::TimedOut => "TIMED_OUT",
    })
}

impl Asking<'_> {
    pub(super) fn workflow(
        &self,
        id: u64,
        number: u64,
        field: &str,
        arguments: &Arguments,
    ) -> Field {
        let repository = self.store.repository(id).ok_or_else(gone)?;
        let workflow = repository
            .workflows
            .iter()
            .find(|it| it.id == number)
            .ok_or_else(gone)?;
        Ok(Some(match field {
            "databaseId" => number.into(),
            "name" => workflow.name.clone().into(),
            "state" => "ACTIVE".into(),
            "url" => self.url(id, &format!("actions/{}", workflow.path)).into(),
            "runs" => {
                let runs = repository.runs.iter().filter(|it| it.workflow == number);
                let mut runs: Vec<_> = runs.map(|it| Thing::Run(id, it.id)).collect();
                if arguments.value("orderBy")["direction"] != "ASC" {
                    runs.reverse();
                }
                return connection::field("WorkflowRunConnection", field, arguments, runs);
            }
            _ => return Ok(None),
        }))
    }

    fn find_run(&self, id: u64, number: u64) -> Option<&Run> {
        let mut runs = self.store.repository(id)?.runs.iter();
        runs.find(|run| run.id == number)
    }

    pub(super) fn run(&self, id: u64, number: u64, field: &str) -> Option<Made> {
        let run = self.find_run(id, number)?;
        Some(match field {
            "databaseId" | "runNumber" => number.into(),
            "event" => run.event.clone().into(),
            "createdAt" => rfc3339(run.started).into(),
            "updatedAt" => rfc3339(run.ended.unwrap_or(run.started)).into(),
            "url" => self.url(id, &format!("actions/runs/{number}")).into(),
            "checkSuite" => Thing::Suite(id, number).into(),
            "workflow" => Thing::Workflow(id, run.workflow).into(),
            _ => return None,
        })
    }

    pub(super) fn suite(&self, id: u64, number: u64, field: &str, arguments: &Arguments) -> Field {
        let run = self.find_run(id, number).ok_or_else(gone)?;
        let branch = || {
            let there = self.store.repository(id)?.branch(&run.branch);
            there.map(|_| Thing::Ref(id, format!("refs/heads/{}", run.branch)))
        };
        Ok(Some(match field {
            "databaseId" => number.into(),
            "createdAt" => rfc3339(run.started).into(),
            "updatedAt" => rfc3339(run.ended.unwrap_or(run.started)).into(),
            "commit" => Thing::Commit(id, run.commit).into(),
            "branch" => branch().into(),
            "repository" => Thing::Repository(id).into(),
            "workflowRun" => Thing::Run(id, number).into(),
            "status" | "conclusion" => ended(run, field),
            "checkRuns" => {
                // A workflow that does not start has no jobs.
                let has = run.conclusion != Conclusion::NotStarted
                    && wanted(arguments.value("filterBy"), run);
                let checks = has.then_some(Thing::Check(id, number));
                return connection::field("CheckRunConnection", field, arguments, checks);
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn check(&self, id: u64, number: u64, field: &str, arguments: &Arguments) -> Field {
        let run = self.find_run(id, number).ok_or_else(gone)?;
        let title = run
            .annotations
            .first()
            .map_or_else(Made::null, |it| it.title.clone().into());
        Ok(Some(match field {
            "databaseId" => number.into(),
            "name" => "job".into(),
            "title" => title,
            "startedAt" => rfc3339(run.started).into(),
            "completedAt" => run.ended.map_or_else(Made::null, |at| rfc3339(at).into()),
            "checkSuite" => Thing::Suite(id, number).into(),
            "repository" => Thing::Repository(id).into(),
            "url" => self
                .url(id, &format!("actions/runs/{number}/job/{number}"))
                .into(),
            "status" | "conclusion" => ended(run, field),
            "annotations" => {
                let all = run.annotations.iter().map(annotation);
                return connection::field("CheckAnnotationConnection", field, arguments, all);
            }
            _ => return Ok(None),
        }))
    }
}

fn ended(run: &Run, field: &str) -> Made {
    match (conclusion(run), field) {
        (Some(_), "status") => "COMPLETED".into(),
        (None, "status") if run.conclusion == Conclusion::Queued => "QUEUED".into(),
        (None, "status") => "IN_PROGRESS".into(),
        (conclusion, _) => conclusion.map_or_else(Made::null, Made::from),
    }
}

fn wanted(filter: &Value, run: &Run) -> bool {
    let Some(conclusions) = filter["conclusions"].as_array() else {
        return true;
    };
    conclusion(run).is_some_and(|is| conclusions.iter().any(|wanted| wanted == is))
}

fn annotation(annotation: &Annotation) -> Thing {
    Thing::Plain(
        "CheckAnnotation",
        vec![
            ("annotationLevel", annotation.level.to_uppercase().into()),
            ("title", annotation.title.clone().into()),
            ("message", annotation.message.clone().into()),
            ("path", ".github".into()),
        ],
    )
}
