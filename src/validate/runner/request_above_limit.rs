//! Requests and limits.

use super::{RunnerConfig, quantity};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-request-above-limit",
        summary: "A Kubernetes request above its limit",
        help: "Lower the request, or raise the limit.",
        severity: Severity::Error,
        page: "docs/rules/runner-request-above-limit.md",
    },
    why: "Kubernetes refuses the pod of every job.",
    bad: &[Example {
        path: "config.toml",
        text: kubernetes![r#"cpu_request = "4""#],
    }],
    good: &[Example {
        path: "config.toml",
        text: kubernetes![r#"cpu_request = "500m""#],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers().filter(|it| it.kind == "kubernetes") {
        let section = containers.section;
        for entry in section.0.entries() {
            let key = entry.key.to_ascii_lowercase();
            let Some(stem) = key.strip_suffix("_request") else {
                continue;
            };
            let limit = section.text(&format!("{stem}_limit"));
            let (Some(request), Some(limit)) = (section.text(&key), limit) else {
                continue;
            };
            let amounts = (
                quantity::kubernetes(request.value),
                quantity::kubernetes(limit.value),
            );
            if let (Some(wanted), Some(most)) = amounts
                && wanted > most
            {
                let message = format!(
                    "`{key}` is {}, more than `{stem}_limit`, which is {}",
                    request.shown(),
                    limit.shown()
                );
                config.at(report, &RULE, request.at, message);
            }
        }
    }
}
