//! An expression names a key that the matrix does not have.

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
        id: "workflow-undefined-matrix-key",
        summary: "An expression names a key that the matrix does not have",
        help: "Name a key of `strategy.matrix` or of its `include`.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-undefined-matrix-key.md",
    },
    why: "GitHub puts nothing in its place and goes on: the step runs with an empty text, or \
          the condition is never true.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: matrix.system == 'linux'\n"
            "    strategy:\n"
            "      matrix:\n"
            "        sistem: [linux]\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: matrix.system == 'linux'\n"
            "    strategy:\n"
            "      matrix:\n"
            "        system: [linux]\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::UndefinedMatrix, &RULE, report);
}
