//! A program by the name of a link.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-symlinked-binary",
        summary: "A program is named by what is usually a symbolic link",
        help: "Write the path that `readlink -f` prints inside the sandbox.",
        severity: Severity::Note,
        page: "docs/rules/openshell-symlinked-binary.md",
    },
    why: "Programs are known by their real path. On today's distributions `/bin`, `/sbin` and \
           `/lib` are links to the folders in `/usr`, and `/usr/bin/python3` is one to a \
           versioned name: an endpoint that lists the link stays closed.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /bin/curl}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n    binaries: [{path: /usr/bin/curl}]\n",
    }],
    check: Check::Openshell(linked),
};

/// Links of Debian, Ubuntu and Fedora alike.
const LINKS: &[&str] = &[
    "/usr/bin/awk",
    "/usr/bin/editor",
    "/usr/bin/java",
    "/usr/bin/pip3",
    "/usr/bin/python",
    "/usr/bin/python3",
    "/usr/bin/sh",
];

fn linked(policy: &Policy<'_>, report: &mut Report<'_>) {
    for network in &policy.networks {
        for (path, at) in network.programs() {
            let folder = ["/bin/", "/sbin/", "/lib/"];
            if folder.iter().any(|folder| path.starts_with(folder)) {
                report.at(&RULE, at, format!("the real path is usually `/usr{path}`"));
            } else if LINKS.contains(&path) {
                report.at(&RULE, at, "this is usually a link to a versioned name");
            }
        }
    }
}
