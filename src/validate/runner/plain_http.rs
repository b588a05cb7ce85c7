//! Addresses without TLS.

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-plain-http",
        summary: "The runner talks to GitLab without encryption",
        help: "Write `https://`; for a certificate of your own, `tls-ca-file`.",
        severity: Severity::Warning,
        page: "docs/rules/runner-plain-http.md",
    },
    why: "The runner's token and each job's token, secrets and sources cross the network for \
          everybody on the way to read and change.",
    bad: &[Example {
        path: "config.toml",
        text: r#"concurrent = 2

[[runners]]
  name = "agents"
  url = "http://gitlab.example.com"
  token = "${RUNNER_TOKEN}"
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
    for runner in &config.runners {
        for key in ["url", "clone_url"] {
            let Some(text) = runner.section.text(key).filter(|it| !it.value.is_empty()) else {
                continue;
            };
            let lower = text.value.to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("http://") {
                if !is_local(rest) {
                    let message = format!(
                        "`{key}` is not encrypted: tokens and sources can be read on the way"
                    );
                    config.at(report, &RULE, text.at, message);
                }
            } else if !lower.contains("://") && !text.is_open() {
                let message = format!("`{key}` is no address: it lacks its `https://`");
                config
                    .at(report, &RULE, text.at, message)
                    .severity(Severity::Error);
            }
        }
    }
}

/// Whether the address stays on the machine or inside of a cluster.
fn is_local(address: &str) -> bool {
    let host = address.split(['/', ':']).next().unwrap_or_default();
    let inside = [".svc", ".svc.cluster.local", ".localhost", ".internal"];
    matches!(
        host,
        "localhost" | "127.0.0.1" | "[" | "host.docker.internal"
    ) || !host.contains('.')
        || inside.iter().any(|end| host.ends_with(end))
}
