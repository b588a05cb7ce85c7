//! A word that its key does not know.

use super::{Policy, bad_word};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-bad-value",
        summary: "A value of a policy is not one that its key knows",
        help: "Write one of the words that are known.",
        severity: Severity::Error,
        page: "docs/rules/openshell-bad-value.md",
    },
    why: "Some such words are refused with the whole policy, others are taken for the default: a \
           misspelled `hard_requirement` leaves the filesystem open where the kernel lacks \
           Landlock.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nlandlock: {compatibility: hard}\nnetwork_policies: {}\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(word),
};

fn word(policy: &Policy<'_>, report: &mut Report<'_>) {
    bad_word::report(&RULE, policy, report, |key| {
        !matches!(key, "enforcement" | "access" | "tls" | "versions")
    });
}
