//! An expression names a context that is not available there.

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
        id: "workflow-unavailable-context",
        summary: "An expression names a context that is not available there",
        help: "Use a context that is available there, or move the expression, say from the \
          condition of a job into one of its steps.",
        severity: Severity::Error,
        page: "docs/rules/workflow-unavailable-context.md",
    },
    why: "Each place of a workflow knows only some contexts: the condition of a job is decided \
          before there is a runner, environment or secrets. GitHub refuses the whole file: \
          none of its jobs runs, and what failed is seen only on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    if: env.DEPLOY == 'yes'\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    if: vars.DEPLOY == 'yes'\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::UnavailableContext, &RULE, report);
}
