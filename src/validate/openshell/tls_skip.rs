//! Rules behind encryption.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-tls-skip",
        summary: "An endpoint has rules and leaves its connections encrypted",
        help: "Delete `tls: skip`, or the rules.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-tls-skip.md",
    },
    why: "With `tls: skip` the proxy passes an encrypted connection on as it is. It sees neither \
           method nor path, so that rules are never asked, and a credential that it should put in \
           stays out.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        tls: skip\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: pinned.example.com\n        port: 443\n        tls: skip\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    check: Check::Openshell(skipped),
};

fn skipped(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let tls = endpoint.get("tls").filter(|tls| tls.text() == Some("skip"));
        // Requests to port 80 are not encrypted in the first place.
        let plain = endpoint.ports().iter().all(|(port, _)| *port == 80);
        let protocol = endpoint.inspection();
        if let Some(tls) = tls.filter(|_| !protocol.is_empty() && !plain) {
            let message = "rules are never asked: the connection stays encrypted";
            report.at(&RULE, tls.at(), message);
        }
    }
}
