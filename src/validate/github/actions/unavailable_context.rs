//! An expression of an action names a context that is not available there.

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
        id: "action-unavailable-context",
        summary: "An expression of an action names a context that is not available there",
        help: "Take the value as an input of the action.",
        severity: Severity::Error,
        page: "docs/rules/action-unavailable-context.md",
    },
    why: "An action sees neither `secrets` nor `vars` nor `needs`: whoever uses it passes them \
          as inputs. GitHub refuses the action: every job that uses it fails at that step.",
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
            "      env: {TOKEN: \"${{ secrets.TOKEN }}\"}\n",
        ),
    }],
    good: &[Example {
        path: "action.yml",
        text: concat!(
            "name: build\n",
            "description: Builds.\n",
            "inputs:\n",
            "  token: {description: A token., required: true}\n",
            "runs:\n",
            "  using: composite\n",
            "  steps:\n",
            "    - run: make\n",
            "      shell: bash\n",
            "      env: {TOKEN: \"${{ inputs.token }}\"}\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    action
        .faults
        .report(FaultKind::UnavailableContext, &RULE, report);
}
