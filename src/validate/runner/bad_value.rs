//! Words that a key does not take.

use super::{RunnerConfig, view::Section};
use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-bad-value",
        summary: "A value that GitLab runner does not know",
        help: "Write one of the words that the key takes.",
        severity: Severity::Error,
        page: "docs/rules/runner-bad-value.md",
    },
    why: "GitLab runner refuses the file, fails the job or takes its own default, by key.",
    bad: &[Example {
        path: "config.toml",
        text: runner![r#"shell = "zsh""#],
    }],
    good: &[Example {
        path: "config.toml",
        text: runner![r#"shell = "bash""#],
    }],
    check: Check::Runner(check),
};

/// Keys whose words are known, by section; case does not matter in those that end in `*`.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("", "log_format", &["runner", "text", "json"]),
    (
        "",
        "log_level",
        &[
            "debug", "info", "warn", "warning", "error", "fatal", "panic", "trace",
        ],
    ),
    (
        "runners",
        "shell",
        &["bash", "sh", "cmd", "pwsh", "powershell"],
    ),
    (
        "runners.docker",
        "isolation",
        &["default", "hyperv", "process"],
    ),
    (
        "runners.kubernetes",
        "dns_policy",
        &[
            "none",
            "default",
            "cluster-first",
            "cluster-first-with-host-net",
        ],
    ),
    (
        "runners.kubernetes.pod_spec",
        "patch_type",
        &["json", "merge", "strategic"],
    ),
    ("runners.cache", "Type", &["s3", "gcs", "azure"]),
    (
        "runners.cache.s3",
        "AuthenticationType",
        &["access-key", "iam"],
    ),
];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for (path, key, words) in WORDS {
        for section in sections(config, path) {
            let Some(text) = section.text(key) else {
                continue;
            };
            let known = words
                .iter()
                .any(|word| word.eq_ignore_ascii_case(text.value));
            if text.value.is_empty() || text.is_open() || known {
                continue;
            }
            let message = format!("`{key}` cannot be `{}`", text.shown());
            let problem = config.at(report, &RULE, text.at.clone(), message);
            let all = words.join(", ");
            match suggest(text.value, words.iter().copied()) {
                Some(near) => problem.help(format!("Did you mean `{near}`? It can be: {all}.")),
                None => problem.help(format!("It can be: {all}.")),
            };
        }
    }
}

/// The sections at `path`, in every runner.
fn sections<'a>(config: &RunnerConfig<'a>, path: &str) -> Vec<Section<'a>> {
    let Some(path) = path.strip_prefix("runners") else {
        return vec![config.root];
    };
    let mut sections: Vec<Section<'a>> = config.runners.iter().map(|it| it.section).collect();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let below = sections
            .into_iter()
            .flat_map(|section| section.sections(part));
        sections = below.collect();
    }
    sections
}
