//! Inputs that the included file does not take.

use super::{Pipeline, fault::brief, given, nearest::Nearest};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-input-unknown",
        summary: "An include gives an input that the file does not take",
        help: "Give only inputs that the file declares.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-input-unknown.md",
    },
    why: "GitLab refuses the whole pipeline.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - local: templates/agent.yml\n    inputs: {agent: triage, rign: canary}\n",
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
    let mut nearest = Nearest::new();
    given::each(pipeline, |include, inputs| {
        for (key, _) in &include.given {
            let Some(name) = key.scalar() else { continue };
            if inputs.open || inputs.get(name.value).is_some() {
                continue;
            }
            let message = format!("the included file takes no input `{}`", brief(name.value));
            let problem = report.at(&RULE, name.at.clone(), message);
            let names = inputs.declared.iter().map(|input| input.name.as_str());
            if let Some(near) = nearest.advice(name.value, names) {
                problem.help(near);
            }
        }
    });
}
