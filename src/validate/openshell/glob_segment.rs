//! A pattern that means less than it seems to.

use super::{Policy, glob};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-glob-segment",
        summary: "A pattern does not mean what it seems to",
        help: "Let `**` stand alone between slashes, and close every bracket.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-glob-segment.md",
    },
    why: "`*` and `?` stop at a slash. `**` crosses slashes only where it is a whole segment; \
           beside other characters it means no more than `*`, so that `/repos**` does not cover \
           `/repos/a`. A pattern with an open bracket matches nothing. Neither is refused.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        rules: [{allow: {method: GET, path: /repos**}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        rules: [{allow: {method: GET, path: \"/repos/**\"}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(patterns),
};

fn patterns(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let matchers = endpoint.matchers().into_iter();
        let paths = matchers.filter_map(|matcher| matcher.get("path"));
        for node in paths.chain(endpoint.get("path")) {
            let Some(path) = node.scalar() else { continue };
            if let Some(fault) = glob::fault(path.value, '/') {
                report.at(&RULE, path.at, format!("the pattern {fault}"));
            }
        }
    }
    for network in &policy.networks {
        for (path, at) in network.programs().filter(|(path, _)| path.contains('*')) {
            if let Some(fault) = glob::fault(path, '/') {
                report.at(&RULE, at, format!("the pattern {fault}"));
            }
        }
    }
}
