//! Limits of memory.

use super::{RunnerConfig, view::Extent};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-no-limits",
        summary: "Jobs may use all of the machine's memory",
        help: "Set `memory` (docker) or `memory_limit` (Kubernetes).",
        severity: Severity::Note,
        page: "docs/rules/runner-no-limits.md",
    },
    why: "One job that runs away, and agents do, takes the machine's memory from every other \
          job; which process then dies is chance.",
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
"#,
    }],
    good: &[Example {
        path: "config.toml",
        text: docker![],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    if config.extent == Extent::Fragment {
        return;
    }
    for runner in &config.runners {
        for containers in runner.containers() {
            let keys: &[&str] = match containers.kind {
                "docker" => &["memory"],
                _ => &["memory_limit", "pod_memory_limit"],
            };
            if keys.iter().any(|key| containers.section.has(key)) {
                continue;
            }
            let entry = runner.section.get(containers.kind);
            let at = entry.map_or(0..0, |entry| entry.value.at.clone());
            let message = format!(
                "no `{}`: a job may use all of the machine's memory",
                keys[0]
            );
            config.at(report, &RULE, at, message);
        }
    }
}
