//! Images by tag.

use super::{
    RunnerConfig,
    view::{Runner, Text},
};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-unpinned-image",
        summary: "An image that is not named by its digest",
        help: "Write the digest behind the tag: `fullsend pin` does it.",
        severity: Severity::Note,
        page: "docs/rules/runner-unpinned-image.md",
    },
    why: "A tag can be moved: what ran in a job yesterday is not what runs today, and whoever \
          takes over the registry's account takes over the runner.",
    bad: &[Example {
        path: "config.toml",
        text: docker![
            r#"helper_image = "registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:latest""#
        ],
    }],
    good: &[Example {
        path: "config.toml",
        text: docker![],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for runner in &config.runners {
        for text in images(runner) {
            if text.value.is_empty() || text.is_open() || text.value.contains("@sha256:") {
                continue;
            }
            let last = text.value.rsplit('/').next().unwrap_or_default();
            let tag = last.split_once(':').map(|(_, tag)| tag);
            let moving = tag.is_none_or(|tag| tag == "latest");
            let message = if moving {
                format!("`{}` is whatever was pushed last", text.shown())
            } else {
                format!("`{}` has no digest: its tag can be moved", text.shown())
            };
            let problem = config.at(report, &RULE, text.at, message);
            if moving {
                problem.severity(Severity::Warning);
            }
        }
    }
}

fn images<'a>(runner: &Runner<'a>) -> Vec<Text<'a>> {
    let mut images: Vec<_> = runner
        .section
        .text("step_runner_image")
        .into_iter()
        .collect();
    for containers in runner.containers() {
        let section = containers.section;
        images.extend(
            ["image", "helper_image"]
                .into_iter()
                .filter_map(|key| section.text(key)),
        );
        images.extend(
            section
                .sections("services")
                .filter_map(|it| it.text("name")),
        );
    }
    images
}
