//! What 0.1 no longer takes.

use super::{Generation, Policy, walk::What};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-removed",
        summary: "The policy has something that releases from 0.1 refuse",
        help: "Delete it: it has no effect in the releases before, either.",
        severity: Severity::Note,
        page: "docs/rules/openshell-removed.md",
    },
    why: "A policy for 0.0.x becomes one for 0.1 by deletions: `harness` of programs, `tls: \
           terminate` and `tls: passthrough`, keys without a value, empty `rules` and \
           `deny_rules`. A sandbox whose policy still has them does not start after the upgrade.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        tls: terminate\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh, harness: true}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        deny_rules: []\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(removed),
};

use std::ops::Range;

fn removed(policy: &Policy<'_>, report: &mut Report<'_>) {
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    for fault in policy.faults() {
        let what = match &fault.what {
            What::OfOneGeneration { key, has } if *has == Generation::V0_0 => {
                format!("`{key}` is gone in 0.1")
            }
            What::Null { key } => format!("`{key}` has no value, which 0.1 refuses"),
            _ => continue,
        };
        found.push((fault.at.clone(), what));
    }
    for endpoint in policy.endpoints() {
        if let tls @ ("terminate" | "passthrough") = endpoint.text("tls") {
            let at = endpoint.get("tls").map(|node| node.at());
            found.push((
                at.unwrap_or_default(),
                format!("`tls: {tls}` is gone in 0.1"),
            ));
        }
        for key in ["rules", "deny_rules"] {
            let empty = endpoint.get(key).filter(|list| {
                !policy.is_null(list) && list.scalar().is_none() && list.items().next().is_none()
            });
            if let Some(list) = empty {
                found.push((list.at(), format!("an empty `{key}` is refused by 0.1")));
            }
        }
    }
    for (at, message) in found {
        let problem = report.at(&RULE, at, message);
        if policy.is_for(Generation::V0_1) {
            problem.severity(Severity::Error);
            problem.help("Delete it.");
        }
    }
}
