//! A workflow names an image without its digest.

use super::{agent::Agents, pin};
use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::Workflow,
        loose::{Places, values_of},
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-unpinned-image",
        summary: "A workflow names an image without its digest",
        help: "Write the digest behind the tag, as `fullsend pin` does: `name:tag@sha256:...`.",
        severity: Severity::Note,
        page: "docs/rules/workflow-unpinned-image.md",
    },
    why: "Whoever can push to the registry decides what runs: a tag names another image \
          tomorrow. It is a warning for `latest`, and for the images of a job that runs an agent.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: flow!("push"
                "    container: alpine\n"
                "    steps:\n"
                "      - run: make\n"
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: flow!("push"
                "    services:\n"
                "      database: {image: \"postgres:18\"}\n"
                "    steps:\n"
                "      - run: make\n"
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: flow!("push"
            "    container: alpine:3.22@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
            "    steps:\n"
            "      - run: make\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let mut agents = Vec::new();
    for agent in Agents::jobs(workflow) {
        agents.extend(values_of(
            &agent.job.node,
            &["container", "services", "steps"],
        ));
    }
    let agents: Places = agents.into_iter().collect();
    for reference in &workflow.references {
        let of_agent = agents.hold(reference);
        if let Some(movable) = pin::image(reference, of_agent) {
            movable.report(&RULE, report);
        }
    }
}
