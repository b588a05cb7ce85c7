//! A workflow of the same repository is not there.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{
            Workflow,
            grammar::short,
            nearby::{Nearby, Neighbours},
        },
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-absent-file",
        summary: "A workflow of the same repository is not there",
        help: "Name a file of `.github/workflows/`, from the repository's root.",
        severity: Severity::Error,
        page: "docs/rules/workflow-absent-file.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  test:\n",
                "    uses: ./.github/workflows/tests.yml\n",
                "    with:\n",
                "      level: 3\n",
            ),
        },
        BESIDE,
    ],
    good: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  test:\n",
                "    uses: ./.github/workflows/test.yml\n",
                "    with:\n",
                "      level: 3\n",
            ),
        },
        BESIDE,
    ],
    check: Check::Workflow(check),
};

/// What is used.
const BESIDE: Example = Example {
    path: ".github/workflows/test.yml",
    text: concat!(
        "on:\n",
        "  workflow_call:\n",
        "    inputs:\n",
        "      level: {type: number, required: true}\n",
        "permissions: {}\n",
        "jobs:\n",
        "  test:\n",
        "    runs-on: ubuntu-24.04\n",
        "    timeout-minutes: 10\n",
        "    steps:\n",
        "      - run: make test\n",
    ),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let mut nearby = Neighbours::of(workflow.subject);
    for job in &workflow.jobs {
        if let Some(uses) = job.node.get("uses").and_then(|uses| uses.scalar())
            && matches!(nearby.workflow(uses.value), Nearby::Absent)
        {
            report.at(
                &RULE,
                uses.at,
                format!("there is no file {}", short(uses.value)),
            );
        }
    }
}
