//! A program by another name than its whole path.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-relative-binary",
        summary: "A program is not named by its whole path",
        help: "Write the path that `readlink -f` prints inside the sandbox.",
        severity: Severity::Error,
        page: "docs/rules/openshell-relative-binary.md",
    },
    why: "Programs are known by the path that the kernel knows for them. A relative path, `~` or \
           a bare name is taken in silence and is no program's path, so that the endpoints stay \
           closed.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(relative),
};

fn relative(policy: &Policy<'_>, report: &mut Report<'_>) {
    for network in &policy.networks {
        for (path, at) in network.programs() {
            // A pattern such as `**/bin/gh` may begin with its stars.
            if !path.starts_with('/') && !path.starts_with("**") {
                report.at(&RULE, at, "no program has this path");
            } else if path.split('/').any(|part| part == ".." || part == ".") {
                report.at(&RULE, at, "the kernel's paths hold neither `.` nor `..`");
            }
        }
    }
}
