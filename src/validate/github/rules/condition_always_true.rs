//! A condition is always true.

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
        id: "workflow-condition-always-true",
        summary: "A condition is always true",
        help: "Put the whole condition into `${{ }}`, or leave `${{` and `}}` out.",
        severity: Severity::Error,
        page: "docs/rules/workflow-condition-always-true.md",
    },
    why: "GitHub puts the value of each `${{ }}` into the text around it, and a text that is \
          not empty is true: the step or the job runs whatever the condition says.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: ${{ github.ref_type == 'tag' }} && success()\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: github.ref_type == 'tag' && success()\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::ConditionAlwaysTrue, &RULE, report);
}
