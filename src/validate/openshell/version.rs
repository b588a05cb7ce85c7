//! A version that is not 1.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-version",
        summary: "The policy does not say version 1",
        help: "Write `version: 1`.",
        severity: Severity::Error,
        page: "docs/rules/openshell-version.md",
    },
    why: "Both generations of the gateway write policies of version 1. Releases 0.0.x take any \
           number, so that a wrong one shows only at the upgrade, when every policy that has it \
           is refused; a missing one is refused by both.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 2\nnetwork_policies: {}\n",
        },
        Example {
            path: "policy.yaml",
            text: "network_policies: {}\n",
        },
    ],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies: {}\n",
    }],
    check: Check::Openshell(version),
};

fn version(policy: &Policy<'_>, report: &mut Report<'_>) {
    let Some(root) = policy.root.filter(crate::document::yaml::Node::is_mapping) else {
        report.whole(&RULE, "the policy is empty");
        return;
    };
    match root.get("version").and_then(|node| node.scalar()) {
        None => {
            report.whole(&RULE, "the policy has no `version`");
        }
        Some(version) if version.value != "1" => {
            report.at(&RULE, version.at, "the only version is 1");
        }
        Some(_) => {}
    }
}
