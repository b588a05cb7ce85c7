//! Addresses that no policy opens.

use super::{Policy, address};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-loopback",
        summary: "A policy opens loopback, link-local or metadata addresses",
        help: "Delete it. For a server on the gateway's machine, name `host.openshell.internal`.",
        severity: Severity::Error,
        page: "docs/rules/openshell-loopback.md",
    },
    why: "Loopback, link-local addresses with the clouds' metadata services, and the unspecified \
           address stay closed whatever a policy says: one generation refuses the policy, the \
           other blocks every connection.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        allowed_ips: [127.0.0.0/8]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: localhost\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        allowed_ips: [10.0.0.0/8]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(closed),
};

fn closed(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        for node in endpoint.list("allowed_ips") {
            let Some(text) = node.scalar() else { continue };
            let range = address::Range::parse(text.value);
            if range.is_some_and(|range| range.touches_closed()) {
                let message = "the range holds addresses that no policy opens";
                report.at(&RULE, text.at, message);
            }
        }
        let host = endpoint.text("host");
        let literal = address::literal(host).is_some_and(address::is_closed);
        if literal || address::is_closed_name(host) {
            report.at(&RULE, endpoint.at(), "no policy opens this host");
        }
    }
}
