//! Images that are named by tag alone.

use super::{Pipeline, fault::brief, image};
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
        id: "gitlab-image-unpinned",
        summary: "An image is named without its digest",
        help: "Write the digest behind the tag, as `fullsend pin` does: `name:tag@sha256:...`.",
        severity: Severity::Note,
        page: "docs/rules/gitlab-image-unpinned.md",
    },
    why: "Whoever can push to the registry decides what runs: a tag names another image \
          tomorrow. A job that launches an agent runs it with the agent's secrets, and an image \
          without a tag, or `latest`, changes without anybody pushing anything wrong.",
    bad: &[
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  image: alpine:3.22\n  script: [make test]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "test:\n  image: {name: alpine}\n  script: [make test]\n",
        },
    ],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "test:\n  image: alpine:3.22@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n  script: [make test]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    for found in image::all(pipeline) {
        let Some(loose) = Loose::of(found.reference) else {
            continue;
        };
        let name = brief(&found.reference.written);
        let message = match loose {
            Loose::Untagged => format!("`{name}` names no tag: `latest` is what runs"),
            Loose::Latest => format!("`{name}` changes with every push"),
            Loose::Tagged => format!("`{name}` names no digest"),
            Loose::Malformed(reason) => loose::malformed(&name, reason),
        };
        let problem = report.at(&RULE, found.reference.span.bytes(), message);
        if loose.moves() || found.of_agent {
            problem.severity(Severity::Warning);
        }
    }
}
