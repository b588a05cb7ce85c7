//! A locked workflow uses an action of its repository by path.

use crate::{
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Lock, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "lock-local-action",
        summary: "A locked workflow uses an action of its repository by path",
        help: "Write `$/folder` instead of `./folder`: it is the same action, at the commit of the \
          workflow.",
        severity: Severity::Warning,
        page: "docs/rules/lock-local-action.md",
    },
    why: "What lies at a path is whatever an earlier step left there, so that no lock can hold \
          it: GitHub does not lock a workflow with such a step.",
    bad: &[
        Example {
            path: ".github/workflows/actions.lock",
            text: concat!(
                "version: 'v0.0.2'\n",
                "workflows:\n",
                "  .github/workflows/local.yml: []\n",
                "dependencies: {}\n",
            ),
        },
        BESIDE,
    ],
    good: &[
        Example {
            path: ".github/workflows/actions.lock",
            text: concat!(
                "version: 'v0.0.2'\n",
                "workflows: {}\n",
                "dependencies: {}\n",
            ),
        },
        BESIDE,
    ],
    check: Check::Lock(check),
};

/// The workflow that uses an action by path.
const BESIDE: Example = Example {
    path: ".github/workflows/local.yml",
    text: job!(
        "    steps:\n"
        "      - uses: ./test\n"
    ),
};

fn check(lock: &Lock<'_>, report: &mut Report<'_>) {
    for workflow in lock.workflows.iter().filter(|_| lock.is_known()) {
        let local = workflow.file.iter().flat_map(|file| &file.local);
        for (name, line) in local {
            let path = short(workflow.path.value);
            let message = format!("{path} uses `{}` in line {line}", short(name));
            report.at(&RULE, workflow.path.at.clone(), message);
        }
    }
}
