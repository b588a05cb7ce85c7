//! Every program.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-broad-binary",
        summary: "A network policy is open to every program",
        help: "List the programs that need it.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-broad-binary.md",
    },
    why: "Which program may reach an endpoint is half of what the sandbox checks: with every \
           program on the list a script that the agent has written a moment ago reaches it as \
           well, with whatever credential the gateway adds.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /**}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(broad),
};

fn broad(policy: &Policy<'_>, report: &mut Report<'_>) {
    for network in &policy.networks {
        for (path, at) in network.programs() {
            let folder = path.trim_end_matches('*');
            let writable = ["/tmp/", "/sandbox/", "/home/"];
            let anything = path != folder && (folder.is_empty() || folder == "/");
            if anything || (path != folder && writable.contains(&folder)) {
                let message = "programs that the agent itself has written count as well";
                report.at(&RULE, at, message);
            }
        }
    }
}
