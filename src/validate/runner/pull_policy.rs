//! Pull policies that are none.

use super::{RunnerConfig, view::Extent};
use crate::{
    config::suggest,
    document::edit::Edit,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-pull-policy",
        summary: "A pull policy that does not exist",
        help: "Write `always`, `if-not-present` or `never`.",
        severity: Severity::Error,
        page: "docs/rules/runner-pull-policy.md",
    },
    why: "`gitlab-runner lint` accepts any text here, and then every job of the runner fails.",
    bad: &[
        Example {
            path: "config.toml",
            text: docker![r#"pull_policy = "IfNotPresent""#],
        },
        Example {
            path: "config.toml",
            text: kubernetes![r#"allowed_pull_policies = ["always", "sometimes"]"#],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: docker![r#"pull_policy = ["always", "if-not-present"]"#],
    }],
    check: Check::Runner(check),
};

const POLICIES: &[&str] = &["always", "if-not-present", "never"];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers() {
        for key in ["pull_policy", "allowed_pull_policies"] {
            for text in containers.section.texts(key) {
                let empty = text.value.is_empty() && containers.kind == "kubernetes";
                if empty || text.is_open() || POLICIES.contains(&text.value) {
                    continue;
                }
                let message = format!("there is no pull policy `{}`", text.shown());
                let problem = config.at(report, &RULE, text.at.clone(), message);
                if let Some(same) = POLICIES
                    .iter()
                    .find(|known| plain(known) == plain(text.value))
                {
                    problem.help(format!("Write `{same}`."));
                    if config.extent != Extent::Helm {
                        let at = text.at.clone();
                        let text = format!("\"{same}\"");
                        problem.fix([Edit { at, text }]);
                    }
                } else if let Some(near) = suggest(text.value, POLICIES.iter().copied()) {
                    problem.help(format!("Did you mean `{near}`?"));
                }
            }
        }
    }
}

/// The words of a policy, however they are put together: Kubernetes writes `IfNotPresent`.
fn plain(policy: &str) -> String {
    policy.to_ascii_lowercase().replace(['-', '_', ' '], "")
}
