//! Names and tokens that stand twice.

use std::collections::HashSet;

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check, secret},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-duplicate-name",
        summary: "Two runners with one name or one token",
        help: "Give each runner a name and a token of its own.",
        severity: Severity::Warning,
        page: "docs/rules/runner-duplicate-name.md",
    },
    why: "In logs, metrics and GitLab's list nobody can tell runners of one name apart; with \
          one token they are one runner to GitLab, which mixes up their jobs' limits.",
    bad: &[Example {
        path: "config.toml",
        text: r#"concurrent = 4

[[runners]]
  name = "agents"
  url = "https://gitlab.example.com"
  token = "${TRIAGE_TOKEN}"
  executor = "shell"

[[runners]]
  name = "agents"
  url = "https://gitlab.example.com"
  token = "${REVIEW_TOKEN}"
  executor = "shell"
"#,
    }],
    good: &[Example {
        path: "config.toml",
        text: runner![],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    let mut names = HashSet::new();
    let mut tokens = HashSet::new();
    for runner in &config.runners {
        if let Some(name) = runner
            .section
            .text("name")
            .filter(|it| !it.value.is_empty())
            && !names.insert(name.value)
        {
            let message = format!("another runner is called `{}` too", name.shown());
            config.at(report, &RULE, name.at, message);
        }
        let token = runner
            .section
            .text("token")
            .filter(|it| secret::is_one(it.value));
        if let Some(token) = token
            && !tokens.insert(token.value)
        {
            config.at(report, &RULE, token.at, "another runner has the same token");
        }
    }
}
