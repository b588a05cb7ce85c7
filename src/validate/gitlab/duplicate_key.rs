//! Keys that stand twice in one mapping.

use super::{Pipeline, fault};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-duplicate-key",
        summary: "A key stands twice in one mapping",
        help: "Keep one of the two.",
        severity: Severity::Warning,
        page: "docs/rules/gitlab-duplicate-key.md",
    },
    why: "GitLab takes the last of equal keys and says nothing of the others: a job, or a part \
          of one, is silently gone.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "test:\n  script: [make test]\ntest:\n  script: [make lint]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "test:\n  script: [make test]\nlint:\n  script: [make lint]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    fault::tell(&RULE, fault::Kind::DuplicateKey, &pipeline.faults, report);
}
