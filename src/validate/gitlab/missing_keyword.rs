//! Keywords without which others are refused.

use super::{Pipeline, fault};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-missing-keyword",
        summary: "A keyword lacks another that it needs",
        help: "Add the keyword that is named.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-missing-keyword.md",
    },
    why: "GitLab refuses the whole pipeline: nothing runs.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "deploy:\n  script: [make deploy]\n  environment: {url: \"https://example.com\"}\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "sign:\n  script: [make sign]\n  id_tokens: {SIGSTORE_ID_TOKEN: {}}\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "sign:\n  script: [make sign]\n  id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}\n  environment: {name: production, url: \"https://example.com\"}\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    fault::tell(&RULE, fault::Kind::MissingKeyword, &pipeline.faults, report);
}
