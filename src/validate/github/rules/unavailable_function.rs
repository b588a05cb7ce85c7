//! An expression calls a function that cannot be called there.

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
        id: "workflow-unavailable-function",
        summary: "An expression calls a function that cannot be called there",
        help: "Call `always`, `cancelled`, `failure` and `success` in an `if`, and `hashFiles` \
          within a step.",
        severity: Severity::Error,
        page: "docs/rules/workflow-unavailable-function.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        env: {FAILED: \"${{ failure() }}\"}\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: failure()\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::UnavailableFunction, &RULE, report);
}
