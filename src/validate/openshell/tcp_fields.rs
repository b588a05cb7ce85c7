//! Plain connections with rules for requests.

use super::{Policy, address};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-tcp-fields",
        summary: "An endpoint of protocol tcp has what only inspected ones can",
        help: "Delete those keys, or choose the protocol by which requests are looked at.",
        severity: Severity::Error,
        page: "docs/rules/openshell-tcp-fields.md",
    },
    why: "The gateway refuses an endpoint of `protocol: tcp` with rules or anything else that is \
           about requests, and one whose host is an address rather than a name.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: db.example.com\n        port: 5432\n        protocol: tcp\n        access: full\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: 10.0.0.7\n        port: 5432\n        protocol: tcp\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: db.example.com\n        port: 5432\n        protocol: tcp\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(plain),
};

/// Keys that a plain connection can have.
const PLAIN: &[&str] = &["host", "port", "ports", "protocol", "allowed_ips", "tls"];

fn plain(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        if !endpoint.text("protocol").eq_ignore_ascii_case("tcp") {
            continue;
        }
        for (key, value) in endpoint.node.own_entries() {
            let Some(name) = key.text() else { continue };
            let off = matches!(value.text(), Some("" | "false"));
            if !PLAIN.contains(&name) && name != "<<" && !off {
                let message = format!("`{name}` is about requests, which nobody looks at here");
                report.at(&RULE, key.at(), message);
            }
        }
        let host = endpoint.text("host");
        if address::literal(host).is_some() || host.ends_with('.') {
            report.at(
                &RULE,
                endpoint.at(),
                "the host must be a name, without a final dot",
            );
        }
    }
}
