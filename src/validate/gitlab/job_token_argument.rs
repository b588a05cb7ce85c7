//! The job's token on a command line.

use std::collections::HashSet;

use super::Pipeline;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-job-token-argument",
        summary: "The job's token is an argument of a command",
        help: "Give the token on standard input or in a file: `printf %s \"$CI_JOB_TOKEN\" | docker login --password-stdin`.",
        severity: Severity::Note,
        page: "docs/rules/gitlab-job-token-argument.md",
    },
    why: "Arguments are public on the machine: every process there, another job of a shared \
          runner among them, reads them while the command runs, and a trace of the script prints \
          them.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: "push:\n  script:\n    - docker login -u gitlab-ci-token -p $CI_JOB_TOKEN $CI_REGISTRY\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: "push:\n  script:\n    - printf %s \"$CI_JOB_TOKEN\" | docker login -u gitlab-ci-token --password-stdin $CI_REGISTRY\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    for holder in pipeline.holders() {
        for found in Pipeline::script_of(&holder) {
            let Some(offset) = argument(found.value) else {
                continue;
            };
            if seen.insert(found.at.start) {
                let at = pipeline.within(&found, offset..offset + "$CI_JOB_TOKEN".len());
                report.at(
                    &RULE,
                    at,
                    "arguments are public: other processes read this token",
                );
            }
        }
    }
}

/// Where the token is an argument of a program.
fn argument(script: &str) -> Option<usize> {
    let mut start = 0;
    for line in script.split_inclusive('\n') {
        let mut from = 0;
        while let Some(found) = line[from..].find("CI_JOB_TOKEN") {
            let at = from + found;
            from = at + "CI_JOB_TOKEN".len();
            let before = &line[..at];
            if before.ends_with('$') || before.ends_with("${") {
                let command = before.rsplit(['|', ';', '&']).next().unwrap_or_default();
                if is_program(command.trim_start().trim_start_matches(['(', '"', '\''])) {
                    return Some(start + before.rfind('$').unwrap_or_default());
                }
            }
        }
        start += line.len();
    }
    None
}

/// Whether `command` starts a program, and is no builtin of the shell or an assignment.
fn is_program(command: &str) -> bool {
    const BUILTIN: &[&str] = &[
        "echo", "printf", "export", "test", "[", "[[", "if", "local", ":",
    ];
    let first = command.split_whitespace().next().unwrap_or_default();
    !first.is_empty()
        && !first.starts_with('#')
        && !first.contains('=')
        && !BUILTIN.contains(&first)
        && !first.starts_with('$')
}
