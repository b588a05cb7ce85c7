//! Jobs that do nothing.

use super::{Pipeline, fault::brief, keywords};
use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-job-without-script",
        summary: "A job without anything to run",
        help: "Give the job a `script`, a `trigger` or a `run`, or hide it by a dot before its name.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-job-without-script.md",
    },
    why: "GitLab refuses the whole pipeline: every job runs a script, starts another pipeline, \
          or extends one that does.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  stage: test\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "workflows:\n  rules:\n    - if: $CI_COMMIT_TAG\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: ".test:\n  stage: test\ntest:\n  extends: .test\n  script: [make test]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let world = &pipeline.world;
    if !world.closed {
        return;
    }
    for job in pipeline.visible() {
        let runs = ["script", "trigger", "run"]
            .iter()
            .any(|key| world.has(job.name, key));
        let known = world
            .parents(job.name)
            .iter()
            .all(|parent| world.has_job(parent));
        if runs || !known {
            continue;
        }
        let name = brief(job.name);
        let message = format!("the job `{name}` has no `script`, no `trigger` and no `run`");
        let problem = report.at(&RULE, job.key.at.clone(), message);
        let globals = keywords::GLOBAL.known.iter().map(|(name, _)| *name);
        if let Some(near) = suggest(job.name, globals) {
            problem.help(format!("Did you mean the keyword `{near}`?"));
        }
    }
}
