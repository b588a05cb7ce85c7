//! References to what is not there.

use super::{Pipeline, fault::brief, nearest::Nearest, reference};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-unknown-reference",
        summary: "A `!reference` to what is not there",
        help: "Name a job and a keyword that the job has.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-unknown-reference.md",
    },
    why: "GitLab refuses the whole pipeline over a `!reference` that leads nowhere.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: ".setup:\n  script: [make setup]\ntest:\n  script:\n    - !reference [.setup, scripts]\n    - make test\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: ".setup:\n  script: [make setup]\ntest:\n  script:\n    - !reference [.setup, script]\n    - make test\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let world = &pipeline.world;
    if !world.closed {
        return;
    }
    let mut nearest = Nearest::new();
    for reference in reference::all(pipeline) {
        let Some(first) = reference.path.first() else {
            continue;
        };
        let is_here = pipeline.tops.contains_key(first.value);
        if !is_here && !world.has_job(first.value) {
            let message = format!("nothing here is called `{}`", brief(first.value));
            let problem = report.at(&RULE, first.at.clone(), message);
            if let Some(near) = nearest.advice(first.value, world.names()) {
                problem.help(near);
            }
        }
        // What is inherited, or merged from another file, is not looked at.
        let (Some(job), Some(key)) = (pipeline.job(first.value), reference.path.get(1)) else {
            continue;
        };
        let inherits = job.keys.contains_key("extends") || !pipeline.includes.is_empty();
        if !inherits && job.node.tag().is_none() && !job.keys.contains_key(key.value) {
            let message = format!("`{}` has no `{}`", brief(first.value), brief(key.value));
            report.at(&RULE, key.at.clone(), message);
        }
    }
}
