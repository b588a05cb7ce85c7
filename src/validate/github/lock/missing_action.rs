//! A locked workflow uses an action that is not in the lock.

use std::collections::HashSet;

use super::BUILD;
use crate::{
    reference::folded,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        github::{Lock, grammar::short},
        rule::Check,
    },
};

pub(in crate::validate::github) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "lock-missing-action",
        summary: "A locked workflow uses an action that is not in the lock",
        help: "Write the lock anew with `gh actions-lock`, and commit it with the workflow.",
        severity: Severity::Error,
        page: "docs/rules/lock-missing-action.md",
    },
    why: "The run of a locked workflow ends as `startup_failure`, without a job and without a \
          log. A workflow is locked when it stands under `workflows`.",
    bad: &[
        Example {
            path: ".github/workflows/actions.lock",
            text: concat!(
                "version: 'v0.0.2'\n",
                "workflows:\n",
                "  .github/workflows/build.yml:\n",
                "    - actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n",
                "    - actions/cache@v5.0.5\n",
                "dependencies:\n",
                "  actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1:\n",
                "    ref: 3d3c42e5aac5ba805825da76410c181273ba90b1\n",
                "    commit: 'sha1-3d3c42e5aac5ba805825da76410c181273ba90b1'\n",
                "    owner_id: 44036562\n",
                "    repo_id: 197814629\n",
            ),
        },
        BUILD,
    ],
    good: &[
        Example {
            path: ".github/workflows/actions.lock",
            text: concat!(
                "version: 'v0.0.2'\n",
                "workflows:\n",
                "  .github/workflows/build.yml:\n",
                "    - actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n",
                "dependencies:\n",
                "  actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1:\n",
                "    ref: 3d3c42e5aac5ba805825da76410c181273ba90b1\n",
                "    commit: 'sha1-3d3c42e5aac5ba805825da76410c181273ba90b1'\n",
                "    owner_id: 44036562\n",
                "    repo_id: 197814629\n",
            ),
        },
        BUILD,
    ],
    check: Check::Lock(check),
};

fn check(lock: &Lock<'_>, report: &mut Report<'_>) {
    if !lock.is_known() {
        return;
    }
    let names = lock.names();
    let listed = lock.workflows.iter().flat_map(|workflow| &workflow.uses);
    let further = lock.uses_of();
    for uses in listed.chain(further.values().flatten()) {
        if !names.contains(&folded(uses.value)) {
            let message = format!("`{}` is not among the `dependencies`", short(uses.value));
            report.at(&RULE, uses.at.clone(), message);
        }
    }
    for workflow in &lock.workflows {
        let listed: HashSet<String> = workflow
            .uses
            .iter()
            .map(|uses| folded(uses.value))
            .collect();
        let Some(file) = &workflow.file else { continue };
        let mut seen = HashSet::new();
        for (name, line) in &file.locked {
            if !listed.contains(name) && seen.insert(name) {
                let path = short(workflow.path.value);
                let name = short(name);
                let message =
                    format!("{path} uses `{name}` in line {line}, which is not in its list");
                report.at(&RULE, workflow.path.at.clone(), message);
            }
        }
    }
}
