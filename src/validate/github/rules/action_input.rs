//! A step does not give what an action of the same repository wants.

use std::collections::HashSet;

use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{
            Workflow,
            grammar::short,
            nearby::{Nearby, Neighbours},
        },
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-action-input",
        summary: "A step does not give what an action of the same repository wants",
        help: "Give every required input, and no others.",
        severity: Severity::Warning,
        page: "docs/rules/workflow-action-input.md",
    },
    why: "GitHub passes over inputs that the action does not have, and runs it without those \
          that it requires.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: job!(
                "    steps:\n"
                "      - uses: ./test\n"
                "        with: {leval: 3}\n"
            ),
        },
        BESIDE,
    ],
    good: &[
        Example {
            path: ".github/workflows/build.yml",
            text: job!(
                "    steps:\n"
                "      - uses: ./test\n"
                "        with: {level: 3}\n"
            ),
        },
        BESIDE,
    ],
    check: Check::Workflow(check),
};

/// What is used.
const BESIDE: Example = Example {
    path: "test/action.yml",
    text: concat!(
        "name: test\n",
        "description: Tests.\n",
        "inputs:\n",
        "  level: {description: How much., required: true}\n",
        "runs:\n",
        "  using: composite\n",
        "  steps:\n",
        "    - run: make test\n",
        "      shell: bash\n",
    ),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let mut nearby = Neighbours::of(workflow.subject);
    for step in workflow.jobs.iter().flat_map(|job| &job.steps) {
        let Some(uses) = &step.uses else { continue };
        let Nearby::Wants(wants) = nearby.action(uses.value) else {
            continue;
        };
        let with = step.node.get("with");
        let computed = with.is_some_and(|with| with.text().is_some());
        if wants.open || computed {
            continue;
        }
        let mut given = HashSet::new();
        for (key, _) in with.into_iter().flat_map(|with| with.entries()) {
            let Some(name) = key.text() else { continue };
            let folded = name.to_ascii_lowercase();
            if !wants.inputs.contains_key(&folded) && !OF_DOCKER.contains(&folded.as_str()) {
                let names = wants.inputs.values().map(|it| it.name.as_str());
                let near = suggest(name, names);
                let near = near.map(|near| format!("; did you mean `{}`?", short(near)));
                let near = near.unwrap_or_default();
                let name = short(name);
                let message = format!("{} has no input `{name}`{near}", short(uses.value));
                report.at(&RULE, key.at(), message);
            }
            given.insert(folded);
        }
        for (folded, input) in &wants.inputs {
            if input.needed && !given.contains(folded) {
                let name = short(&input.name);
                let message = format!("{} needs the input `{name}`", short(uses.value));
                report.at(&RULE, uses.at.clone(), message);
            }
        }
    }
}

/// Inputs that every docker action takes.
const OF_DOCKER: &[&str] = &["args", "entrypoint"];
