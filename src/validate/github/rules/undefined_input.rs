//! An expression names an input that is not defined.

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
        id: "workflow-undefined-input",
        summary: "An expression names an input that is not defined",
        help: "Define the input at `on.workflow_call.inputs` or `on.workflow_dispatch.inputs`.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-undefined-input.md",
    },
    why: "GitHub puts nothing in its place and goes on: the step runs with an empty text, or \
          the condition is never true.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        if: inputs.fast\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on:\n",
            "  workflow_dispatch:\n",
            "    inputs:\n",
            "      fast: {type: boolean}\n",
            "permissions: {}\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
            "        if: inputs.fast\n",
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow
        .faults
        .report(FaultKind::UndefinedInput, &RULE, report);
}
