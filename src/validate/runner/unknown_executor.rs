//! Executors that are none.

use super::{
    RunnerConfig,
    executor_section::{EXECUTORS, REMOVED},
};
use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-unknown-executor",
        summary: "An executor that GitLab runner does not have",
        help: "Write one of the executors that GitLab runner has.",
        severity: Severity::Error,
        page: "docs/rules/runner-unknown-executor.md",
    },
    why: "The runner is registered and shown as online, and each of its jobs fails.",
    bad: &[Example {
        path: "config.toml",
        text: r#"concurrent = 2

[[runners]]
  name = "agents"
  url = "https://gitlab.example.com"
  token = "${RUNNER_TOKEN}"
  executor = "docer"
"#,
    }],
    good: &[Example {
        path: "config.toml",
        text: runner![],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for runner in &config.runners {
        let Some(executor) = runner.executor().filter(|it| !it.is_open()) else {
            continue;
        };
        let known = EXECUTORS.iter().map(|(name, _)| *name);
        if executor.value.is_empty() || known.clone().any(|name| name == executor.value) {
            continue;
        }
        let message = format!("there is no executor `{}`", executor.shown());
        let problem = config.at(report, &RULE, executor.at.clone(), message);
        if REMOVED.contains(&executor.value) {
            problem.help("It is gone since GitLab runner 14.0: use `docker`.");
        } else if let Some(near) = suggest(executor.value, known.clone()) {
            problem.help(format!("Did you mean `{near}`?"));
        } else {
            let names: Vec<&str> = known.collect();
            problem.severity(Severity::Note);
            problem.help(format!("GitLab runner 19.4 has: {}.", names.join(", ")));
        }
    }
}
