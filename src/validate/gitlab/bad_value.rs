//! Values that a keyword does not take.

use super::{Pipeline, fault};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-bad-value",
        summary: "A value that its keyword does not take",
        help: "Write one of the values that the keyword takes.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-bad-value.md",
    },
    why: "GitLab refuses the whole pipeline: nothing runs.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  script: [make test]\n  when: on_sucess\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  script: [make test]\n  retry: 5\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  script: [make test]\n  timeout: 15 minuts\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "test:\n  script: [make test]\n  when: on_success\n  retry: {max: 2, when: runner_system_failure}\n  timeout: 15 minutes\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    fault::tell(&RULE, fault::Kind::BadValue, &pipeline.faults, report);
}
