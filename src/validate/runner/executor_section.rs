//! Executors and their sections.

use super::{RunnerConfig, view::Extent};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-executor-section",
        summary: "An executor without its section, or the section of another",
        help: "Write the section of the executor that the runner has.",
        severity: Severity::Error,
        page: "docs/rules/runner-executor-section.md",
    },
    why: "The runner fails every job where its section is missing, and never looks at that of \
          another executor: what stands there, limits and allow lists too, does not hold.",
    bad: &[
        Example {
            path: "config.toml",
            text: r#"concurrent = 2

[[runners]]
  name = "agents"
  url = "https://gitlab.example.com"
  token = "${RUNNER_TOKEN}"
  executor = "docker"
"#,
        },
        Example {
            path: "config.toml",
            text: kubernetes!["[runners.docker]", "  privileged = false"],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: docker![],
    }],
    check: Check::Runner(check),
};

/// The executors with the sections that they read; the first so many of each are needed.
pub(super) const EXECUTORS: &[(&str, &[&str])] = &[
    ("shell", &[]),
    ("docker", &["docker"]),
    ("docker-windows", &["docker"]),
    ("docker-autoscaler", &["docker", "autoscaler"]),
    ("docker+machine", &["docker", "machine"]),
    ("instance", &["autoscaler", "instance"]),
    ("kubernetes", &["kubernetes"]),
    ("custom", &["custom"]),
    ("ssh", &["ssh"]),
    ("parallels", &["parallels", "ssh"]),
    ("virtualbox", &["virtualbox", "ssh"]),
];

/// Executors that older versions had.
pub(super) const REMOVED: &[&str] = &["docker-ssh", "docker-ssh+machine"];

/// Sections that no executor can do without, by themselves.
const OPTIONAL: &[&str] = &["instance", "ssh"];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for runner in &config.runners {
        let Some(executor) = runner.executor() else {
            continue;
        };
        let Some((name, own)) = EXECUTORS.iter().find(|(name, _)| *name == executor.value) else {
            continue;
        };
        let needed = own
            .iter()
            .filter(|section| !OPTIONAL.contains(section) || *name == "ssh");
        // The chart and `register` add what a piece of a configuration leaves out.
        for section in needed.filter(|_| config.extent == Extent::Whole) {
            if !runner.section.has(section) {
                let message = format!("executor `{name}` needs a section `[runners.{section}]`");
                config.at(report, &RULE, executor.at.clone(), message);
            }
        }
        let all = EXECUTORS.iter().flat_map(|(_, sections)| *sections);
        let mut foreign: Vec<&str> = all.copied().filter(|it| !own.contains(it)).collect();
        foreign.sort_unstable();
        foreign.dedup();
        for entry in foreign
            .iter()
            .filter_map(|section| runner.section.get(section))
        {
            let section = entry.key.to_ascii_lowercase();
            let message = format!("executor `{name}` never reads `[runners.{section}]`");
            let problem = config.at(report, &RULE, entry.value.at.clone(), message);
            problem.severity(Severity::Warning);
        }
    }
}
