//! A key stands twice in an action.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Action, fault::FaultKind},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "action-duplicate-key",
        summary: "A key stands twice in an action",
        help: "Leave one of both.",
        severity: Severity::Error,
        page: "docs/rules/action-duplicate-key.md",
    },
    why: "GitHub refuses the action: every job that uses it fails at that step.",
    bad: &[Example {
        path: "action.yml",
        text: concat!(
            "name: build\n",
            "description: Builds.\n",
            "runs:\n",
            "  using: composite\n",
            "  steps:\n",
            "    - run: make\n",
            "      shell: bash\n",
            "      shell: sh\n",
        ),
    }],
    good: &[Example {
        path: "action.yml",
        text: concat!(
            "name: build\n",
            "description: Builds.\n",
            "runs:\n",
            "  using: composite\n",
            "  steps:\n",
            "    - run: make\n",
            "      shell: bash\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    action.faults.report(FaultKind::DuplicateKey, &RULE, report);
}
