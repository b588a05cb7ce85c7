//! Wildcards of hosts.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-host-wildcard",
        summary: "A host's wildcard is refused",
        help: "Name the host, or let the first label alone be a wildcard: `*.example.com`.",
        severity: Severity::Error,
        page: "docs/rules/openshell-host-wildcard.md",
    },
    why: "The gateway refuses `*` and `**` alone, a wildcard for everything below a top-level \
           domain, `**` beside other characters, and a partial wildcard outside the first label.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: \"*.com\"\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.*hub.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: \"*.github.com\"\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(wildcards),
};

fn wildcards(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let host = endpoint.text("host");
        if host.contains("://") || host.contains('/') {
            report.at(
                &RULE,
                endpoint.at(),
                "a host is a name, without scheme and path",
            );
        } else if let Some(message) = fault(host) {
            report.at(&RULE, endpoint.at(), message);
        }
    }
}

fn fault(host: &str) -> Option<&'static str> {
    if !host.contains('*') {
        return None;
    }
    let mut labels = host.split('.');
    let first = labels.next().unwrap_or_default();
    let others: Vec<&str> = labels.collect();
    if others.is_empty() && matches!(first, "*" | "**") {
        return Some("this is every host");
    }
    if others.len() < 2 {
        return Some("a wildcard for all of a top-level domain is refused");
    }
    if first.contains("**") && first != "**" {
        return Some("`**` must be the whole of the first label");
    }
    let whole = |label: &&str| !label.contains('*') || *label == "*";
    let all_whole = others.iter().all(whole);
    (!all_whole).then_some("only the first label can be a wildcard in part")
}
