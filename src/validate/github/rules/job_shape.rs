//! A job is neither a job with steps nor a call of a workflow, or both.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-job-shape",
        summary: "A job is neither a job with steps nor a call of a workflow, or both",
        help: "Give a job `runs-on` and `steps`, or `uses` with `with` and `secrets`.",
        severity: Severity::Error,
        page: "docs/rules/workflow-job-shape.md",
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
                "  build:\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: job!(
                "    steps:\n"
                "      - run: make\n"
                "    uses: ./.github/workflows/test.yml\n"
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
    for job in workflow.jobs.iter().filter(|job| job.node.is_mapping()) {
        let entries = job.node.entries();
        let has = |wanted: &str| entries.iter().any(|(key, _)| key.text() == Some(wanted));
        if has("uses") {
            for (key, _) in &entries {
                let own = OWN_KEYS.iter().find(|own| key.text() == Some(**own));
                if let Some(name) = own {
                    let message = format!("a job that calls a workflow has no `{name}`");
                    report.at(&RULE, key.at(), message);
                }
            }
            continue;
        }
        for (key, _) in &entries {
            if let Some(name @ ("with" | "secrets")) = key.text() {
                let message = format!("only a job that calls a workflow by `uses` has `{name}`");
                report.at(&RULE, key.at(), message);
            }
        }
        let id = short(job.id);
        match (has("runs-on"), has("steps")) {
            (false, true) => {
                report.at(
                    &RULE,
                    job.at.clone(),
                    format!("the job `{id}` needs `runs-on`"),
                );
            }
            (true, false) => {
                report.at(
                    &RULE,
                    job.at.clone(),
                    format!("the job `{id}` needs `steps`"),
                );
            }
            (false, false) => {
                let message = format!("the job `{id}` needs `runs-on` and `steps`, or `uses`");
                report.at(&RULE, job.at.clone(), message);
            }
            (true, true) => {}
        }
    }
}

/// The keys of a job with steps that a call does not have.
const OWN_KEYS: &[&str] = &[
    "runs-on",
    "steps",
    "container",
    "services",
    "env",
    "environment",
    "outputs",
    "defaults",
    "timeout-minutes",
    "cancel-timeout-minutes",
    "continue-on-error",
    "snapshot",
];
