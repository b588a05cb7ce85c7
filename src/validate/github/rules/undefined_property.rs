//! An expression names a property that a context does not have.

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
        id: "workflow-undefined-property",
        summary: "An expression names a property that a context does not have",
        help: "Spell the property as GitHub does.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-undefined-property.md",
    },
    why: "GitHub puts nothing in its place and goes on: the step runs with an empty text, or \
          the condition is never true.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: github.ref_nam == 'main'\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: github.ref_name == 'main'\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::UndefinedProperty, &RULE, report);
}
