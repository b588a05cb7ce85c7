//! Inputs that the included file needs.

use std::collections::HashSet;

use super::{Pipeline, fault::brief, given};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-input-missing",
        summary: "An include lacks an input that the file needs",
        help: "Give the input, or a default where it is declared.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-input-missing.md",
    },
    why: "GitLab refuses the whole pipeline: an input without a default must be given.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - local: templates/agent.yml\n    inputs: {ring: canary}\n",
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
        // A merge key or a reference may bring more than is seen here.
        if include.is_open {
            return;
        }
        let names: HashSet<&str> = include
            .given
            .iter()
            .filter_map(|(key, _)| key.text())
            .collect();
        for input in &inputs.declared {
            if input.is_required() && !names.contains(input.name.as_str()) {
                let message = format!("the included file needs the input `{}`", brief(&input.name));
                report.at(&RULE, include.at.clone(), message);
            }
        }
    });
}
