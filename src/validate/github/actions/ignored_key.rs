//! An action has a key that GitHub ignores.

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
        id: "action-ignored-key",
        summary: "An action has a key that GitHub ignores",
        help: "Spell it as GitHub does.",
        severity: Severity::Warning,
        page: "docs/rules/action-ignored-key.md",
    },
    why: "GitHub reads past keys that it does not know: what the key was to say is lost.",
    bad: &[Example {
        path: "action.yml",
        text: concat!(
            "name: build\n",
            "descripton: Builds.\n",
            "runs:\n",
            "  using: composite\n",
            "  steps:\n",
            "    - run: make\n",
            "      shell: bash\n",
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
    action.faults.report(FaultKind::IgnoredKey, &RULE, report);
}
