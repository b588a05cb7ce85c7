//! A workflow waits for an event that GitHub does not know.

use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{
            Workflow,
            events::{self, EVENTS},
            grammar::short,
        },
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-unknown-event",
        summary: "A workflow waits for an event that GitHub does not know",
        help: "Spell the event as GitHub does.",
        severity: Severity::Error,
        page: "docs/rules/workflow-unknown-event.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on: pull_requests\n",
            "permissions: {}\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on: pull_request\n",
            "permissions: {}\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            "    steps:\n",
            "      - run: make\n",
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    for trigger in &workflow.triggers {
        if events::named(trigger.name).is_some() {
            continue;
        }
        let near = suggest(trigger.name, EVENTS.iter().map(|event| event.name));
        let name = short(trigger.name);
        if let Some(near) = near {
            let message = format!("there is no event `{name}`; did you mean `{near}`?");
            report.at(&RULE, trigger.at.clone(), message);
            continue;
        }
        let message = format!("`{name}` is no event that is known");
        report
            .at(&RULE, trigger.at.clone(), message)
            .severity(Severity::Note);
    }
}
