//! A network policy to nowhere.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-no-endpoints",
        summary: "A network policy has no endpoints",
        help: "List the endpoints, or delete the network policy.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-no-endpoints.md",
    },
    why: "It opens nothing, and nothing says so: the agent's requests end with 403.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(none),
};

fn none(policy: &Policy<'_>, report: &mut Report<'_>) {
    for network in &policy.networks {
        if network.node.is_mapping() && network.endpoints.is_empty() {
            let message = format!("`{}` opens nothing", network.name());
            report.at(&RULE, network.at.clone(), message);
        }
    }
}
