//! Pieces of a configuration.

use super::{RunnerConfig, view::Extent};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-fragment",
        summary: "A piece of a configuration",
        help: "Nothing to mend if it is meant for `gitlab-runner register --template-config` or as \
          an example.",
        severity: Severity::Note,
        page: "docs/rules/runner-fragment.md",
    },
    why: "A runner cannot be started with it: what belongs to a whole file was not looked for.",
    bad: &[Example {
        path: "config.toml",
        text: r#"[[runners]]
  [runners.cache]
    Type = "s3"
"#,
    }],
    good: &[Example {
        path: "config.toml",
        text: runner![],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    if config.extent == Extent::Fragment {
        let message =
            "a piece of a runner's configuration: no runner in it has a `url` and a `token`";
        report.whole(&RULE, message);
    }
}
