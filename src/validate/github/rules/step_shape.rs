//! A step does not say what it does, or says it twice.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, shape},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-step-shape",
        summary: "A step does not say what it does, or says it twice",
        help: "Give a step either `run` or `uses`, and the keys that go with it.",
        severity: Severity::Error,
        page: "docs/rules/workflow-step-shape.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: job!(
                "    steps:\n"
                "      - run: make\n"
                "        uses: ./test\n"
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: job!(
                "    steps:\n"
                "      - name: Build\n"
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    for step in workflow.jobs.iter().flat_map(|job| &job.steps) {
        if let Some((at, message)) = shape::wrong(step, shape::KINDS) {
            report.at(&RULE, at, message);
        }
    }
}
