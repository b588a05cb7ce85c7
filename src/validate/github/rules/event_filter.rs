//! An event has a filter that it does not have, or two that exclude each other.

use std::collections::HashSet;

use crate::{
    document::yaml::{Kind, Node},
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
        id: "workflow-event-filter",
        summary: "An event has a filter that it does not have, or two that exclude each other",
        help: "Take the filter away, or leave one of both.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-event-filter.md",
    },
    why: "A filter that the event does not have filters nothing: the workflow runs more often \
          than it seems. Where a filter stands beside its `-ignore` twin, GitHub refuses the \
          whole file.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on:\n",
                "  issues:\n",
                "    branches: [main]\n",
                "permissions: {}\n",
                "jobs:\n",
                "  build:\n",
                "    runs-on: ubuntu-24.04\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on:\n",
                "  push:\n",
                "    branches: [main]\n",
                "    branches-ignore: [dev]\n",
                "permissions: {}\n",
                "jobs:\n",
                "  build:\n",
                "    runs-on: ubuntu-24.04\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on:\n",
            "  push:\n",
            "    branches: [main, \"!dev\"]\n",
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
        let listed = event.name == "schedule" || config.kind() == Kind::Null;
        if !config.is_mapping() {
            if !listed {
                let message = format!(
                    "`{}` must be a mapping of filters or empty, and is {}",
                    event.name,
                    config.kind().name()
                );
                let problem = report.at(&RULE, trigger.at.clone(), message);
                problem.severity(Severity::Error);
            }
            continue;
        }
        // What is called has a grammar of its own.
        if matches!(event.name, "workflow_call" | "workflow_dispatch") {
            continue;
        }
        filters(event, &config, report);
    }
}

fn filters(event: &Event, config: &Node<'_>, report: &mut Report<'_>) {
    let entries = config.entries();
    let names: HashSet<&str> = entries.iter().filter_map(|(key, _)| key.text()).collect();
    for (key, _) in &entries {
        let Some(name) = key.text() else { continue };
        if !event.keys.contains(&name) {
            let known = match event.keys {
                [] => "it has none".to_owned(),
                keys => format!("it has `{}`", keys.join("`, `")),
            };
            let message = format!("`{}` has no filter `{}`: {known}", event.name, short(name));
            report.at(&RULE, key.at(), message);
        } else if let Some(twin) = name.strip_suffix("-ignore")
            && names.contains(twin)
        {
            let message = format!("`{name}` cannot stand beside `{twin}`");
            let problem = report.at(&RULE, key.at(), message);
            problem.severity(Severity::Error).help(format!(
                "Write what to ignore into `{twin}`, with `!` before it."
            ));
        }
    }
}
