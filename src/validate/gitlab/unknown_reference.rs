//! References to what is not there.

use super::{Pipeline, fault::brief, reference};
use crate::{
    config::suggest,
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
    for reference in reference::all(pipeline) {
        let Some((first, rest)) = reference.path.split_first() else {
            continue;
        };
        let top = pipeline.body.and_then(|body| body.get(first.value));
        let Some(mut node) = top else {
            if !world.has_job(first.value) {
                let message = format!("nothing here is called `{}`", brief(first.value));
                let problem = report.at(&RULE, first.at.clone(), message);
                if let Some(near) = suggest(first.value, world.names()) {
                    problem.help(format!("Did you mean `{near}`?"));
                }
            }
            continue;
        };
        // What is inherited or merged from elsewhere is not looked at.
        if node.get("extends").is_some() || !pipeline.includes.is_empty() {
            continue;
        }
        for key in rest {
            if node.tag().is_some() || !node.is_mapping() {
                break;
            }
            let Some(value) = node.get(key.value) else {
                let message = format!("`{}` has no `{}`", brief(first.value), brief(key.value));
                report.at(&RULE, key.at.clone(), message);
                break;
            };
            node = value;
        }
    }
}
