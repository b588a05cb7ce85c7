//! `rules` beside `only` or `except`.

use super::{Pipeline, fault::brief};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-rules-with-only",
        summary: "`rules` beside `only` or `except`",
        help: "Say in `rules` when the job runs, and take `only` and `except` out.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-rules-with-only.md",
    },
    why: "GitLab refuses the whole pipeline: a job decides by `rules` or by `only` and `except`, \
          never by both.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "test:\n  script: [make test]\n  only: [main]\n  rules:\n    - if: $CI_COMMIT_TAG\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "test:\n  script: [make test]\n  rules:\n    - if: $CI_COMMIT_TAG\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    for job in pipeline.visible() {
        let has = |key| pipeline.world.has(job.name, key);
        if !has("rules") || !(has("only") || has("except")) {
            continue;
        }
        let other = if has("only") { "only" } else { "except" };
        let entries = job.node.entries();
        let keys = entries.iter().filter_map(|(key, _)| key.scalar());
        let written = keys
            .into_iter()
            .find(|key| matches!(key.value, "only" | "except" | "rules"));
        let at = written.map_or(job.key.at.clone(), |key| key.at);
        let message = format!(
            "the job `{}` has both `rules` and `{other}`",
            brief(job.name)
        );
        report.at(&RULE, at, message);
    }
}
