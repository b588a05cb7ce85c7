//! A key that a policy does not have.

use super::{Policy, walk::What};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-unknown-key",
        summary: "A policy has a key that nothing reads",
        help: "Correct the key, or delete it.",
        severity: Severity::Error,
        page: "docs/rules/openshell-unknown-key.md",
    },
    why: "The gateway refuses the whole policy over it. In a section that it reads loosely the \
           key is dropped instead, and a limit that was meant is not there.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcment: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(unknown),
};

fn unknown(policy: &Policy<'_>, report: &mut Report<'_>) {
    for fault in policy.faults() {
        let What::UnknownKey { key, of, near } = &fault.what else {
            continue;
        };
        let problem = report.at(&RULE, fault.at.clone(), format!("{of} has no key `{key}`"));
        if let Some(near) = near {
            problem.help(format!("Did you mean `{near}`?"));
        }
    }
}
