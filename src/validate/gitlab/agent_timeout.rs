//! Agents that nothing stops.

use super::{Pipeline, fault::brief};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-agent-timeout",
        summary: "A job launches an agent without a timeout",
        help: "Give the job a `timeout` a little above the agent's own.",
        severity: Severity::Warning,
        page: "docs/rules/gitlab-agent-timeout.md",
    },
    why: "Without a `timeout` the project's holds, an hour by default: an agent that hangs keeps \
          its runner, and its credentials, for that long.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "triage:\n  script: [fullsend exec triage]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "triage:\n  timeout: 10 minutes\n  script: [fullsend exec triage]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let world = &pipeline.world;
    let defaults = pipeline
        .body
        .into_iter()
        .flat_map(|body| body.all("default"));
    if defaults
        .into_iter()
        .any(|default| default.get("timeout").is_some())
    {
        return;
    }
    for job in pipeline.visible() {
        let known = world
            .parents(job.name)
            .iter()
            .all(|parent| world.has_job(parent));
        if known && Pipeline::runs_agent(&job.node) && !world.has(job.name, "timeout") {
            let message = format!(
                "the job `{}` launches an agent and has no `timeout`",
                brief(job.name)
            );
            report.at(&RULE, job.key.at.clone(), message);
        }
    }
}
