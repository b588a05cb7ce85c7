//! A value of a workflow is of the wrong type.

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
        id: "workflow-wrong-type",
        summary: "A value of a workflow is of the wrong type",
        help: "Write the value as the message says.",
        severity: Severity::Error,
        page: "docs/rules/workflow-wrong-type.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on: push\n",
            "permissions: {}\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: \"10\"\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
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
    workflow.faults.report(FaultKind::WrongType, &RULE, report);
}
