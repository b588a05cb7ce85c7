//! Secrets in clear text, which no message shows.

use super::{
    RunnerConfig, helm,
    view::{Runner, is_open, shown},
};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check, secret},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-secret",
        summary: "A secret stands in the configuration in clear text",
        help: "Keep it out of the repository: let `gitlab-runner register` write the token where \
          the runner runs, take caches' credentials from the machine's role, and mount the \
          rest as secret variables. What was committed has to be replaced.",
        severity: Severity::Warning,
        page: "docs/rules/runner-secret.md",
    },
    why: "Whoever reads the repository can pretend to be this runner and receives its jobs \
          with their secrets, or reads and poisons the cache of every project.",
    bad: &[Example {
        path: "config.toml",
        text: r#"concurrent = 2

[[runners]]
  name = "agents"
  url = "https://gitlab.example.com"
  token = "glrt-t1_A7cdEfGh2jKlMn0pQr5t"
  executor = "shell"
"#,
    }],
    good: &[Example {
        path: "config.toml",
        text: runner![],
    }],
    check: Check::Runner(check),
};

/// Keys that hold a secret, by the sections on the way to them.
const SECRETS: &[(&[&str], &str)] = &[
    (&[], "token"),
    (&["autoscaler", "connector_config"], "password"),
    (
        &["autoscaler", "vm_isolation", "connector_config"],
        "password",
    ),
    (&["cache", "azure"], "AccountKey"),
    (&["cache", "gcs"], "PrivateKey"),
    (&["cache", "s3"], "SecretKey"),
    (&["cache", "s3"], "SessionToken"),
    (&["kubernetes"], "bearer_token"),
    (&["ssh"], "password"),
];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for runner in &config.runners {
        for (path, key) in SECRETS {
            let section = path
                .iter()
                .try_fold(runner.section, |section, part| section.section(part));
            let text = section.and_then(|section| section.text(key));
            let password = *key == "password";
            let Some(text) =
                text.filter(|it| secret::is_one(it.value) || (password && is_given(it.value)))
            else {
                continue;
            };
            let message = format!("`{key}` stands here in clear text");
            config.at(report, &RULE, text.at, message).finding.excerpt = None;
        }
        environment(config, runner, report);
    }
    for (key, node) in helm::secrets(config) {
        let message = format!("`{key}` stands here in clear text");
        let problem = config.at(report, &RULE, node.at(), message);
        problem.finding.excerpt = None;
        problem.help("Name a Kubernetes secret in `runners.secret`, which holds the token as `runner-token`.");
    }
}

fn environment(config: &RunnerConfig<'_>, runner: &Runner<'_>, report: &mut Report<'_>) {
    for text in runner.section.texts("environment") {
        let Some((name, value)) = text.value.split_once('=') else {
            continue;
        };
        let login = name.eq_ignore_ascii_case("docker_auth_config");
        let login = login && value.contains("\"auth\"") && !is_open(value);
        if login || secret::kind(name, value).is_some() {
            let message = format!(
                "the variable `{}` holds a secret in clear text",
                shown(name)
            );
            config.at(report, &RULE, text.at, message).finding.excerpt = None;
        }
    }
}

fn is_given(value: &str) -> bool {
    !value.is_empty() && !is_open(value) && !value.starts_with("__") && !value.contains("***")
}
