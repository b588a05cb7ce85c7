//! A workflow names an image without its digest.

use super::{agent::Agents, pin};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
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
    let agents = Agents::of(workflow);
    for (index, job) in workflow.jobs.iter().enumerate() {
        let services = job.node.get("services").map(|it| it.entries());
        let services = services.unwrap_or_default().into_iter().map(|(_, it)| it);
        let containers = job.node.get("container").into_iter().chain(services);
        let images = containers.filter_map(|it| pin::image_of(&it));
        let uses = job.steps.iter().filter_map(|step| step.uses.clone());
        let uses = uses.filter(|uses| uses.value.starts_with("docker://"));
        let runs_agent = agents.of_job(index).is_some();
        let movable = images.chain(uses);
        for movable in movable.filter_map(|it| pin::image(&it, runs_agent)) {
            let problem = report.at(&RULE, movable.at, movable.message);
            if let Some(severity) = movable.severity {
                problem.severity(severity);
            }
        }
    }
}
