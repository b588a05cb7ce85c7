//! Our action starts an image of another major version.

use std::path::Path;

use semver::Version;

use super::uses;
use crate::{
    config,
    document::yaml::Scalar,
    model::skew,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, Subject, github::Workflow, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-version-skew",
        summary: "Our action and the image that it starts do not go together",
        help: "Use the action and the image in the same major version: one wave moves both.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-version-skew.md",
    },
    why: "An action starts images of its own major version. The image is that of fullsend.yaml, \
          unless the step names another.",
    bad: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("push"
                "    steps:\n"
                "      - uses: fullsend-ai/sandbox@6862ffc5ab2cdb4405cf318a62a6f4c066e2298b # v2.0.0\n"
                "        with: {agent: triage}\n"
            ),
        },
        FULLSEND,
    ],
    good: &[
        Example {
            path: ".github/workflows/triage.yml",
            text: flow!("push"
                "    steps:\n"
                "      - uses: fullsend-ai/sandbox@6862ffc5ab2cdb4405cf318a62a6f4c066e2298b # v1.9.0\n"
                "        with: {agent: triage}\n"
            ),
        },
        FULLSEND,
    ],
    check: Check::Workflow(check),
};

const FULLSEND: Example = Example {
    path: "fullsend.yaml",
    text: "version: 1\nimage: ghcr.io/fullsend-ai/agent-sandbox:1.4.2\n",
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let mut of_file = None;
    for step in workflow.jobs.iter().flat_map(|job| &job.steps) {
        let ours = step.uses.as_ref();
        let Some(ours) = ours.filter(|it| uses::name(it.value) == skew::OWN_ACTION) else {
            continue;
        };
        let Some(action) = version_behind(workflow.subject, ours) else {
            continue;
        };
        let image = match uses::input(&step.node, "image") {
            Some(image) => version_of(image.value),
            None => of_file
                .get_or_insert_with(|| version_of_file(workflow.subject))
                .clone(),
        };
        let skew = image.and_then(|image| skew::action_and_image(&action, &image).err());
        if let Some(skew) = skew {
            report.at(&RULE, ours.at.clone(), skew.to_string());
        }
    }
}

/// The version in the comment behind `uses`.
fn version_behind(subject: Subject<'_>, uses: &Scalar<'_>) -> Option<Version> {
    let rest = subject.source.text().get(uses.at.end..)?.lines().next()?;
    let comment = rest.split_once('#')?.1;
    skew::of_tag(comment.split_whitespace().next()?)
}

fn version_of(image: &str) -> Option<Version> {
    let image: crate::model::image::ImageReference = image.parse().ok()?;
    skew::of_tag(image.tag()?)
}

/// The version of the image that fullsend.yaml names for all agents.
fn version_of_file(subject: Subject<'_>) -> Option<Version> {
    let text = subject.files.found(Path::new(config::CONFIG_FILE))?;
    let image = config::parse(&text, "").ok()?.image?;
    skew::of_tag(image.tag()?)
}
