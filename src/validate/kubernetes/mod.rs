//! Kubernetes manifests, with the policies of Kyverno and policy-controller.

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::Yaml;

pub(super) static RULES: &[&Rule] = &[];

/// A file of manifests as rules see it.
pub(super) struct Manifests<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) tree: &'a Yaml,
}

/// Looks at manifests with every rule.
pub(super) fn check(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let view = Manifests { subject, tree };
    for rule in RULES {
        if let Check::Kubernetes(check) = rule.check {
            check(&view, report);
        }
    }
}
