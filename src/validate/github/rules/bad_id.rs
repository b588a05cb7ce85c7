//! A job or a step has an id that GitHub refuses.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Workflow, grammar::short, ids},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "workflow-bad-id",
        summary: "A job or a step has an id that GitHub refuses",
        help: "Use letters, digits, `-` and `_`, a letter or `_` first, and fewer than 100 of them; \
          an id stands once.",
        severity: Severity::Error,
        page: "docs/rules/workflow-bad-id.md",
    },
    why: "GitHub refuses the whole file: none of its jobs runs, and what failed is seen only \
          on the Actions page.",
    bad: &[
        Example {
            path: ".github/workflows/build.yml",
            text: concat!(
                "on: push\n",
                "permissions: {}\n",
                "jobs:\n",
                "  2nd:\n",
                "    runs-on: ubuntu-24.04\n",
                "    timeout-minutes: 10\n",
                "    steps:\n",
                "      - run: make\n",
            ),
        },
        Example {
            path: ".github/workflows/build.yml",
            text: job!(
                "    steps:\n"
                "      - run: make\n"
                "        id: make\n"
                "      - run: make test\n"
                "        id: Make\n"
            ),
        },
    ],
    good: &[Example {
        path: ".github/workflows/build.yml",
        text: job!(
            "    steps:\n"
            "      - run: make\n"
            "        id: make\n"
            "      - run: make test\n"
            "        id: test\n"
        ),
    }],
    check: Check::Workflow(check),
};

fn check(workflow: &Workflow<'_>, report: &mut Report<'_>) {
    for job in &workflow.jobs {
        // An expression as a key is another rule's.
        if !job.id.contains("${{")
            && let Some(why) = ids::refused(job.id)
        {
            report.at(
                &RULE,
                job.at.clone(),
                format!("the job id `{}` {why}", short(job.id)),
            );
        }
        for (at, message) in ids::wrong(&job.steps) {
            report.at(&RULE, at, message);
        }
    }
}
