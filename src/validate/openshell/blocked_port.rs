//! Ports that no policy opens.

use super::{Policy, address::CLOSED_PORTS};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-blocked-port",
        summary: "A policy opens a port of the cluster's own machinery",
        help: "Delete the endpoint: agents have no business there.",
        severity: Severity::Error,
        page: "docs/rules/openshell-blocked-port.md",
    },
    why: "The ports of etcd (2379, 2380), of the Kubernetes API server (6443) and of the kubelet \
           (10250, 10255) stay closed whatever a policy says.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 6443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(ports),
};

fn ports(policy: &Policy<'_>, report: &mut Report<'_>) {
    for (port, at) in policy.endpoints().flat_map(super::view::Endpoint::ports) {
        if CLOSED_PORTS.contains(&port) {
            report.at(&RULE, at, format!("no policy opens port {port}"));
        }
    }
}
