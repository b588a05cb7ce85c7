//! Wildcards for private networks.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-wildcard-needs-allowed-ips",
        summary: "A wildcard for private names lacks allowed_ips",
        help: "Add the network: `allowed_ips: [10.0.0.0/8]`.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-wildcard-needs-allowed-ips.md",
    },
    why: "A host that is named exactly may resolve to a private address; a wildcard may not, \
           unless `allowed_ips` holds the address. Requests to such names end with 403.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: \"*.corp.internal\"\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: \"*.corp.internal\"\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        allowed_ips: [10.0.0.0/8]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(private),
};

/// Ends of names that only private networks have.
const PRIVATE: &[&str] = &[
    ".internal",
    ".local",
    ".lan",
    ".corp",
    ".home.arpa",
    ".intranet",
];

fn private(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let host = endpoint.text("host").to_ascii_lowercase();
        let private = PRIVATE.iter().any(|end| host.ends_with(end));
        if host.contains('*') && private && endpoint.list("allowed_ips").is_empty() {
            let message = "names below a wildcard may not resolve to private addresses";
            report.at(&RULE, endpoint.at(), message);
        }
    }
}
