//! An expression of an action names a context that does not exist.

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
        id: "action-unknown-context",
        summary: "An expression of an action names a context that does not exist",
        help: "Spell the context as GitHub does; a text stands in single quotes.",
        severity: Severity::Error,
        page: "docs/rules/action-unknown-context.md",
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
            "      if: gihub.ref_type == 'tag'\n",
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
            "      if: github.ref_type == 'tag'\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    action
        .faults
        .report(FaultKind::UnknownContext, &RULE, report);
}
