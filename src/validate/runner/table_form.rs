//! `[x]` and `[[x]]`.

use super::{RunnerConfig, faults::What, view::shown};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-table-form",
        summary: "A table where an array of tables belongs, or the reverse",
        help: "Write `[[section]]` for what may stand several times, `[section]` for what stands \
          once.",
        severity: Severity::Error,
        page: "docs/rules/runner-table-form.md",
    },
    why: "GitLab runner cannot decode the file and starts none of its runners.",
    bad: &[
        Example {
            path: "config.toml",
            text: runner![
                "[[runners.docker]]",
                r#"  image = "registry.example.com/agent:1.2.3@sha256:0000000000000000000000000000000000000000000000000000000000000000""#
            ],
        },
        Example {
            path: "config.toml",
            text: r#"concurrent = 1

[runners]
  url = "https://gitlab.example.com"
  token = "${RUNNER_TOKEN}"
  executor = "shell"
"#,
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: r#"concurrent = 2

[[runners]]
  name = "agents"
  url = "https://gitlab.example.com"
  token = "${RUNNER_TOKEN}"
  executor = "shell"
"#,
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for fault in config.faults() {
        let key = shown(fault.key);
        let path = if fault.header.is_empty() {
            key
        } else {
            format!("{}.{key}", fault.header)
        };
        let message = match fault.what {
            What::Array => format!("`{path}` stands once: write `[{path}]` and not `[[{path}]]`"),
            What::NotArray => {
                format!("`{path}` may stand several times: write `[[{path}]]` and not `[{path}]`")
            }
            _ => continue,
        };
        config.at(report, &RULE, fault.at.clone(), message);
    }
}
