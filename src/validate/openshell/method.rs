//! A method that is none.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-method",
        summary: "A rule is about a method that HTTP does not have",
        help: "Write GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE or `*`.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-method.md",
    },
    why: "The gateway takes any word, and the rule then matches no request.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        rules: [{allow: {method: FETCH, path: /a}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        rules: [{allow: {method: GET, path: /a}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(method),
};

const METHODS: &[&str] = &[
    "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "*",
];

fn method(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let protocol = endpoint.inspection();
        if !matches!(protocol.as_str(), "rest" | "websocket" | "graphql") {
            continue;
        }
        for matcher in endpoint.matchers() {
            let method = matcher.get("method").and_then(|node| node.scalar());
            let Some(method) = method else { continue };
            let upper = method.value.to_ascii_uppercase();
            let message = protocol == "websocket" && upper == "WEBSOCKET_TEXT";
            if !METHODS.contains(&upper.as_str()) && !message {
                let problem = report.at(&RULE, method.at, "no request has this method");
                if let Some(near) = crate::config::suggest(&upper, METHODS.iter().copied()) {
                    problem.help(format!("Did you mean `{near}`?"));
                }
            }
        }
    }
}
