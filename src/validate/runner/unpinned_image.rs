//! Images by tag.

use super::{RunnerConfig, view::shown};
use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        loose::{self, Loose},
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "runner-unpinned-image",
        summary: "An image that is not named by its digest",
        help: "Write the digest behind the tag: `fullsend pin` does it.",
        severity: Severity::Note,
        page: "docs/rules/runner-unpinned-image.md",
    },
    why: "A tag can be moved: what ran in a job yesterday is not what runs today, and whoever \
          takes over the registry's account takes over the runner.",
    bad: &[Example {
        path: "config.toml",
        text: docker![
            r#"helper_image = "registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:latest""#
        ],
    }],
    good: &[Example {
        path: "config.toml",
        text: docker![],
    }],
    check: Check::Runner(check),
};

fn check(config: &RunnerConfig<'_>, report: &mut Report<'_>) {
    for reference in &config.references {
        let Some(loose) = Loose::of(reference) else {
            continue;
        };
        let name = shown(&reference.written);
        let message = match loose {
            Loose::Untagged | Loose::Latest => format!("`{name}` is whatever was pushed last"),
            Loose::Tagged => format!("`{name}` has no digest: its tag can be moved"),
            Loose::Malformed(reason) => loose::malformed(&name, reason),
        };
        let problem = config.at(report, &RULE, reference.span.bytes(), message);
        if loose.moves() {
            problem.severity(Severity::Warning);
        }
    }
}
