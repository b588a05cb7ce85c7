//! An event has no activity of that name.

use crate::{
    config::suggest,
    document::yaml::Scalar,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{
            Workflow,
            events::{self, Event},
            grammar::short,
        },
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-event-type",
        summary: "An event has no activity of that name",
        help: "Take one of the activities that the message lists.",
        severity: Severity::Error,
        page: "docs/rules/workflow-event-type.md",
    },
    why: "The workflow never runs for it.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on:\n",
            "  issues:\n",
            "    types: [open]\n",
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
            "on:\n",
            "  issues:\n",
            "    types: [opened]\n",
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
        let (Some(event), Some(config)) = (events::named(trigger.name), trigger.config) else {
            continue;
        };
        // Whoever dispatches gives a name of their own.
        if event.types.is_empty() {
            continue;
        }
        for types in config.all("types") {
            for scalar in types
                .scalar()
                .into_iter()
                .chain(types.items().filter_map(|item| item.scalar()))
            {
                if !event.types.contains(&scalar.value) {
                    unknown(event, &scalar, report);
                }
            }
        }
    }
}

fn unknown(event: &Event, scalar: &Scalar<'_>, report: &mut Report<'_>) {
    let near = suggest(scalar.value, event.types.iter().copied());
    let name = short(scalar.value);
    let message = format!("`{name}` is no activity of `{}` that is known", event.name);
    let problem = report.at(&RULE, scalar.at.clone(), message);
    problem.help(format!("One of `{}`.", event.types.join("`, `")));
    if near.is_none() {
        problem.severity(Severity::Note);
    }
}
