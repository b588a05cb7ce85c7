//! Values of another kind than the keyword takes.

use super::{Pipeline, fault};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-wrong-type",
        summary: "A value of another kind than its keyword takes",
        help: "Write a value of the kind that the keyword takes.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-wrong-type.md",
    },
    why: "GitLab refuses the whole pipeline: nothing runs. Unquoted `true` and numbers are no \
          text to YAML, and a line of a script with `: ` in it is a mapping.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  script:\n    - echo total: 3\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  script: [make test]\n  tags: docker\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  script: [true]\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "test:\n  script:\n    - \"echo total: 3\"\n  tags: [docker]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    fault::tell(&RULE, fault::Kind::WrongType, &pipeline.faults, report);
}
