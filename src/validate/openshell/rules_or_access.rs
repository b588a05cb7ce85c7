//! What an inspected endpoint must have.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-rules-or-access",
        summary: "An endpoint does not say what it allows, or says it twice",
        help: "Write either `access` or `rules`.",
        severity: Severity::Error,
        page: "docs/rules/openshell-rules-or-access.md",
    },
    why: "The gateway refuses a policy with an endpoint that has both `access` and `rules`, or a \
           `protocol` with neither, or `deny_rules` with nothing allowed from which they would \
           take.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        rules: [{allow: {method: GET, path: /a}}]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        deny_rules: [{method: GET, path: /a}]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(either),
};

fn either(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let has = |key: &str| !endpoint.list(key).is_empty();
        let (rules, denied) = (has("rules"), has("deny_rules"));
        let access = !endpoint.text("access").is_empty();
        let protocol = endpoint.inspection();
        let message = match protocol.as_str() {
            _ if rules && access => "`access` and `rules` exclude each other",
            "" if denied && endpoint.text("protocol").is_empty() => {
                "`deny_rules` need a `protocol`"
            }
            // Other rules speak of what these two want.
            "" | "mcp" | "json-rpc" => continue,
            _ if !rules && !access => "a `protocol` needs `access` or `rules`",
            _ => continue,
        };
        report.at(&RULE, endpoint.at(), message);
    }
}
