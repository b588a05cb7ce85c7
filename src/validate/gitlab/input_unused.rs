//! Inputs that are declared and never used.

use std::collections::HashSet;

use super::{Pipeline, fault::brief, interpolation};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-input-unused",
        summary: "An input that nothing uses",
        help: "Use the input as `$[[ inputs.NAME ]]`, or take it out.",
        severity: Severity::Warning,
        page: "docs/rules/gitlab-input-unused.md",
    },
    why: "Whoever includes the file sets the input and nothing happens.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "spec:\n  inputs:\n    agent:\n    image:\n---\n$[[ inputs.agent ]]:\n  script: [make]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "spec:\n  inputs:\n    agent:\n---\n$[[ inputs.agent ]]:\n  script: [make]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let (Some(inputs), Some(_)) = (&pipeline.inputs, &pipeline.body) else {
        return;
    };
    let used: HashSet<&str> = pipeline
        .interpolations
        .iter()
        .map(|found| found.name)
        .collect();
    let asked: Vec<&str> = inputs
        .declared
        .iter()
        .flat_map(|input| &input.rules)
        .filter_map(|rule| rule.condition.as_deref())
        .collect();
    let asked: HashSet<&str> = asked
        .iter()
        .flat_map(|text| interpolation::names(text))
        .collect();
    for input in &inputs.declared {
        let name = input.name.as_str();
        if !used.contains(name) && !asked.contains(name) {
            let message = format!("nothing uses the input `{}`", brief(name));
            report.at(&RULE, input.at.clone(), message);
        }
    }
}
