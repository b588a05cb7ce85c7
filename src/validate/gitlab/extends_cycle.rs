//! Jobs that extend each other.

use super::{Pipeline, circle, fault::brief};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-extends-cycle",
        summary: "Jobs that extend each other in a circle",
        help: "Let one of them stand by itself.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-extends-cycle.md",
    },
    why: "GitLab refuses the whole pipeline: what such a job holds has no beginning.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: ".a:\n  extends: .b\n.b:\n  extends: .a\ntest:\n  extends: .a\n  script: [make test]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: ".a:\n  interruptible: true\n.b:\n  extends: .a\ntest:\n  extends: .b\n  script: [make test]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let names = pipeline.jobs.iter().map(|job| job.name);
    let next = |name: &&str| {
        let parents = pipeline.world.parents(name).iter();
        parents
            .filter_map(|parent| Some(pipeline.job(parent)?.name))
            .collect()
    };
    for (from, to) in circle::closing(names, next) {
        let Some(job) = pipeline.job(from) else {
            continue;
        };
        let written = Pipeline::texts_of(&job.node, &["extends"]);
        if let Some(name) = written.iter().find(|name| name.value == to) {
            let (from, to) = (brief(from), brief(to));
            let message = format!("`{from}` extends `{to}`, which leads back to `{from}`");
            report.at(&RULE, name.at.clone(), message);
        }
    }
}
