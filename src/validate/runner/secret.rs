//! Secrets in clear text, which no message shows.

use std::ops::Range;

use super::{
    RunnerConfig, helm,
    view::{Runner, is_open, shown},
};
use crate::{
    document::{DocumentError, Problem},
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
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

/// Words of lines whose text is not shown.
const WORDS: &[&str] = &[
    "accountkey",
    "auth",
    "glpat-",
    "glrt",
    "gr1348941",
    "key=",
    "password",
    "passwd",
    "privatekey",
    "secret",
    "token",
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
                text.filter(|it| is_secret(it.value) || (password && is_given(it.value)))
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
        let lower = name.to_ascii_lowercase();
        let named = [
            "token",
            "secret",
            "password",
            "passwd",
            "api_key",
            "private_key",
        ]
        .iter()
        .any(|word| lower.contains(word));
        let login = lower == "docker_auth_config" && value.contains("\"auth\"") && !is_open(value);
        if login || (named && is_secret(value)) {
            let message = format!(
                "the variable `{}` holds a secret in clear text",
                shown(name)
            );
            config.at(report, &RULE, text.at, message).finding.excerpt = None;
        }
    }
}

/// Whether `value` is a secret itself and no name, reference or example of one.
pub(super) fn is_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let example = [
        "example",
        "token",
        "redacted",
        "your",
        "xxxx",
        "secret",
        "change",
        "placeholder",
    ];
    let word = |c: char| c.is_ascii_alphanumeric() || "_-+/=.".contains(c);
    is_given(value)
        && value.len() >= 16
        && value.chars().all(word)
        && value.contains(|c: char| c.is_ascii_digit())
        && value.contains(|c: char| c.is_ascii_alphabetic())
        && !value.starts_with('/')
        && !example.iter().any(|word| lower.contains(word))
}

fn is_given(value: &str) -> bool {
    !value.is_empty() && !is_open(value) && !value.starts_with("__") && !value.contains("***")
}

/// The lines of `text` that may hold a secret, in order.
pub(super) fn lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        if lower.contains('=')
            && WORDS.iter().any(|word| lower.contains(word))
            && !lower.contains("overwrite")
        {
            lines.push(start..start + line.len());
        }
        start += line.len();
    }
    lines
}

/// The same without its place where that would show a line that may hold a secret.
pub(super) fn concealed(text: &str, error: DocumentError) -> DocumentError {
    let (Some(place), Problem::Syntax { language, reason }) = (error.position, &error.problem)
    else {
        return error;
    };
    let shows = |line: &Range<usize>| line.start <= place.offset && place.offset <= line.end;
    if !lines(text).iter().any(shows) {
        return error;
    }
    let line = place.line;
    let problem = Problem::Syntax {
        language,
        reason: format!("{reason} (line {line}, which may hold a secret and is not shown)"),
    };
    DocumentError {
        position: None,
        problem,
        ..error
    }
}
