//! What 0.0.x does not know.

use super::{Generation, Policy, walk::What};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-newer-key",
        summary: "The policy is for 0.0.x and has a key that came with 0.1",
        help: "Delete the key, or upgrade the gateway.",
        severity: Severity::Error,
        page: "docs/rules/openshell-newer-key.md",
    },
    why: "Releases 0.0.x refuse a policy with a key that they do not know.",
    bad: &[Example {
        path: "policy.yaml",
        text: "# openshell: 0.0\nversion: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: tools.example.com\n        port: 443\n        protocol: mcp\n        enforcement: enforce\n        mcp: {versions: [2025-11-25]}\n        rules: [{allow: {method: tools/list}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "# openshell: 0.1\nversion: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: tools.example.com\n        port: 443\n        protocol: mcp\n        enforcement: enforce\n        mcp: {versions: [2025-11-25]}\n        rules: [{allow: {method: tools/list}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(newer),
};

fn newer(policy: &Policy<'_>, report: &mut Report<'_>) {
    if !policy.is_for(Generation::V0_0) {
        return;
    }
    for fault in policy.faults() {
        if let What::OfOneGeneration { key, has } = &fault.what
            && *has == Generation::V0_1
        {
            report.at(&RULE, fault.at.clone(), format!("`{key}` came with 0.1"));
        }
    }
}
