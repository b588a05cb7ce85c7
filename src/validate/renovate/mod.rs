//! Renovate's configuration, in every place and spelling that it reads.

use super::{Report, Rule, Subject, rule::Check};
use crate::document::DocumentError;

pub(super) static RULES: &[&Rule] = &[];

/// Renovate's configuration as rules see it.
pub(super) struct Renovate<'a> {
    pub(super) subject: Subject<'a>,
}

/// Looks at Renovate's configuration with every rule.
pub(super) fn check(subject: Subject<'_>, report: &mut Report<'_>) -> Result<(), DocumentError> {
    let view = Renovate { subject };
    for rule in RULES {
        if let Check::Renovate(check) = rule.check {
            check(&view, report);
        }
    }
    Ok(())
}
