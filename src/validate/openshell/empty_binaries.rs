//! A network policy for nobody.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-empty-binaries",
        summary: "A network policy lists no program",
        help: "List the programs: `binaries: [{path: /usr/bin/git}]`.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-empty-binaries.md",
    },
    why: "A network policy opens its endpoints to the programs that it lists. One without any \
           opens nothing, and neither the gateway nor the sandbox says so: requests end with 403. \
           Some tools read the empty list the other way, as every program.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(empty),
};

fn empty(policy: &Policy<'_>, report: &mut Report<'_>) {
    for network in &policy.networks {
        if network.node.is_mapping() && network.binaries.is_empty() {
            let message = format!("`{}` opens its endpoints to no program", network.name());
            report.at(&RULE, network.at.clone(), message);
        }
    }
}
