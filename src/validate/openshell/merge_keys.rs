//! A merge key.

use super::{Generation, Policy, walk::What};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-merge-keys",
        summary: "A policy uses the merge key `<<`",
        help: "Write out what the merge brings.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-merge-keys.md",
    },
    why: "From 0.1 on the gateway refuses merge keys; releases before it leave to their YAML \
           library what a merge means.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - &api\n        host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n      - <<: *api\n        host: uploads.github.com\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(merged),
};

fn merged(policy: &Policy<'_>, report: &mut Report<'_>) {
    for fault in policy.faults() {
        if !matches!(fault.what, What::Merge) {
            continue;
        }
        let problem = report.at(&RULE, fault.at.clone(), "a merge key, which 0.1 refuses");
        if policy.is_for(Generation::V0_1) {
            problem.severity(Severity::Error);
        }
    }
}
