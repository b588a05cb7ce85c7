//! Whom the agent runs as.

use super::{Policy, names};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-identity",
        summary: "The process section names a user that is refused",
        help: "Write `sandbox`, or a number from 1 to 4294967294.",
        severity: Severity::Error,
        page: "docs/rules/openshell-identity.md",
    },
    why: "The gateway refuses every name but `sandbox`, and the numbers 0 and 4294967295: root \
           inside the sandbox could undo part of what confines it.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nprocess: {run_as_user: root}\nnetwork_policies: {}\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nprocess: {run_as_user: sandbox, run_as_group: \"1000\"}\nnetwork_policies: {}\n",
    }],
    check: Check::Openshell(identity),
};

fn identity(policy: &Policy<'_>, report: &mut Report<'_>) {
    let section = policy.root.and_then(|root| root.get("process"));
    let keys = ["run_as_user", "run_as_group"].into_iter();
    let values = keys.filter_map(|key| section?.get(key)?.scalar());
    for value in values {
        let number = value.value.parse::<u32>();
        let plain = !value.value.starts_with('+');
        let known = number.is_ok_and(|id| plain && (1..u32::MAX).contains(&id));
        if !known && value.value != names::SANDBOX_USER {
            report.at(
                &RULE,
                value.at,
                "neither `sandbox` nor a number that it can be",
            );
        }
    }
}
