//! Swap, and what goes with it.

use super::{RunnerConfig, quantity, view::Section};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-swap",
        summary: "Swap or reservation at odds with the memory limit",
        help: "Leave `memory_swap` at the value of `memory`, which means no swap.",
        severity: Severity::Error,
        page: "docs/rules/runner-swap.md",
    },
    why: "`memory_swap` is memory and swap together. Docker refuses a container whose total is \
          below its memory, or that has a total without a limit; `\"-1\"` ends the runner \
          process with all its jobs.",
    bad: &[
        Example {
            path: "config.toml",
            text: docker![r#"memory_swap = "1g""#],
        },
        Example {
            path: "config.toml",
            text: docker![r#"memory_swap = "-1""#],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: docker![r#"memory_swap = "4g""#],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers().filter(|it| it.kind == "docker") {
        for prefix in ["", "service_"] {
            swap(config, containers.section, prefix, report);
            reservation(config, containers.section, prefix, report);
        }
    }
}

fn swap(config: &RunnerConfig<'_>, section: Section<'_>, prefix: &str, report: &mut Report<'_>) {
    let name = format!("{prefix}memory_swap");
    let Some(swap) = section
        .text(&name)
        .filter(|it| !it.value.is_empty() && !it.is_open())
    else {
        return;
    };
    let memory = section.text(&format!("{prefix}memory"));
    let message = if swap.value.trim() == "-1" {
        format!("`{name} = \"-1\"` ends the runner process: it cannot read a size below zero")
    } else {
        let Some(memory) = memory.filter(|it| !it.value.is_empty()) else {
            let message =
                format!("`{name}` without `{prefix}memory`: docker refuses the container");
            config.at(report, &RULE, swap.at, message);
            return;
        };
        match (quantity::docker(swap.value), quantity::docker(memory.value)) {
            (Some(total), Some(limit)) if total > 0.0 && total < limit => format!(
                "`{name}` is {}, less than the memory of {}: it is memory and swap together",
                swap.shown(),
                memory.shown()
            ),
            _ => return,
        }
    };
    config.at(report, &RULE, swap.at, message);
}

fn reservation(
    config: &RunnerConfig<'_>,
    section: Section<'_>,
    prefix: &str,
    report: &mut Report<'_>,
) {
    let size = |key: &str| {
        let text = section.text(&format!("{prefix}{key}"))?;
        let bytes = quantity::docker(text.value)?;
        Some((text, bytes))
    };
    if let (Some((limit, most)), Some((reserved, bytes))) =
        (size("memory"), size("memory_reservation"))
        && most > 0.0
        && bytes > most
    {
        let message = format!(
            "`{prefix}memory_reservation` is {}, more than the memory of {}: docker refuses the container",
            reserved.shown(),
            limit.shown()
        );
        config.at(report, &RULE, reserved.at, message);
    }
}
