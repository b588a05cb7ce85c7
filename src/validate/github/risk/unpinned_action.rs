//! An action is named by what its owner can move.

use super::pin;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-unpinned-action",
        summary: "An action is named by what its owner can move",
        help: "Write the commit, with the version as a comment, as `fullsend pin` does: \
               `owner/action@<40 hex> # v1.2.3`.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-unpinned-action.md",
    },
    why: "A tag or a branch is what its owner, or whoever took the owner's account, says today: \
          in March 2025 every tag of a much used action was moved to code that printed secrets. A \
          commit cannot be moved. Versions of GitHub's own actions are a note. A workflow that \
          GitHub's lock of actions lists runs the commits of the lock.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: flow!("push"
            "    steps:\n"
            "      - uses: docker/login-action@v4\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: flow!("push"
            "    steps:\n"
            "      - uses: docker/login-action@6862ffc5ab2cdb4405cf318a62a6f4c066e2298b # v4.0.0\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let references = workflow.references.iter();
    let found: Vec<_> = references.filter_map(pin::action).collect();
    if found.is_empty() || pin::is_locked(workflow.subject) {
        return;
    }
    for movable in found {
        movable.report(&RULE, report);
    }
}
