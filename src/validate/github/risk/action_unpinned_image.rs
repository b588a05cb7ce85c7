//! An action names an image without its digest.

use super::pin;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Action, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "action-unpinned-image",
        summary: "An action names an image without its digest",
        help: "Write the digest behind the tag, as `fullsend pin` does: `name:tag@sha256:...`.",
        severity: Severity::Note,
        page: "docs/rules/action-unpinned-image.md",
    },
    why: "Whoever pins this action to a commit still runs whatever the image's tag names today. \
          It is a warning for `latest`.",
    bad: &[Example {
        path: "action.yml",
        text: concat!(
            "name: Greet\n",
            "description: Greets somebody\n",
            "runs:\n",
            "  using: docker\n",
            "  image: docker://alpine:3.22\n",
        ),
    }],
    good: &[Example {
        path: "action.yml",
        text: concat!(
            "name: Greet\n",
            "description: Greets somebody\n",
            "runs:\n",
            "  using: docker\n",
            "  image: Dockerfile\n",
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    let references = action.references.iter();
    for movable in references.filter_map(|it| pin::image(it, false)) {
        movable.report(&RULE, report);
    }
}
