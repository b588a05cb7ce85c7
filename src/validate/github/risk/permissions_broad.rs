//! A token may do more than its job needs.

use super::trigger;
use crate::{
    document::yaml::Node,
    model::text::excerpt,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-permissions-broad",
        summary: "A token may do more than its job needs",
        help: "Write `permissions: {}` at the top, and in each job what it needs.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-permissions-broad.md",
    },
    why: "`write-all` lets any step, and every action that a step uses, push code, publish \
          packages and change releases. What stands at the top of a file holds for all its jobs, \
          the one that only greets a newcomer included.",
    bad: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: concat!(
                "on: push\n",
                "permissions: write-all\n",
                "jobs:\n",
                "  work:\n",
                "    runs-on: ubuntu-24.04\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
        Example {
            path: ".github/workflows/triage.yml",
            text: concat!(
                "on: issues\n",
                "permissions:\n",
                "  contents: write\n",
                "jobs:\n",
                "  greet:\n",
                "    runs-on: ubuntu-24.04\n",
                "    steps:\n",
                "      - run: echo hello\n",
                "  label:\n",
                "    runs-on: ubuntu-24.04\n",
                "    steps:\n",
                "      - run: make label\n",
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("issues"
            "    permissions:\n"
            "      issues: write\n"
            "    steps:\n"
            "      - run: make\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let of_jobs = workflow.jobs.iter();
    let of_jobs = of_jobs.filter_map(|job| job.node.get("permissions"));
    for permissions in workflow.permissions.into_iter().chain(of_jobs) {
        if permissions.text() == Some("write-all") {
            let message = "the token may write everything: code, packages, releases, settings";
            report.at(&RULE, permissions.at(), message);
        }
    }
    if let Some(permissions) = workflow.permissions {
        shared(workflow, &permissions, report);
    }
}

/// Rights to write at the top of a file whose jobs strangers start.
fn shared(workflow: &Workflow<'_>, permissions: &Node<'_>, report: &mut Report<'_>) {
    let sharing =
        |job: &&crate::validate::github::view::Job<'_>| job.node.get("permissions").is_none();
    let jobs = workflow.jobs.iter().filter(sharing).count();
    let Some(trigger) = trigger::by_anyone(workflow).next().filter(|_| jobs > 1) else {
        return;
    };
    let mut entries = permissions.entries().into_iter();
    if let Some((key, value)) = entries.find(|(_, value)| value.text() == Some("write")) {
        let message = format!(
            "all {jobs} jobs may write `{}`, and anybody starts them by `{}`",
            excerpt(key.text().unwrap_or_default()),
            trigger.name
        );
        report.at(&RULE, key.at().start..value.at().end, message);
    }
}
