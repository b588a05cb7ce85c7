//! A condition of an action is always true.

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
        id: "action-condition-always-true",
        summary: "A condition of an action is always true",
        help: "Put the whole condition into `${{ }}`, or leave `${{` and `}}` out.",
        severity: Severity::Error,
        page: "docs/rules/action-condition-always-true.md",
    },
    why: "GitHub puts the value of each `${{ }}` into the text around it, and a text that is \
          not empty is true: the step runs whatever the condition says.",
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
            "      if: ${{ github.ref_type == 'tag' }} && success()\n",
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
            "      if: github.ref_type == 'tag' && success()\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    action
        .faults
        .report(FaultKind::ConditionAlwaysTrue, &RULE, report);
}
