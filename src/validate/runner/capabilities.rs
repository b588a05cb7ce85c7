//! Capabilities.

use std::collections::HashSet;

use super::{RunnerConfig, view::whole};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-capabilities",
        summary: "Capabilities that are dropped and given back",
        help: "Take away what makes the drop moot.",
        severity: Severity::Warning,
        page: "docs/rules/runner-capabilities.md",
    },
    why: "A privileged container has every capability, whatever `cap_drop` says; and on \
          Kubernetes a capability that stands in both lists is dropped.",
    bad: &[
        Example {
            path: "config.toml",
            text: docker!["privileged = true", r#"cap_drop = ["NET_RAW"]"#],
        },
        Example {
            path: "config.toml",
            text: kubernetes![r#"cap_add = ["NET_ADMIN"]"#, r#"cap_drop = ["NET_ADMIN"]"#],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: docker![r#"cap_drop = ["ALL"]"#],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers() {
        let section = containers.section;
        let Some(dropped) = section
            .get("cap_drop")
            .filter(|_| section.texts("cap_drop").count() > 0)
        else {
            continue;
        };
        if section.is_set("privileged").is_some() {
            let message = "`cap_drop` has no effect: `privileged = true` gives every capability";
            config.at(report, &RULE, whole(dropped), message);
            continue;
        }
        let name = |text: &str| {
            let name = text.to_ascii_uppercase();
            name.strip_prefix("CAP_")
                .map_or(name.clone(), str::to_owned)
        };
        let dropped: HashSet<String> = section.texts("cap_drop").map(|it| name(it.value)).collect();
        // `ALL` with what is needed by name is the right way round on docker.
        for added in section
            .texts("cap_add")
            .filter(|it| dropped.contains(&name(it.value)))
        {
            let message = format!("`{}` stands in `cap_add` and in `cap_drop`", added.shown());
            config.at(report, &RULE, added.at, message);
        }
    }
}
