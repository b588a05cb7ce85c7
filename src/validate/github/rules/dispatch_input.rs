//! An input of `workflow_dispatch` cannot be given.

use crate::{
    document::yaml::Node,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-dispatch-input",
        summary: "An input of `workflow_dispatch` cannot be given",
        help: "Give a choice its `options`, and a default that is among them.",
        severity: Severity::Error,
        page: "docs/rules/workflow-dispatch-input.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: concat!(
            "on:\n",
            "  workflow_dispatch:\n",
            "    inputs:\n",
            "      level: {type: choice}\n",
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
            "  workflow_dispatch:\n",
            "    inputs:\n",
            "      level: {type: choice, options: [low, high], default: low}\n",
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
    let dispatches = workflow
        .triggers
        .iter()
        .filter(|it| it.name == "workflow_dispatch");
    let inputs = dispatches.filter_map(|trigger| trigger.config?.get("inputs"));
    for (key, input) in inputs.flat_map(|inputs| inputs.entries()) {
        let kind = input.get("type").and_then(|kind| kind.text());
        let options = input.get("options");
        let choices: Vec<&str> = (options.iter())
            .flat_map(Node::items)
            .filter_map(|option| option.text())
            .collect();
        let name = short(key.text().unwrap_or_default());
        if kind != Some("choice") {
            continue;
        }
        if choices.is_empty() {
            report.at(
                &RULE,
                key.at(),
                format!("the choice `{name}` has no `options`"),
            );
            continue;
        }
        if let Some(default) = input.get("default").and_then(|it| it.scalar())
            && !choices.contains(&default.value)
        {
            let message = format!("`{}` is not among the `options`", short(default.value));
            report
                .at(&RULE, default.at, message)
                .severity(Severity::Warning);
        }
    }
}
