//! Endpoints that contradict each other.

use super::{Policy, view::Endpoint};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-overlap",
        summary: "Two endpoints for the same host and port differ in how requests are treated",
        help: "Let both have the same `tls`, `protocol`, `enforcement` and `allowed_ips`, or \
                tell them apart by `path`.",
        severity: Severity::Error,
        page: "docs/rules/openshell-overlap.md",
    },
    why: "Which of the two would treat a request is not defined, so the gateway refuses the \
           policy. That holds across network policies, whatever their programs.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: audit\n        access: full\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: full\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(overlap),
};

use std::collections::HashMap;

/// How an endpoint treats requests: what must be alike where two meet.
fn treatment(endpoint: &Endpoint<'_>) -> [String; 3] {
    let enforcement = endpoint.text("enforcement");
    let enforcement = if enforcement == "enforce" {
        "enforce"
    } else {
        "audit"
    };
    [
        endpoint.text("tls").to_owned(),
        endpoint.inspection(),
        enforcement.to_owned(),
    ]
}

/// Looks at equal hosts only: whether two wildcards meet is the gateway's to say.
fn overlap(policy: &Policy<'_>, report: &mut Report<'_>) {
    let mut seen: HashMap<(String, u16, &str), [String; 3]> = HashMap::new();
    for endpoint in policy.endpoints() {
        // An endpoint that looks at nothing has no say in how requests are treated.
        if endpoint.inspection().is_empty() {
            continue;
        }
        let host = endpoint.text("host").to_ascii_lowercase();
        let path = match endpoint.text("path") {
            "**" | "/**" => "",
            path => path,
        };
        for (port, _) in endpoint.ports() {
            let mine = treatment(endpoint);
            let key = (host.clone(), port, path);
            let first = seen.entry(key).or_insert_with(|| mine.clone());
            let keys = ["tls", "protocol", "enforcement"].into_iter();
            let differing: Vec<&str> = keys
                .zip(first.iter().zip(&mine))
                .filter(|(_, (first, mine))| first != mine)
                .map(|(key, _)| key)
                .collect();
            if !differing.is_empty() {
                let message = format!(
                    "an endpoint above is for {host}:{port} too, with another {}",
                    differing.join(", ")
                );
                report.at(&RULE, endpoint.at(), message);
            }
        }
    }
}
