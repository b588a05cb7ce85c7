//! Jobs that extend what is not there.

use super::{Pipeline, fault::brief, nearest::Nearest};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-unknown-extends",
        summary: "A job extends another that is not there",
        help: "Name a job of this pipeline, hidden or not.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-unknown-extends.md",
    },
    why: "GitLab refuses the whole pipeline over an unknown name in `extends`.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: ".base:\n  image: alpine:3.22@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\ntest:\n  extends: .bsae\n  script: [make test]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: ".base:\n  image: alpine:3.22@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\ntest:\n  extends: .base\n  script: [make test]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let world = &pipeline.world;
    if !world.closed {
        return;
    }
    let mut nearest = Nearest::new();
    for job in &pipeline.jobs {
        for name in Pipeline::texts_of(&job.node, &["extends"]) {
            if world.has_job(name.value) || name.value.contains('$') {
                continue;
            }
            let message = format!("no job is called `{}`", brief(name.value));
            let problem = report.at(&RULE, name.at.clone(), message);
            if let Some(near) = nearest.advice(name.value, world.names()) {
                problem.help(near);
            }
        }
    }
}
