//! Rules that nobody enforces.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-missing-enforcement",
        summary: "An endpoint has rules that are only logged",
        help: "Write `enforcement: enforce`, or `enforcement: audit` if logging is what is \
                wanted.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-missing-enforcement.md",
    },
    why: "Without `enforcement` an endpoint is in audit mode, in both generations: a request \
           that no rule allows is logged and then passes. In a sandbox whose endpoint allowed \
           only GET, a DELETE came back with status 200.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: audit\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    check: Check::Openshell(missing),
};

fn missing(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        // SQL is never enforced.
        let protocol = endpoint.inspection();
        let judged = !protocol.is_empty() && protocol != "sql";
        if judged && endpoint.text("enforcement").is_empty() && endpoint.text("access") != "full" {
            let message = format!(
                "what the rules of {} do not allow is logged and passes",
                endpoint.shown()
            );
            report.at(&RULE, endpoint.at(), message);
        }
    }
}
