//! Sizes and numbers of processors.

use super::{
    RunnerConfig, quantity,
    view::{Section, Text},
};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-size",
        summary: "A size or number of processors that cannot be read",
        help: "Docker takes `512m` or `2g`, Kubernetes `500m` processors and `512Mi` or `2Gi` of \
          memory.",
        severity: Severity::Error,
        page: "docs/rules/runner-size.md",
    },
    why: "`gitlab-runner lint` accepts any text here. The docker executor ends the whole \
          runner process over a size that it cannot read; Kubernetes refuses each job's pod.",
    bad: &[
        Example {
            path: "config.toml",
            text: docker![r#"memory_reservation = "2gigs""#],
        },
        Example {
            path: "config.toml",
            text: kubernetes![r#"memory_request = "2gb""#],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: docker![r#"memory_reservation = "1g""#],
    }],
    check: Check::Runner(check),
};

/// Memory in docker's spelling.
const DOCKER_SIZES: &[&str] = &[
    "memory",
    "memory_swap",
    "memory_reservation",
    "service_memory",
    "service_memory_swap",
    "service_memory_reservation",
];

/// Docker refuses a container with less.
const LEAST_MEMORY: f64 = 6.0 * 1024.0 * 1024.0;

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers() {
        if containers.kind == "docker" {
            docker(config, containers.section, report);
        } else {
            kubernetes(config, containers.section, report);
        }
    }
}

fn docker(config: &RunnerConfig<'_>, section: Section<'_>, report: &mut Report<'_>) {
    for key in DOCKER_SIZES {
        let Some(text) = section.text(key).filter(is_given) else {
            continue;
        };
        let problem = match quantity::docker(text.value) {
            // It has a rule of its own.
            None if key.ends_with("swap") && text.value.trim() == "-1" => continue,
            None => format!(
                "`{key}` cannot be `{}`: it is a number with `k`, `m` or `g`",
                text.shown()
            ),
            Some(bytes) if bytes < LEAST_MEMORY && matches!(*key, "memory" | "service_memory") => {
                format!("`{key}` is {bytes} bytes: docker starts nothing with less than `6m`")
            }
            Some(_) => continue,
        };
        config.at(report, &RULE, text.at.clone(), problem);
    }
    for key in ["cpus", "service_cpus"] {
        if let Some(text) = section.text(key).filter(is_given)
            && quantity::rational(text.value).is_none_or(|number| number < 0.0)
        {
            let message = format!(
                "`{key}` cannot be `{}`: it is a number such as `1.5`",
                text.shown()
            );
            config.at(report, &RULE, text.at.clone(), message);
        }
    }
}

fn kubernetes(config: &RunnerConfig<'_>, section: Section<'_>, report: &mut Report<'_>) {
    for entry in section.0.entries() {
        let key = entry.key.to_ascii_lowercase();
        let of_resources =
            key.ends_with("_limit") || key.ends_with("_request") || key.ends_with("_max_allowed");
        let Some(text) = section
            .text(&entry.key)
            .filter(is_given)
            .filter(|_| of_resources)
        else {
            continue;
        };
        if quantity::kubernetes(text.value).is_none() {
            let example = if key.contains("cpu") {
                "500m` or `2"
            } else {
                "512Mi` or `2Gi"
            };
            let message = format!(
                "`{key}` cannot be `{}`: Kubernetes takes amounts such as `{example}`",
                text.shown()
            );
            config.at(report, &RULE, text.at.clone(), message);
        }
    }
}

fn is_given(text: &Text<'_>) -> bool {
    !text.value.is_empty() && !text.is_open()
}
