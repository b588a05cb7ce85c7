//! Needs of jobs that run later.

use std::collections::{HashMap, HashSet};

use super::{Pipeline, fault::brief, need};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-need-later-stage",
        summary: "A need or dependency in a later stage",
        help: "Move the job to an earlier stage, or wait for another.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-need-later-stage.md",
    },
    why: "GitLab refuses the whole pipeline: a job waits only for jobs of its own stage or of \
          earlier ones.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "build:\n  stage: build\n  script: [make]\n  needs: [ship]\nship:\n  stage: deploy\n  script: [make ship]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "build:\n  stage: build\n  script: [make]\nship:\n  stage: deploy\n  script: [make ship]\n  needs: [build]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let world = &pipeline.world;
    if !world.closed {
        return;
    }
    let order: HashMap<&str, usize> = (0..).zip(world.stages()).map(|(at, it)| (it, at)).collect();
    let mut seen = HashSet::new();
    for job in pipeline.visible() {
        let Some(mine) = order.get(world.stage(job.name)) else {
            continue;
        };
        for need in need::of(pipeline, job) {
            let stage = world.stage(need.job.value);
            let later = world.has_job(need.job.value)
                && order.get(stage).is_some_and(|theirs| theirs > mine);
            if later && seen.insert(need.job.at.start) {
                let message = format!(
                    "`{}` runs in the later stage `{}`",
                    brief(need.job.value),
                    brief(stage)
                );
                report.at(&RULE, need.job.at.clone(), message);
            }
        }
    }
}
