//! GitLab CI: pipelines, what they include, and components.

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::Yaml;

pub(super) static RULES: &[&Rule] = &[];

/// A file of GitLab CI as rules see it.
pub(super) struct Pipeline<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) tree: &'a Yaml,
}

/// Looks at a file of GitLab CI with every rule.
pub(super) fn check(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let view = Pipeline { subject, tree };
    for rule in RULES {
        if let Check::Gitlab(check) = rule.check {
            check(&view, report);
        }
    }
}
