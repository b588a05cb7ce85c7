//! An `access` that is none.

use super::{Policy, bad_word};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-access-value",
        summary: "An endpoint's access is not one of the presets",
        help: "Write one of the words that are known.",
        severity: Severity::Error,
        page: "docs/rules/openshell-access-value.md",
    },
    why: "Releases 0.0.x take such a word in silence and expand it to nothing, so that the \
           endpoint allows no request. From 0.1 on the policy is refused.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: readonly\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(word),
};

fn word(policy: &Policy<'_>, report: &mut Report<'_>) {
    bad_word::report(&RULE, policy, report, |key| matches!(key, "access"));
}
