//! A rule without a path that a request can have.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-rule-path",
        summary: "A rule matches no request, for want of a method or a path",
        help: "Write `method` and `path`; a path begins with a slash, or is `**`.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-rule-path.md",
    },
    why: "A rule of an HTTP endpoint matches where both its method and its path do. One without \
           either, or with a path that does not begin with a slash, is taken in silence and \
           allows, or denies, nothing.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        rules: [{allow: {method: GET, path: repos/a}}]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        rules: [{allow: {method: GET}}]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        rules: [{allow: {method: GET, path: /repos/a}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(path),
};

fn path(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        if !matches!(endpoint.inspection().as_str(), "rest" | "websocket") {
            continue;
        }
        for matcher in endpoint.matchers().iter().filter(|it| it.is_mapping()) {
            // On a websocket, operations of GraphQL go without.
            if matcher.get("operation_type").is_some() || matcher.get("command").is_some() {
                continue;
            }
            let missing = ["method", "path"].into_iter();
            for key in missing.filter(|key| matcher.get(key).is_none()) {
                let message = format!("a rule without `{key}` matches no request");
                report.at(&RULE, matcher.at(), message);
            }
            let path = matcher.get("path").and_then(|node| node.scalar());
            let Some(path) = path else { continue };
            if !path.value.starts_with(['/', '*', '{', '[']) {
                report.at(&RULE, path.at, "every request's path begins with a slash");
            }
        }
    }
}
