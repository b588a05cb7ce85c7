//! What every runner needs.

use super::{RunnerConfig, view::Extent};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-missing-key",
        summary: "A runner lacks what it cannot start without",
        help: "Add the key, or let `gitlab-runner register` write the file.",
        severity: Severity::Error,
        page: "docs/rules/runner-missing-key.md",
    },
    why: "A runner without an address, a token or an executor never asks for a job.",
    bad: &[Example {
        path: "config.toml",
        text: r#"concurrent = 2

[[runners]]
  name = "agents"
  url = "https://gitlab.example.com"
  token = "${RUNNER_TOKEN}"
"#,
    }],
    good: &[Example {
        path: "config.toml",
        text: runner![],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    if config.extent != Extent::Whole {
        return;
    }
    for runner in &config.runners {
        for key in ["url", "token", "executor"] {
            let empty = match runner.section.get(key) {
                None => true,
                Some(entry) => entry
                    .value
                    .as_str()
                    .is_some_and(|text| text.trim().is_empty()),
            };
            if empty {
                let message = format!("this runner has no `{key}`");
                config.at(report, &RULE, runner.at.clone(), message);
            }
        }
    }
}
