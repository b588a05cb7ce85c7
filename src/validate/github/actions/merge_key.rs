//! An action has a YAML merge key.

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
        id: "action-merge-key",
        summary: "An action has a YAML merge key",
        help: "Write the keys out.",
        severity: Severity::Error,
        page: "docs/rules/action-merge-key.md",
    },
    why: "GitHub takes `<<` for a key of that name, which it refuses.",
    bad: &[Example {
        path: "action.yml",
        text: concat!(
            "name: build\n",
            "description: Builds.\n",
            "runs:\n",
            "  using: composite\n",
            "  steps:\n",
            "    - &make\n",
            "      run: make\n",
            "      shell: bash\n",
            "    - <<: *make\n",
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
    action.faults.report(FaultKind::MergeKey, &RULE, report);
}
