//! The whole event in a variable.

use super::flow::flows;
use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, place},
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-event-in-env",
        summary: "The whole event is put into a variable",
        help: "Read the file that `$GITHUB_EVENT_PATH` names: it holds the same.",
        severity: Severity::Note,
        page: "docs/rules/workflow-event-in-env.md",
    },
    why: "An event grows with the issue or the push that it tells of, and a variable of more than \
          128 KiB keeps every command of the step from starting. `fullsend exec` gives the \
          event's file to the agent by itself.",
    bad: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("push"
            "    steps:\n"
            "      - run: make report\n"
            "        env:\n"
            "          EVENT: ${{ toJSON(github.event) }}\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("push"
            "    steps:\n"
            "      - run: make report EVENT=\"$GITHUB_EVENT_PATH\"\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let places = [&place::ENVIRONMENT, &place::JOB_ENV, &place::STEP_ENV];
    let of_env = workflow.expressions.iter();
    for expression in of_env.filter(|it| places.contains(&it.place)) {
        let Ok(tree) = &expression.tree else { continue };
        let flows = flows(tree);
        let whole = flows.iter().find(|flow| {
            let path: Vec<_> = flow.path.iter().map(Option::as_deref).collect();
            flow.as_json
                && matches!(
                    path.as_slice(),
                    [Some("github")] | [Some("github"), Some("event")]
                )
        });
        if whole.is_some() {
            let at = expression.at(workflow.subject.source);
            report.at(
                &RULE,
                at,
                "a long event in a variable keeps the step from starting",
            );
        }
    }
}
