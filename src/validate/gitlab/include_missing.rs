//! Included files that are not there.

use std::path::{Path, PathBuf};

use super::{Pipeline, fault::brief, include::Place};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-include-missing",
        summary: "An included file is not in the repository",
        help: "Correct the path, which begins at the repository's root, or add the file.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-include-missing.md",
    },
    why: "GitLab refuses the whole pipeline over a local include that it cannot find.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "include:\n  - local: ci/tset.yml\ntest:\n  script: [make test]\n",
    }],
    good: &[
        Example {
            path: "ci/test.yml",
            text: ".test:\n  interruptible: true\nlint:\n  script: [make lint]\n",
        },
        Example {
            path: ".gitlab-ci.yml",
            text: "include:\n  - local: ci/test.yml\ntest:\n  script: [make test]\n",
        },
    ],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let subject = pipeline.subject;
    // Where not even this file can be read, the others tell nothing by being absent.
    if subject.files.found(subject.source.file()).is_none() {
        return;
    }
    // Elsewhere lie files for other projects, too.
    let file = subject.source.file();
    if file != Path::new(".gitlab-ci.yml") && !file.starts_with(".gitlab") {
        return;
    }
    for include in &pipeline.includes {
        let Place::Local(path) = &include.place else {
            continue;
        };
        let readable = pipeline.world.included(include).is_some();
        let there = |path: &PathBuf| subject.files.has(path);
        let Some(candidates) = include.candidates().filter(|_| !include.is_conditional()) else {
            continue;
        };
        if !readable && !candidates.iter().any(there) {
            let message = format!("there is no file `{}`", brief(path.value));
            report.at(&RULE, path.at.clone(), message);
        }
    }
}
