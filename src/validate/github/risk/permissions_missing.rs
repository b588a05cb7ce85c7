//! A workflow does not say what its token may do.

use super::{agent::Agents, trigger};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, github::Workflow, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-permissions-missing",
        summary: "A workflow does not say what its token may do",
        help: "Write `permissions: {}` at the top, and in each job what it needs.",
        severity: Severity::Note,
        page: "docs/rules/workflow-permissions-missing.md",
    },
    why: "Without `permissions` the token may do what the settings of the repository or the \
          organisation say, and in older ones that is to write everything. It is a warning where \
          a job runs an agent, or where strangers start it.",
    bad: &[Example {
        path: ".github/workflows/triage.yml",
        text: "on: issues\njobs:\n  work:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make\n",
    }],
    good: &[Example {
        path: ".github/workflows/triage.yml",
        text: flow!("issues"
            "    permissions:\n"
            "      issues: write\n"
            "    steps:\n"
            "      - run: make\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    let called = |it: &crate::validate::github::view::Trigger<'_>| it.name == "workflow_call";
    // The caller's permissions bound those of what it calls.
    if workflow.triggers.iter().all(called) {
        return;
    }
    let mut lacking = workflow
        .jobs
        .iter()
        .filter(|job| workflow.permissions_of(job).is_none());
    let Some(first) = lacking.next() else {
        return;
    };
    let message = match lacking.count() {
        0 => "nothing says what the token of this job may do".to_owned(),
        others => {
            format!("nothing says what the token of this job may do, nor that of {others} more")
        }
    };
    let problem = report.at(&RULE, first.at.clone(), message);
    let agent = Agents::jobs(workflow).any(|it| workflow.permissions_of(it.job).is_none());
    if agent || trigger::by_anyone(workflow).next().is_some() {
        problem.severity(Severity::Warning);
    }
}
