//! A value of another type.

use super::{Policy, walk::What};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-wrong-type",
        summary: "A value of a policy is not of the type that is read",
        help: "Write the value as its key wants it.",
        severity: Severity::Error,
        page: "docs/rules/openshell-wrong-type.md",
    },
    why: "The gateway refuses the whole policy over it, and the sandbox does not start.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: \"443\"\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(wrong),
};

fn wrong(policy: &Policy<'_>, report: &mut Report<'_>) {
    for fault in policy.faults() {
        let message = match &fault.what {
            What::WrongType { key, wants } => format!("`{key}` wants {wants}"),
            What::BadNumber { key, from, to } => {
                format!("`{key}` wants a number from {from} to {to}")
            }
            _ => continue,
        };
        report.at(&RULE, fault.at.clone(), message);
    }
}
