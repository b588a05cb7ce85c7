//! An endpoint without host or port.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-incomplete-endpoint",
        summary: "An endpoint does not say which host or port",
        help: "Write `host` and `port`.",
        severity: Severity::Error,
        page: "docs/rules/openshell-incomplete-endpoint.md",
    },
    why: "The gateway refuses an endpoint without a port, and one without a host unless \
           `allowed_ips` says where it may lead.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - port: 443\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    good: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - port: 8443\n        allowed_ips: [10.0.0.0/8]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    check: Check::Openshell(incomplete),
};

fn incomplete(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints().filter(|it| it.node.is_mapping()) {
        let has_port = endpoint.get("port").is_some() || !endpoint.list("ports").is_empty();
        if !has_port {
            report.at(&RULE, endpoint.at(), "the endpoint has no port");
        }
        let hostless = endpoint.text("host").trim().is_empty();
        let ranges = !endpoint.list("allowed_ips").is_empty();
        let needs_name = matches!(endpoint.text("protocol"), "tcp" | "mcp");
        if hostless && (!ranges || needs_name) {
            report.at(&RULE, endpoint.at(), "the endpoint has no host");
        }
    }
}
