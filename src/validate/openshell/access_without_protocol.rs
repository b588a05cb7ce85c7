//! Rules that nobody asks.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-access-without-protocol",
        summary: "An endpoint has rules, but no protocol by which they would be asked",
        help: "Write `protocol: rest`, or delete the rules.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-access-without-protocol.md",
    },
    why: "Only an endpoint with a `protocol` looks into its connections. Without one, `access` \
           and `rules` are taken in silence and have no effect: every method and every path \
           passes.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    check: Check::Openshell(unasked),
};

fn unasked(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        if !endpoint.text("protocol").is_empty() {
            continue;
        }
        // The one preset that says what happens.
        let access = endpoint.get("access");
        let access = access.filter(|access| access.text() != Some("full"));
        let rules = (!endpoint.list("rules").is_empty()).then(|| endpoint.get("rules"));
        if let Some(node) = access.or(rules.flatten()) {
            let message = format!(
                "without `protocol` every request to {} passes, whatever stands here",
                endpoint.shown()
            );
            report.at(&RULE, node.at(), message);
        }
    }
}
