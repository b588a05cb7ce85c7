//! Components whose version moves.

use super::{Pipeline, fault::brief};
use crate::{
    model::{
        commit::CommitId,
        version::{Flavor, TagVersion},
    },
    reference::Place,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-component-moving",
        summary: "A component is included at a version that moves",
        help: "Include the component at a full version, `@1.4.2`, or at a commit.",
        severity: Severity::Warning,
        page: "docs/rules/gitlab-component-moving.md",
    },
    why: "Whoever can push to the component's project decides what runs here, with the secrets \
          of this pipeline, from the next push on. GitLab refuses a component without a version.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "include:\n  - component: $CI_SERVER_FQDN/platform/fullsend/exec@~latest\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "include:\n  - component: $CI_SERVER_FQDN/platform/fullsend/exec@main\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - component: $CI_SERVER_FQDN/platform/fullsend/exec@1.4.2\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let references = pipeline.references.iter();
    for reference in references.filter(|it| it.place == Place::GitlabComponent) {
        let at = reference.span.bytes();
        // Whatever decides where the component lies, its version stands there.
        let Some((_, version)) = reference.written.rsplit_once('@') else {
            let problem = report.at(&RULE, at, "the component has no version");
            problem.severity(Severity::Error);
            continue;
        };
        if let Some((why, severity)) = moves(version) {
            let message = format!("`@{}` {why}", brief(version));
            report.at(&RULE, at, message).severity(severity);
        }
    }
}

/// Why `version` moves; nothing where it stands, or where that cannot be told.
fn moves(version: &str) -> Option<(&'static str, Severity)> {
    let is_commit = version.to_ascii_lowercase().parse::<CommitId>().is_ok();
    let is_line = |version: TagVersion<'_>| version.prefix().is_empty() && !version.is_exact();
    if is_commit || version.contains('$') {
        None
    } else if version == "~latest" {
        Some(("is whatever was released last", Severity::Warning))
    } else if TagVersion::parse(version, Flavor::Git).is_some_and(is_line) {
        Some(("moves with every release of that line", Severity::Note))
    } else if !version.bytes().any(|b| b.is_ascii_digit()) {
        Some(("is a branch", Severity::Warning))
    } else {
        None
    }
}
