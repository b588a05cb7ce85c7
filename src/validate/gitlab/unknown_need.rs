//! Needs and dependencies that are no jobs.

use std::collections::HashSet;

use super::{Pipeline, fault::brief, nearest::Nearest, need};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-unknown-need",
        summary: "A need or dependency that no job satisfies",
        help: "Name a job of this pipeline, or write `optional: true` beside a job that is not always there.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-unknown-need.md",
    },
    why: "GitLab refuses the whole pipeline over a need or dependency that is no job of it.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "build:\n  script: [make]\ntest:\n  script: [make test]\n  needs: [biuld]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "build:\n  stage: build\n  script: [make]\ntest:\n  script: [make test]\n  needs: [build, {job: lint, optional: true}]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let world = &pipeline.world;
    if !world.closed {
        return;
    }
    let mut nearest = Nearest::new();
    let mut seen = HashSet::new();
    for need in pipeline.visible().flat_map(|job| need::of(pipeline, job)) {
        let known = world.has_job(need.job.value) && !need.job.value.starts_with('.');
        if known || need.optional || !seen.insert(need.job.at.start) {
            continue;
        }
        let name = brief(need.job.value);
        let message = if name.starts_with('.') && world.has_job(need.job.value) {
            format!("`{name}` is hidden: it never runs, so nothing can wait for it")
        } else {
            format!("no job of this pipeline is called `{name}`")
        };
        let problem = report.at(&RULE, need.job.at.clone(), message);
        let names = world.names().filter(|name| !name.starts_with('.'));
        if let Some(near) = nearest.advice(need.job.value, names) {
            problem.help(near);
        }
    }
}
