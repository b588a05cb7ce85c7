//! Keys that belong to the gateway.

use super::{Policy, names};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-reserved-key",
        summary: "A network policy is called by a name that belongs to the gateway",
        help: "Choose another key.",
        severity: Severity::Error,
        page: "docs/rules/openshell-reserved-key.md",
    },
    why: "The gateway adds network policies of its own for attached providers, whose keys begin \
           with `_provider_`. From 0.1 on it refuses a policy that uses such a key; before, one \
           replaces the other.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  _provider_github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(reserved),
};

fn reserved(policy: &Policy<'_>, report: &mut Report<'_>) {
    for network in &policy.networks {
        if network.key.starts_with(names::RESERVED_PREFIX) {
            report.at(&RULE, network.at.clone(), "this key belongs to the gateway");
        }
    }
}
