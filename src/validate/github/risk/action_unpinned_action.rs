//! An action uses another that its owner can move.

use super::pin;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Action, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "action-unpinned-action",
        summary: "An action uses another that its owner can move",
        help: "Write the commit, with the version as a comment, as `fullsend pin` does: \
               `owner/action@<40 hex> # v1.2.3`.",
        severity: Severity::Warning,
        page: "docs/rules/action-unpinned-action.md",
    },
    why: "Whoever pins this action to a commit still runs whatever the tags within it name \
          today. Versions of GitHub's own actions are a note.",
    bad: &[Example {
        path: "action.yml",
        text: composite!("    - uses: docker/login-action@v4\n"),
    }],
    good: &[Example {
        path: "action.yml",
        text: composite!(
            "    - uses: docker/login-action@6862ffc5ab2cdb4405cf318a62a6f4c066e2298b # v4.0.0\n"
        ),
    }],
    check: Check::Action(check),
};

fn check(action: &Action<'_>, report: &mut Report<'_>) {
    for movable in action.references.iter().filter_map(pin::action) {
        movable.report(&RULE, report);
    }
}
