//! A workflow has a YAML merge key.

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
        id: "workflow-merge-key",
        summary: "A workflow has a YAML merge key",
        help: "Repeat the whole value with an alias, or write the keys out.",
        severity: Severity::Error,
        page: "docs/rules/workflow-merge-key.md",
    },
    why: "GitHub reads anchors and aliases, but takes `<<` for a key of that name, which it \
          refuses.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on: push\n",
            "permissions: {}\n",
            "jobs:\n",
            "  test: &test\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps: [{run: make test}]\n",
            "  build:\n",
            "    <<: *test\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on: push\n",
            "permissions: {}\n",
            "jobs:\n",
            "  test:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    env: &env {A: 1}\n",
            "    steps: [{run: make test}]\n",
            "  build:\n",
            "    env: *env\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    workflow.faults.report(FaultKind::MergeKey, &RULE, report);
}
