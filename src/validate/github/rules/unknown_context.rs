//! An expression names a context that does not exist.

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
        id: "workflow-unknown-context",
        summary: "An expression names a context that does not exist",
        help: "Spell the context as GitHub does; a text stands in single quotes.",
        severity: Severity::Error,
        page: "docs/rules/workflow-unknown-context.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: gihub.ref_type == 'tag'\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: github.ref_type == 'tag'\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::UnknownContext, &RULE, report);
}
