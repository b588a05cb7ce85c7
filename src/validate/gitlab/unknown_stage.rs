//! Stages that the pipeline does not declare.

use std::collections::HashSet;

use super::{Pipeline, fault::brief, nearest::Nearest};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-unknown-stage",
        summary: "A job in a stage that is not declared",
        help: "Add the stage to `stages`, or correct its name.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-unknown-stage.md",
    },
    why: "GitLab refuses the whole pipeline: a job runs in one of `stages`, or in `.pre` or \
          `.post`. Without `stages` there are build, test and deploy.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "stages: [build, test]\nship:\n  stage: tset\n  script: [make ship]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "stages: [build, test]\nship:\n  stage: test\n  script: [make ship]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let world = &pipeline.world;
    if !world.closed && !world.own_stages {
        return;
    }
    let mut nearest = Nearest::new();
    let stages: HashSet<&str> = world.stages().into_iter().collect();
    let mut seen = HashSet::new();
    for job in pipeline.visible() {
        let Some(stage) = pipeline
            .inherited(job, "stage")
            .and_then(|node| node.scalar())
        else {
            continue;
        };
        let known = stages.contains(stage.value) || stage.value.contains('$');
        if known || !seen.insert(stage.at.start) {
            continue;
        }
        let message = format!("no stage `{}` is declared", brief(stage.value));
        let problem = report.at(&RULE, stage.at.clone(), message);
        if let Some(near) = nearest.advice(stage.value, stages.iter().copied()) {
            problem.help(near);
        }
    }
}
