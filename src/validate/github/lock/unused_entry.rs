//! The lock has an entry that nothing uses.

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
        id: "lock-unused-entry",
        summary: "The lock has an entry that nothing uses",
        help: "Write the lock anew with `gh actions-lock`.",
        severity: Severity::Warning,
        page: "docs/rules/lock-unused-entry.md",
    },
    why: "An entry that nothing uses hides what a change of the lock is about, and a workflow \
          that is gone still counts as locked.",
    bad: &[
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
                "  actions/cache@v5.0.5:\n",
                "    ref: refs/tags/v5.0.5\n",
                "    commit: 'sha1-27d5ce7f107fe9357f9df03efb73ab90386fccae'\n",
                "    owner_id: 44036562\n",
                "    repo_id: 215566462\n",
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
    let mut further = lock.uses_of();
    let listed = lock.workflows.iter().flat_map(|workflow| &workflow.uses);
    let mut open: Vec<String> = listed.map(|uses| folded(uses.value)).collect();
    let mut used = HashSet::new();
    while let Some(name) = open.pop() {
        let uses = further.remove(&name).unwrap_or_default();
        open.extend(uses.iter().map(|uses| folded(uses.value)));
        used.insert(name);
    }
    for (name, _) in &lock.dependencies {
        if !used.contains(&folded(name.value)) {
            report.at(
                &RULE,
                name.at.clone(),
                format!("nothing uses `{}`", short(name.value)),
            );
        }
    }
    for workflow in &lock.workflows {
        if workflow.absent {
            let message = format!("there is no file {}", short(workflow.path.value));
            report.at(&RULE, workflow.path.at.clone(), message);
        }
        // What it calls may use more than it says itself.
        let Some(file) = workflow.file.as_ref().filter(|file| !file.leads_on) else {
            continue;
        };
        let used: HashSet<&str> = file.locked.iter().map(|(name, _)| name.as_str()).collect();
        for uses in &workflow.uses {
            if !used.contains(folded(uses.value).as_str()) {
                let path = short(workflow.path.value);
                let message = format!("{path} does not use `{}`", short(uses.value));
                report.at(&RULE, uses.at.clone(), message);
            }
        }
    }
}
