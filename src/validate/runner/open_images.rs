//! Which images may run.

use super::{RunnerConfig, view::Extent};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-open-images",
        summary: "Jobs may run any image",
        help: "Name the images that may run in `allowed_images`, by digest where the runner is for \
          agents alone.",
        severity: Severity::Note,
        page: "docs/rules/runner-open-images.md",
    },
    why: "Without a list, whoever can change a pipeline chooses what runs on the runner. \
          `allowed_images` with digests is the only check of images that no pipeline can \
          change.",
    bad: &[Example {
        path: "config.toml",
        text: r#"concurrent = 2

[[runners]]
  name = "agents"
  url = "https://gitlab.example.com"
  token = "${RUNNER_TOKEN}"
  executor = "docker"
  [runners.docker]
    image = "registry.example.com/agents/triage@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    memory = "4g"
"#,
    }],
    good: &[Example {
        path: "config.toml",
        text: docker![],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for runner in &config.runners {
        for containers in runner.containers() {
            let at = runner
                .section
                .get(containers.kind)
                .map(|entry| entry.value.at.clone());
            let mut allowed = containers.section.texts("allowed_images").peekable();
            if allowed.peek().is_none() && config.extent != Extent::Fragment {
                let message = "no `allowed_images`: a pipeline may run any image here";
                config.at(report, &RULE, at.unwrap_or(0..0), message);
            }
            for text in allowed.filter(|text| is_everything(text.value)) {
                let message = format!("`{}` in `allowed_images` allows any image", text.shown());
                config
                    .at(report, &RULE, text.at, message)
                    .severity(Severity::Warning);
            }
        }
    }
}

/// Whether the pattern leaves nothing out that has a registry, or nothing at all.
fn is_everything(pattern: &str) -> bool {
    let name = pattern.split([':', '@']).next().unwrap_or_default();
    !name.is_empty() && name.split('/').all(|part| matches!(part, "*" | "**"))
}
