//! Namespaces of the host.

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-host-namespace",
        summary: "Jobs share a namespace of the host",
        help: "Leave the key out: the container then has a namespace of its own.",
        severity: Severity::Warning,
        page: "docs/rules/runner-host-namespace.md",
    },
    why: "With the host's processes a job reads their environment, secrets among it; with the \
          host's network it reaches what only listens there; `userns_mode = \"host\"` switches \
          the daemon's user remapping off for the runner.",
    bad: &[
        Example {
            path: "config.toml",
            text: docker![r#"pid_mode = "host""#],
        },
        Example {
            path: "config.toml",
            text: docker![r#"userns_mode = "host""#],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: docker![r#"network_mode = "bridge""#],
    }],
    check: Check::Runner(check),
};

const MODES: &[(&str, &str)] = &[
    ("pid_mode", "sees and signals every process of the host"),
    ("network_mode", "has the host's own network"),
    ("ipcmode", "shares memory with the host's processes"),
    (
        "userns_mode",
        "is outside of the daemon's user remapping: its root is the host's root",
    ),
];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers().filter(|it| it.kind == "docker") {
        for (key, effect) in MODES {
            let Some(text) = containers.section.text(key).filter(|it| it.value == "host") else {
                continue;
            };
            let message = format!("with `{key} = \"host\"` every job {effect}");
            config.at(report, &RULE, text.at, message);
        }
    }
}
