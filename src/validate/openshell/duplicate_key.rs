//! A key that stands twice.

use super::{Policy, walk::What};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-duplicate-key",
        summary: "A key stands twice in one mapping",
        help: "Keep one of the two.",
        severity: Severity::Error,
        page: "docs/rules/openshell-duplicate-key.md",
    },
    why: "Releases 0.0.x take the last in silence: a second `rules` further down replaces the \
           first. From 0.1 on the policy is refused.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        access: full\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(twice),
};

fn twice(policy: &Policy<'_>, report: &mut Report<'_>) {
    for fault in policy.faults() {
        if let What::Twice { key } = &fault.what {
            let message = format!("the key `{key}` stands here a second time");
            report.at(&RULE, fault.at.clone(), message);
        }
    }
}
