//! A workflow lacks a key that GitHub needs.

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
        id: "workflow-missing-key",
        summary: "A workflow lacks a key that GitHub needs",
        help: "Add the key.",
        severity: Severity::Error,
        page: "docs/rules/workflow-missing-key.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!("name: build\n", "on: push\n", "permissions: {}\n",),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "name: build\n",
            "on: push\n",
            "permissions: {}\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow.faults.report(FaultKind::MissingKey, &RULE, report);
}
