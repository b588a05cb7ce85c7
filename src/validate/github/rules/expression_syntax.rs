//! An expression cannot be read.

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
        id: "workflow-expression-syntax",
        summary: "An expression cannot be read",
        help: "Mend the expression: texts stand in single quotes, and every bracket is closed.",
        severity: Severity::Error,
        page: "docs/rules/workflow-expression-syntax.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: job!(
                "    steps:\n"
                "      - run: make\n"
                "        if: github.ref == \"refs/heads/main\"\n"
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: job!(
                "    steps:\n"
                "      - run: make ${{ github.ref }\n"
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: github.ref == 'refs/heads/main'\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::ExpressionSyntax, &RULE, report);
}
