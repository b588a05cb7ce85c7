//! Keywords that GitLab does not know.

use super::{Pipeline, fault};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-unknown-keyword",
        summary: "A keyword that GitLab does not know",
        help: "Write the keyword as GitLab's reference of CI/CD keywords does.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-unknown-keyword.md",
    },
    why: "GitLab refuses the whole pipeline over one unknown keyword of a job: nothing runs, and \
          the push shows no job at all. Below some keywords it only drops what it does not know, \
          and the setting never takes effect.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  scritp: [make test]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "stage: [build]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  script: [make test]\n  artifacts: {path: [out]}\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "stages: [test]\ntest:\n  stage: test\n  script: [make test]\n  artifacts: {paths: [out]}\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    fault::tell(&RULE, fault::Kind::UnknownKeyword, &pipeline.faults, report);
}
