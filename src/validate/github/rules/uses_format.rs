//! `uses` is no reference to an action or a workflow.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, shape},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-uses-format",
        summary: "`uses` is no reference to an action or a workflow",
        help: "Write `owner/repository@commit`, `./folder`, or `docker://image`; of a workflow \
          `owner/repository/.github/workflows/file.yml@commit` or \
          `./.github/workflows/file.yml`.",
        severity: Severity::Error,
        page: "docs/rules/workflow-uses-format.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - uses: actions/checkout\n"
        ),
    }],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    for job in &workflow.jobs {
        let called = job.node.get("uses").and_then(|uses| uses.scalar());
        if let Some(uses) = called
            && let Some(why) = shape::wrong_call(uses.value)
        {
            report.at(&RULE, uses.at, why);
        }
        for uses in job.steps.iter().filter_map(|step| step.uses.as_ref()) {
            if let Some(why) = shape::wrong_uses(uses.value) {
                report.at(&RULE, uses.at.clone(), why);
            }
        }
    }
}
