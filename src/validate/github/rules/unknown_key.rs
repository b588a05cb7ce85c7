//! A workflow has a key that GitHub does not know.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, fault::FaultKind},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-unknown-key",
        summary: "A workflow has a key that GitHub does not know",
        help: "Spell it as GitHub does, or move it where it belongs.",
        severity: Severity::Error,
        page: "docs/rules/workflow-unknown-key.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  build:\n",
                "    runs-on: ubuntu-24.04\n",
                "    timeout-minute: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "runs-on: ubuntu-24.04\n",
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  build:\n",
                "    runs-on: ubuntu-24.04\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow.faults.report(FaultKind::UnknownKey, &RULE, report);
}
