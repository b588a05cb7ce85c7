//! Files from elsewhere without a checksum.

use super::{Pipeline, include::Place};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-include-remote",
        summary: "A remote file is included without a checksum",
        help: "Add `integrity: sha256-...`, the Base64 of the file's SHA-256 (GitLab 17.9).",
        severity: Severity::Warning,
        page: "docs/rules/gitlab-include-remote.md",
    },
    why: "Whoever holds the server decides what runs here, with the secrets of this pipeline.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - remote: https://example.com/ci.yml\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - remote: https://example.com/ci.yml\n    integrity: sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    for include in &pipeline.includes {
        let Place::Remote(url) = &include.place else {
            continue;
        };
        if include.node.get("integrity").is_none() {
            report.at(
                &RULE,
                url.at.clone(),
                "nothing tells whether this file changed",
            );
        }
    }
}
