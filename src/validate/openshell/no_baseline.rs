//! A policy that opens nothing at all.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-no-baseline",
        summary: "A policy opens neither a path nor a host",
        help: "List what the agent reads and writes under `filesystem_policy`.",
        severity: Severity::Warning,
        page: "docs/rules/openshell-no-baseline.md",
    },
    why: "Paths are closed unless the policy opens them, programs and libraries included. With \
           releases 0.0.x a sandbox of such a policy ends at once with EACCES, and the gateway \
           has accepted it before.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nlandlock: {compatibility: best_effort}\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nfilesystem_policy:\n  read_only: [/usr, /etc]\n  read_write: [/tmp]\n",
    }],
    check: Check::Openshell(baseline),
};

fn baseline(policy: &Policy<'_>, report: &mut Report<'_>) {
    let Some(root) = policy.root.filter(|root| root.get("version").is_some()) else {
        return;
    };
    let has = |key: &str| root.get(key).is_some_and(|node| !policy.is_null(&node));
    if !has("filesystem_policy") && !has("network_policies") {
        report.whole(
            &RULE,
            "nothing is open, not even the programs that would run",
        );
    }
}
