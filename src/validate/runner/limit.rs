//! Limits on jobs.

use super::RunnerConfig;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-limit",
        summary: "A limit on jobs that has another effect than it seems",
        help: "Set `request_concurrency` to 2 or more where `limit` is low, and `limit` no higher \
          than `concurrent`.",
        severity: Severity::Note,
        page: "docs/rules/runner-limit.md",
    },
    why: "A runner with `limit` of 1 or 2 and one request at a time waits for GitLab to answer \
          that request, up to 50 seconds, while jobs wait too. A limit above `concurrent` is \
          never reached.",
    bad: &[
        Example {
            path: "config.toml",
            text: runner!["limit = 1"],
        },
        Example {
            path: "config.toml",
            text: runner!["limit = 50", "request_concurrency = 2"],
        },
    ],
    good: &[Example {
        path: "config.toml",
        text: runner!["limit = 2", "request_concurrency = 2"],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    let concurrent = config.root.number("concurrent").map(|(number, _)| number);
    for runner in &config.runners {
        let Some((limit, at)) = runner
            .section
            .number("limit")
            .filter(|(limit, _)| *limit > 0)
        else {
            continue;
        };
        let requests = runner
            .section
            .number("request_concurrency")
            .map_or(1, |it| it.0);
        if limit <= 2 && requests <= 1 {
            let message = format!(
                "`limit = {limit}` with one request at a time: jobs wait for GitLab to answer it"
            );
            config.at(report, &RULE, at, message);
        } else if concurrent.is_some_and(|concurrent| (1..limit).contains(&concurrent)) {
            let message = format!("`limit = {limit}` is never reached: `concurrent` is lower");
            config.at(report, &RULE, at, message);
        }
    }
}
