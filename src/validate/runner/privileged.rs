//! Privileged containers.

use super::{RunnerConfig, view::whole};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-privileged",
        summary: "Jobs run privileged",
        help: "Take `privileged` away; where one image needs it, name that in \
          `allowed_privileged_images`.",
        severity: Severity::Warning,
        page: "docs/rules/runner-privileged.md",
    },
    why: "A privileged container is root on the runner's host: a job, and so whoever can talk \
          an agent into running a command, reads every other job's secrets and the runner's \
          token. No agent of ours needs it.",
    bad: &[Example {
        path: "config.toml",
        text: docker!["privileged = true"],
    }],
    good: &[Example {
        path: "config.toml",
        text: docker!["privileged = false"],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for runner in &config.runners {
        let disposable = runner.is_disposable();
        for containers in runner.containers() {
            let own = ["privileged", "services_privileged"].iter();
            let mut entries: Vec<_> = own
                .filter_map(|key| containers.section.is_set(key))
                .collect();
            for part in ["build", "helper", "service", "init_permissions"] {
                let name = format!("{part}_container_security_context");
                let context = containers.section.section(&name);
                entries.extend(context.and_then(|context| context.is_set("privileged")));
            }
            for entry in entries {
                let message = format!(
                    "`{} = true`: its containers are root on the host",
                    entry.key
                );
                let problem = config.at(report, &RULE, whole(entry), message);
                // The host is the job's own, and gone after it.
                if disposable {
                    problem.severity(Severity::Note);
                }
            }
        }
    }
}
