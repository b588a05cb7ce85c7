//! Dead Helm values.

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-helm-dead-key",
        summary: "A value that the runner's Helm chart no longer reads",
        help: "Say it in the TOML of `runners.config`.",
        severity: Severity::Warning,
        page: "docs/rules/runner-helm-dead-key.md",
    },
    why: "Charts since 0.53 drop these values without a word: a limit or `privileged: false` \
          that stands there holds no longer.",
    bad: &[Example {
        path: "values.yaml",
        text: r#"gitlabUrl: https://gitlab.example.com
runners:
  secret: agents-runner
  privileged: false
  config: |
    [[runners]]
      executor = "kubernetes"
      [runners.kubernetes]
        image = "registry.example.com/agents/triage@sha256:0000000000000000000000000000000000000000000000000000000000000000"
        allowed_images = ["registry.example.com/agents/triage@sha256:*"]
        memory_limit = "4Gi"
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

/// Values of `runners` that are gone, and the key of `[runners.kubernetes]` or section instead.
const DEAD: &[(&str, &str)] = &[
    (
        "builds",
        "`cpu_limit` and its like in `[runners.kubernetes]`",
    ),
    ("cloneUrl", "`clone_url` in `[[runners]]`"),
    ("env", "`environment` in `[[runners]]`"),
    (
        "helpers",
        "`helper_cpu_limit` and its like in `[runners.kubernetes]`",
    ),
    ("image", "`image` in `[runners.kubernetes]`"),
    ("imagePullPolicy", "`pull_policy` in `[runners.kubernetes]`"),
    (
        "imagePullSecrets",
        "`image_pull_secrets` in `[runners.kubernetes]`",
    ),
    ("namespace", "`namespace` in `[runners.kubernetes]`"),
    ("nodeSelector", "`[runners.kubernetes.node_selector]`"),
    ("nodeTolerations", "`[runners.kubernetes.node_tolerations]`"),
    ("outputLimit", "`output_limit` in `[[runners]]`"),
    ("podAnnotations", "`[runners.kubernetes.pod_annotations]`"),
    ("podLabels", "`[runners.kubernetes.pod_labels]`"),
    (
        "pod_security_context",
        "`[runners.kubernetes.pod_security_context]`",
    ),
    ("pollTimeout", "`poll_timeout` in `[runners.kubernetes]`"),
    ("privileged", "`privileged` in `[runners.kubernetes]`"),
    (
        "requestConcurrency",
        "`request_concurrency` in `[[runners]]`",
    ),
    (
        "services",
        "`service_cpu_limit` and its like in `[runners.kubernetes]`",
    ),
];

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    let Some(runners) = config.values.and_then(|values| values.get("runners")) else {
        return;
    };
    for (key, value) in runners.own_entries() {
        // The chart's own file keeps empty ones as placeholders.
        let empty = value.scalar().is_none() && value.own_entries().next().is_none();
        let dead = DEAD.iter().find(|(name, _)| key.text() == Some(*name));
        if let Some((name, instead)) = dead.filter(|_| !empty || value.items().next().is_some()) {
            let message = format!("the chart reads `runners.{name}` no longer, since 0.53");
            config
                .at(report, &RULE, key.at(), message)
                .help(format!("Write {instead}."));
        }
    }
}
