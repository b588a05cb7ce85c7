//! A step of an action has an id that GitHub refuses.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Action, ids},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "action-bad-id",
        summary: "A step of an action has an id that GitHub refuses",
        help: "Use letters, digits, `-` and `_`, a letter or `_` first, and fewer than 100 of them; \
          an id stands once.",
        severity: Severity::Error,
        page: "docs/rules/action-bad-id.md",
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
            "      id: 2nd\n",
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
            "      id: second\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    for (at, message) in ids::wrong(&action.steps) {
        report.at(&RULE, at, message);
    }
}
