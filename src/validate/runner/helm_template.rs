//! The template inside of Helm values.

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-helm-template",
        summary: "A template in Helm values that the runner refuses",
        help: "Write exactly one `[[runners]]`, as the text of `runners.config`; for more runners \
          install the chart again.",
        severity: Severity::Error,
        page: "docs/rules/runner-helm-template.md",
    },
    why: "The chart registers its runner with this template, and `gitlab-runner register` \
          takes it only with exactly one `[[runners]]`; keys of the whole file, such as \
          `concurrent`, it takes from the chart's own values.",
    bad: &[Example {
        path: "values.yaml",
        text: r#"gitlabUrl: https://gitlab.example.com
runners:
  config: |
    [[runners]]
      name = "triage"
    [[runners]]
      name = "review"
"#,
    }],
    good: &[Example {
        path: "values.yaml",
        text: r#"gitlabUrl: https://gitlab.example.com
runners:
  secret: agents-runner
  config: |
    [[runners]]
      executor = "kubernetes"
      [runners.kubernetes]
        image = "registry.example.com/agents/triage@sha256:0000000000000000000000000000000000000000000000000000000000000000"
        allowed_images = ["registry.example.com/agents/triage@sha256:*"]
        memory_limit = "4Gi"
"#,
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    let template = config
        .values
        .and_then(|values| values.get("runners")?.get("config"));
    let Some(template) = template else {
        return;
    };
    if template.is_mapping() {
        let message = "`runners.config` is a mapping, and the chart takes a text of TOML there";
        config.at(report, &RULE, template.at(), message);
        return;
    }
    let Some(scalar) = template.scalar().filter(|it| !it.value.trim().is_empty()) else {
        return;
    };
    match config.runners.as_slice() {
        [_] => {}
        [] => {
            let message = "this template holds no `[[runners]]`";
            config.at(report, &RULE, scalar.at, message);
        }
        [_, second, ..] => {
            let message = format!("this template holds {} `[[runners]]`", config.runners.len());
            config.at(report, &RULE, second.at.clone(), message);
        }
    }
    for entry in config.root.0.entries() {
        if matches!(
            entry.key.as_str(),
            "concurrent" | "check_interval" | "log_level" | "log_format"
        ) {
            let message = format!("`{}` is not taken from this template", entry.key);
            let problem = config.at(report, &RULE, entry.key_at.clone(), message);
            problem.severity(Severity::Warning);
            problem.help(format!(
                "Set the chart's own value `{}`.",
                camel(&entry.key)
            ));
        }
    }
}

/// The chart's spelling of a key.
fn camel(key: &str) -> String {
    let mut parts = key.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let (head, tail) = part.split_at(part.len().min(1));
        name + &head.to_ascii_uppercase() + tail
    })
}
