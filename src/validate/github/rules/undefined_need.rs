//! An expression names a job or an output that is not there.

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
        id: "workflow-undefined-need",
        summary: "An expression names a job or an output that is not there",
        help: "Name a job that stands in `needs`, and one of its `outputs`.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-undefined-need.md",
    },
    why: "GitHub puts nothing in its place and goes on: the step runs with an empty text, or \
          the condition is never true.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "  test:\n"
            "    runs-on: ubuntu-24.04\n"
            "    timeout-minutes: 10\n"
            "    if: needs.build.result == 'success'\n"
            "    steps:\n"
            "      - run: make test\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "  test:\n"
            "    needs: build\n"
            "    runs-on: ubuntu-24.04\n"
            "    timeout-minutes: 10\n"
            "    if: needs.build.result == 'success'\n"
            "    steps:\n"
            "      - run: make test\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::UndefinedNeed, &RULE, report);
}
