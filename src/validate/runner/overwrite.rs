//! What jobs may overwrite.

use super::{RunnerConfig, view::whole};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-overwrite",
        summary: "Jobs choose their own namespace, service account or token",
        help: "Leave the key out, or list what may be chosen.",
        severity: Severity::Warning,
        page: "docs/rules/runner-overwrite.md",
    },
    why: "A pipeline that may name any service account or namespace runs with the rights of \
          the one that has the most.",
    bad: &[
        Example {
            path: "config.toml",
            text: kubernetes![r#"service_account_overwrite_allowed = ".*""#],
        },
        Example {
            path: "config.toml",
            text: kubernetes!["bearer_token_overwrite_allowed = true"],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: kubernetes![r#"service_account_overwrite_allowed = "^agent-(triage|review)$""#],
    }],
    check: Check::Runner(check),
};

const KEYS: &[&str] = &[
    "namespace_overwrite_allowed",
    "service_account_overwrite_allowed",
];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers().filter(|it| it.kind == "kubernetes") {
        let section = containers.section;
        for key in KEYS {
            let Some(text) = section
                .text(key)
                .filter(|it| !it.value.is_empty() && !it.is_open())
            else {
                continue;
            };
            let plain = text.value.trim_start_matches('^').trim_end_matches('$');
            if matches!(plain, ".*" | ".+" | "(.*)" | ".") {
                let message = format!("`{key}` lets a job choose any");
                config.at(report, &RULE, text.at, message);
            } else if regex_syntax::parse(text.value).is_err() {
                let message = format!("`{key}` is no regular expression that the runner can read");
                config
                    .at(report, &RULE, text.at, message)
                    .severity(Severity::Error);
            }
        }
        if let Some(entry) = section.is_set("bearer_token_overwrite_allowed") {
            let message = "a job may bring the token that its own pod is made with";
            config.at(report, &RULE, whole(entry), message);
        }
    }
}
