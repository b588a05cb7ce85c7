//! Files of other projects at no fixed commit.

use super::{Pipeline, include::Place};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-include-project",
        summary: "A file of another project is included without a fixed version",
        help: "Add `ref:` with a tag or a commit of the project.",
        severity: Severity::Warning,
        page: "docs/rules/gitlab-include-project.md",
    },
    why: "Whoever can push to that project's default branch decides what runs here, with the \
          secrets of this pipeline, from the next push on.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - project: platform/ci\n    file: agent.yml\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - project: platform/ci\n    ref: v1.4.2\n    file: agent.yml\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    for include in &pipeline.includes {
        let Place::Project(project) = &include.place else {
            continue;
        };
        let Some(at) = include.node.get("ref").and_then(|node| node.scalar()) else {
            let message = "this file is taken from whatever the project's default branch is";
            report.at(&RULE, project.at.clone(), message);
            continue;
        };
        let moves = ["HEAD", "main", "master", "develop", "trunk"].contains(&at.value);
        if moves {
            let message = format!("`{}` is a branch, which moves", at.value);
            report
                .at(&RULE, at.at.clone(), message)
                .severity(Severity::Note);
        }
    }
}
