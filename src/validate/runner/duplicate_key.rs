//! Keys that are equal but for case.

use super::{RunnerConfig, faults::What, view::shown};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-duplicate-key",
        summary: "A key that stands twice, with other capitals",
        help: "Keep one of the two.",
        severity: Severity::Error,
        page: "docs/rules/runner-duplicate-key.md",
    },
    why: "GitLab runner takes capitals and small letters in keys for the same, and which of \
          the two it takes changes from one start to the next.",
    bad: &[Example {
        path: "config.toml",
        text: docker!["privileged = false", "Privileged = true"],
    }],
    good: &[Example {
        path: "config.toml",
        text: docker!["privileged = false"],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for fault in config.faults() {
        if matches!(fault.what, What::Twice) {
            let key = shown(fault.key);
            let message = format!("`{key}` is set twice: the runner does not tell capitals apart");
            config.at(report, &RULE, fault.at.clone(), message);
        }
    }
}
