//! GitHub: workflows, actions' metadata, and the lock of actions.

/// A workflow that builds, with the job's further lines.
macro_rules! job {
    ($($line:literal)*) => {
        concat!(
            "on: push\n",
            "permissions: {}\n",
            "jobs:\n",
            "  build:\n",
            "    runs-on: ubuntu-24.04\n",
            "    timeout-minutes: 10\n",
            $($line),*
        )
    };
}

mod actions;
mod analysis;
mod events;
mod expression;
mod fault;
mod grammar;
mod ids;
mod lock;
mod nearby;
mod place;
mod risk;
mod rules;
mod shape;
#[cfg(test)]
mod tests;
mod view;

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::Yaml;

pub(super) use lock::Lock;
pub(super) use view::{Action, Workflow};

/// The rules about workflows.
pub(super) static WORKFLOW_RULES: &[&Rule] = rules::RULES;

/// The rules about actions' metadata.
pub(super) static ACTION_RULES: &[&Rule] = actions::RULES;

/// The rules about the risks of both.
pub(super) static RISKS: &[&Rule] = risk::RULES;

/// The rules about the lock of actions.
pub(super) static LOCK_RULES: &[&Rule] = lock::RULES;

/// Looks at a workflow with every rule.
pub(super) fn workflow(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let Some(workflow) = Workflow::read(subject, tree) else {
        let message = "the file is empty: every push to the repository fails a run of it";
        report.whole(&rules::missing_key::RULE, message);
        return;
    };
    for rule in WORKFLOW_RULES.iter().chain(RISKS) {
        if let Check::Workflow(check) = rule.check {
            check(&workflow, report);
        }
    }
}

/// Looks at an action's metadata with every rule.
pub(super) fn action(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let Some(action) = Action::read(subject, tree) else {
        let message = "the file is empty: who uses the action fails";
        report.whole(&actions::missing_key::RULE, message);
        return;
    };
    for rule in ACTION_RULES.iter().chain(RISKS) {
        if let Check::Action(check) = rule.check {
            check(&action, report);
        }
    }
}

/// Looks at the lock of actions with every rule.
pub(super) fn lock(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let Some(lock) = Lock::read(subject, tree) else {
        return;
    };
    for rule in LOCK_RULES {
        if let Check::Lock(check) = rule.check {
            check(&lock, report);
        }
    }
}
