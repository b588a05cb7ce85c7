//! A range of addresses that is none.

use super::{Policy, address};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-cidr",
        summary: "An entry of allowed_ips is no address and no range",
        help: "Write an address or a range such as `10.0.0.0/8`.",
        severity: Severity::Error,
        page: "docs/rules/openshell-cidr.md",
    },
    why: "Releases 0.0.x take such an entry when the policy is set and fail on every connection \
           that needs it.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        allowed_ips: [10.0.0.0/8, not-a-cidr]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        allowed_ips: [10.0.0.0/8, 192.168.1.7]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(ranges),
};

fn ranges(policy: &Policy<'_>, report: &mut Report<'_>) {
    for node in policy.endpoints().flat_map(|it| it.list("allowed_ips")) {
        let Some(text) = node.scalar() else { continue };
        if address::Range::parse(text.value).is_none() {
            report.at(&RULE, text.at, "neither an address nor a range of them");
        }
    }
}
