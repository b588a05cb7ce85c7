//! GitHub: workflows, actions' metadata, and the lock of actions.

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::Yaml;

pub(super) static RULES: &[&Rule] = &[];

/// A workflow as rules see it.
pub(super) struct Workflow<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) tree: &'a Yaml,
}

/// An action's metadata as rules see it.
pub(super) struct Action<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) tree: &'a Yaml,
}

/// GitHub's lock of actions as rules see it.
pub(super) struct Lock<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) tree: &'a Yaml,
}

/// Looks at a workflow with every rule.
pub(super) fn workflow(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let workflow = Workflow { subject, tree };
    for rule in RULES {
        if let Check::Workflow(check) = rule.check {
            check(&workflow, report);
        }
    }
}

/// Looks at an action's metadata with every rule.
pub(super) fn action(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let action = Action { subject, tree };
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
