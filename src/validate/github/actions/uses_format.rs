//! `uses` of an action is no reference to an action.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Action, shape},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "action-uses-format",
        summary: "`uses` of an action is no reference to an action",
        help: "Write `owner/repository@commit`, `./folder`, or `docker://image`.",
        severity: Severity::Error,
        page: "docs/rules/action-uses-format.md",
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
            "    - uses: actions/checkout\n",
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
    for uses in action.steps.iter().filter_map(|step| step.uses.as_ref()) {
        if let Some(why) = shape::wrong_uses(uses.value) {
            report.at(&RULE, uses.at.clone(), why);
        }
    }
}
