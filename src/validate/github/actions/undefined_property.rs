//! An expression of an action names a property that a context does not have.

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
        id: "action-undefined-property",
        summary: "An expression of an action names a property that a context does not have",
        help: "Spell the property as GitHub does.",
        severity: Severity::Warning,
        page: "docs/rules/action-undefined-property.md",
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
            "      if: github.ref_nam == 'main'\n",
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
            "      if: github.ref_name == 'main'\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    action
        .faults
        .report(FaultKind::UndefinedProperty, &RULE, report);
}
