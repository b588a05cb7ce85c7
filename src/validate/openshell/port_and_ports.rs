//! Two ways to name ports.

use super::{Generation, Policy};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-port-and-ports",
        summary: "An endpoint has both port and ports",
        help: "Keep `ports`, with every port in it.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-port-and-ports.md",
    },
    why: "Where both stand, `ports` counts and `port` is dropped in silence; newer gateways \
           refuse the policy.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        ports: [80]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(both),
};

fn both(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let Some(port) = endpoint.get("port").filter(|port| port.text() != Some("0")) else {
            continue;
        };
        if endpoint.list("ports").is_empty() {
            continue;
        }
        let problem = report.at(&RULE, port.at(), "`ports` counts, and this port is dropped");
        if policy.is_for(Generation::V0_1) {
            problem.severity(Severity::Error);
        }
    }
}
