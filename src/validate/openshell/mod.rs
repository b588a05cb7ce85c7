//! Policies of OpenShell, of both generations.

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::Yaml;

pub(super) static RULES: &[&Rule] = &[];

/// A policy file as rules see it.
pub(super) struct Policy<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) tree: &'a Yaml,
}

/// Looks at a policy with every rule.
pub(super) fn check(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let view = Policy { subject, tree };
    for rule in RULES {
        if let Check::Openshell(check) = rule.check {
            check(&view, report);
        }
    }
}
