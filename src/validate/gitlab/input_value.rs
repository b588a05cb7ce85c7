//! Values that an included file does not take.

use super::{Pipeline, fault::brief, given, inputs::Given};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-input-value",
        summary: "An include gives a value that the input does not take",
        help: "Give a value of the type, and among the options, that the input declares.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-input-value.md",
    },
    why: "GitLab refuses the whole pipeline.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - local: templates/agent.yml\n    inputs: {agent: triaeg}\n",
    }],
    good: &[
        Example {
            path: "templates/agent.yml",
            text: "spec:\n  inputs:\n    agent:\n      options: [triage, review]\n    ring:\n      default: stable\n---\n$[[ inputs.agent ]]:\n  stage: test\n  timeout: 30 minutes\n  script: [\"fullsend exec $[[ inputs.agent ]] # $[[ inputs.ring ]]\"]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "include:\n  - local: templates/agent.yml\n    inputs: {agent: triage}\n",
        },
    ],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    given::each(pipeline, |include, inputs| {
        let given = Given::of(&include.given, inputs);
        for (key, value) in &include.given {
            let Some(input) = key.text().and_then(|name| inputs.get(name)) else {
                continue;
            };
            if let Some(wrong) = input.refuses(value, &given) {
                let message = format!("`{}` {wrong}", brief(&input.name));
                report.at(&RULE, value.at(), message);
            }
        }
    });
}
