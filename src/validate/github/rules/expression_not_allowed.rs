//! An expression stands where GitHub takes none.

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
        id: "workflow-expression-not-allowed",
        summary: "An expression stands where GitHub takes none",
        help: "Write the value itself, or use a key that takes expressions.",
        severity: Severity::Error,
        page: "docs/rules/workflow-expression-not-allowed.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    needs: ${{ github.ref }}\n"
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
    workflow
        .faults
        .report(FaultKind::ExpressionNotAllowed, &RULE, report);
}
