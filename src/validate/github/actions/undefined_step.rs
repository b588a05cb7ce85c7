//! An expression of an action names a step that is not there, or has not run.

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
        id: "action-undefined-step",
        summary: "An expression of an action names a step that is not there, or has not run",
        help: "Name a step of the action that runs earlier.",
        severity: Severity::Warning,
        page: "docs/rules/action-undefined-step.md",
    },
    why: "GitHub puts nothing in its place and goes on: the step runs with an empty text, or \
          the condition is never true.",
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
            "      if: steps.test.outputs.changed\n",
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
            "    - run: make test\n",
            "      shell: bash\n",
            "      id: test\n",
            "    - run: make\n",
            "      shell: bash\n",
            "      if: steps.test.outputs.changed\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    action
        .faults
        .report(FaultKind::UndefinedStep, &RULE, report);
}
