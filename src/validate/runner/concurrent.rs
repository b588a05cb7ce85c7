//! Places and runners.

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-concurrent",
        summary: "Fewer jobs at once than there are runners",
        help: "Set `concurrent` to at least the number of runners.",
        severity: Severity::Warning,
        page: "docs/rules/runner-concurrent.md",
    },
    why: "Each runner that waits for jobs holds one of the places, for as long as GitLab lets \
          a request wait: with fewer places than runners some starve. With `concurrent = 0` \
          the runner ends at once.",
    bad: &[Example {
        path: "config.toml",
        text: r#"concurrent = 1

[[runners]]
  name = "triage"
  url = "https://gitlab.example.com"
  token = "${TRIAGE_TOKEN}"
  executor = "shell"

[[runners]]
  name = "review"
  url = "https://gitlab.example.com"
  token = "${REVIEW_TOKEN}"
  executor = "shell"
"#,
    }],
    good: &[Example {
        path: "config.toml",
        text: r#"concurrent = 4

[[runners]]
  name = "triage"
  url = "https://gitlab.example.com"
  token = "${TRIAGE_TOKEN}"
  executor = "shell"

[[runners]]
  name = "review"
  url = "https://gitlab.example.com"
  token = "${REVIEW_TOKEN}"
  executor = "shell"
"#,
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    let runners = config.runners.len();
    let Some((concurrent, at)) = config.root.number("concurrent") else {
        return;
    };
    if concurrent < 1 {
        let message = format!("`concurrent = {concurrent}`: the runner ends as soon as it starts");
        config
            .at(report, &RULE, at, message)
            .severity(Severity::Error);
    } else if usize::try_from(concurrent).is_ok_and(|places| places < runners) {
        let message = format!("`concurrent = {concurrent}` with {runners} runners: some starve");
        config.at(report, &RULE, at, message);
    }
}
