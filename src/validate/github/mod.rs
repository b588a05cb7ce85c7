//! GitHub: workflows, actions' metadata, and the lock of actions.

mod expression;
mod fault;
mod grammar;
mod place;
mod view;

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::Yaml;

pub(super) use view::{Action, Workflow};

pub(super) static RULES: &[&Rule] = &[];

/// GitHub's lock of actions as rules see it.
pub(super) struct Lock<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) tree: &'a Yaml,
}

/// Looks at a workflow with every rule.
pub(super) fn workflow(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let Some(workflow) = Workflow::read(subject, tree) else {
        return;
    };
    for rule in RULES {
        if let Check::Workflow(check) = rule.check {
            check(&workflow, report);
        }
    }
}

/// Looks at an action's metadata with every rule.
pub(super) fn action(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let Some(action) = Action::read(subject, tree) else {
        return;
    };
    for rule in RULES {
        if let Check::Action(check) = rule.check {
            check(&action, report);
        }
    }
}

/// Looks at the lock of actions with every rule.
pub(super) fn lock(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let lock = Lock { subject, tree };
    for rule in RULES {
        if let Check::Lock(check) = rule.check {
            check(&lock, report);
        }
    }
}
