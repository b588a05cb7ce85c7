//! A key stands twice in a workflow.

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
        id: "workflow-duplicate-key",
        summary: "A key stands twice in a workflow",
        help: "Leave one of both.",
        severity: Severity::Error,
        page: "docs/rules/workflow-duplicate-key.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page. Names that differ only in their letters' case are the same to \
          it.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    env: {A: 1}\n"
            "    env: {B: 1}\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    env: {A: 1, B: 1}\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::DuplicateKey, &RULE, report);
}
