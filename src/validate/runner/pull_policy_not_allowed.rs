//! Pull policies outside the allowed ones.

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-pull-policy-not-allowed",
        summary: "A pull policy that the runner itself does not allow",
        help: "Name the policy in `allowed_pull_policies`, or use one that is.",
        severity: Severity::Error,
        page: "docs/rules/runner-pull-policy-not-allowed.md",
    },
    why: "The runner compares its own `pull_policy` with the list too, and fails each job that \
          names no policy of its own.",
    bad: &[Example {
        path: "config.toml",
        text: docker![
            r#"pull_policy = "if-not-present""#,
            r#"allowed_pull_policies = ["always"]"#
        ],
    }],
    good: &[Example {
        path: "config.toml",
        text: docker![
            r#"pull_policy = "always""#,
            r#"allowed_pull_policies = ["always", "if-not-present"]"#
        ],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for containers in config.containers() {
        let section = containers.section;
        let allowed: Vec<&str> = section
            .texts("allowed_pull_policies")
            .map(|it| it.value)
            .collect();
        if allowed.is_empty() {
            continue;
        }
        // One that is allowed is enough: the runner leaves the others out.
        let own: Vec<_> = section.texts("pull_policy").collect();
        if own
            .iter()
            .any(|text| allowed.contains(&text.value) || text.is_open())
        {
            continue;
        }
        if let Some(text) = own.first() {
            let message = format!("`{}` is not among `allowed_pull_policies`", text.shown());
            config.at(report, &RULE, text.at.clone(), message);
        } else if containers.kind == "docker" && !allowed.contains(&"always") {
            let entry = section.get("allowed_pull_policies");
            let at = entry.map_or(0..0, |entry| entry.value.at.clone());
            let message =
                "without `pull_policy` the runner uses `always`, which is not allowed here";
            config.at(report, &RULE, at, message);
        }
    }
}
