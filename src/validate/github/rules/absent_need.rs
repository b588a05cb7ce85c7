//! A job needs a job that is not there.

use std::collections::HashSet;

use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-absent-need",
        summary: "A job needs a job that is not there",
        help: "Name a job of the same file.",
        severity: Severity::Error,
        page: "docs/rules/workflow-absent-need.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    needs: tset\n"
            "  test:\n"
            "    runs-on: ubuntu-24.04\n"
            "    timeout-minutes: 10\n"
            "    steps:\n"
            "      - run: make test\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "    needs: test\n"
            "  test:\n"
            "    runs-on: ubuntu-24.04\n"
            "    timeout-minutes: 10\n"
            "    steps:\n"
            "      - run: make test\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let ids: Vec<String> = workflow
        .jobs
        .iter()
        .map(|job| job.id.to_ascii_lowercase())
        .collect();
    let known: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let mut told = 0;
    for need in workflow.jobs.iter().flat_map(|job| &job.needs) {
        let computed = need.value.is_empty() || need.value.contains("${{");
        if computed || known.contains(need.value.to_ascii_lowercase().as_str()) {
            continue;
        }
        // Of thousands of jobs nobody wants the nearest.
        let ids = workflow.jobs.iter().map(|job| job.id).take(50);
        told += 1;
        if told > 1_000 {
            return;
        }
        let message = match suggest(need.value, ids) {
            Some(near) => {
                format!(
                    "there is no job `{}`; did you mean `{}`?",
                    short(need.value),
                    short(near)
                )
            }
            None => format!("there is no job `{}`", short(need.value)),
        };
        report.at(&RULE, need.at.clone(), message);
    }
}
