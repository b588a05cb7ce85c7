//! An expression names a step that is not there, or has not run.

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
        id: "workflow-undefined-step",
        summary: "An expression names a step that is not there, or has not run",
        help: "Name a step of the same job that runs earlier.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-undefined-step.md",
    },
    why: "GitHub puts nothing in its place and goes on: the step runs with an empty text, or \
          the condition is never true.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        id: make\n"
            "      - run: make test\n"
            "        if: steps.mak.outputs.changed\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        id: make\n"
            "      - run: make test\n"
            "        if: steps.make.outputs.changed\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::UndefinedStep, &RULE, report);
}
