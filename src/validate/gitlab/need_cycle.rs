//! Jobs that wait for each other.

use std::collections::HashMap;

use super::{
    Pipeline, circle,
    fault::brief,
    need::{self, Need},
};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-need-cycle",
        summary: "Jobs that wait for each other in a circle",
        help: "Take one need out of the circle.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-need-cycle.md",
    },
    why: "GitLab refuses the whole pipeline: none of these jobs could ever start.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "a:\n  script: [make a]\n  needs: [b]\nb:\n  script: [make b]\n  needs: [a]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "a:\n  script: [make a]\n  needs: [a]\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "a:\n  script: [make a]\nb:\n  script: [make b]\n  needs: [a]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let needs: HashMap<&str, Vec<Need<'_>>> = pipeline
        .visible()
        .map(|job| (job.name, need::of(pipeline, job)))
        .collect();
    let names = pipeline.visible().map(|job| job.name);
    let next = |name: &&str| {
        let wanted = needs.get(name).into_iter().flatten();
        wanted
            .filter(|need| !need.is_dependency)
            .map(|need| need.job.value)
            .collect()
    };
    for (from, to) in circle::closing(names, next) {
        let found = needs
            .get(from)
            .into_iter()
            .flatten()
            .find(|it| it.job.value == to);
        if let Some(need) = found {
            let (from, to) = (brief(from), brief(to));
            let message = if from == to {
                format!("`{from}` waits for itself")
            } else {
                format!("`{from}` waits for `{to}`, which waits for `{from}`")
            };
            report.at(&RULE, need.job.at.clone(), message);
        }
    }
}
