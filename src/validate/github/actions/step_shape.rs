//! A step of an action does not say what it does, or says it twice.

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
        id: "action-step-shape",
        summary: "A step of an action does not say what it does, or says it twice",
        help: "Give a step either `uses`, or `run` with `shell`.",
        severity: Severity::Error,
        page: "docs/rules/action-step-shape.md",
    },
    why: "GitHub refuses the action: every job that uses it fails at that step.",
    bad: &[
        Example {
            path: "action.yml",
            text: concat!(
                "name: build\n",
                "description: Builds.\n",
                "runs:\n",
                "  using: composite\n",
                "  steps:\n",
                "    - run: make\n",
            ),
        },
        Example {
            path: "action.yml",
            text: concat!(
                "name: build\n",
                "description: Builds.\n",
                "runs:\n",
                "  using: composite\n",
                "  steps:\n",
                "    - run: make\n",
                "      shell: bash\n",
                "      uses: ./test\n",
            ),
        },
    ],
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
    for step in &action.steps {
        if let Some((at, message)) = shape::wrong(step, shape::COMPOSITE_KINDS) {
            report.at(&RULE, at, message);
        } else if let Some(run) = &step.run
            && step.node.get("shell").is_none()
        {
            let message = "a `run` of an action needs `shell`";
            report.at(&RULE, run.at.clone(), message);
        }
    }
}
