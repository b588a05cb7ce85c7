//! An expression of an action calls a function that does not exist.

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
        id: "action-unknown-function",
        summary: "An expression of an action calls a function that does not exist",
        help: "Spell the function as GitHub does.",
        severity: Severity::Error,
        page: "docs/rules/action-unknown-function.md",
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
            "      if: startWith(github.ref, 'refs/tags/')\n",
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
            "      if: startsWith(github.ref, 'refs/tags/')\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    action
        .faults
        .report(FaultKind::UnknownFunction, &RULE, report);
}
