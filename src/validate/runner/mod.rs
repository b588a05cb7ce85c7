//! GitLab runner's config.toml, by itself and inside Helm values.

use super::{Report, Rule, Subject, rule::Check};
use crate::document::DocumentError;

pub(super) static RULES: &[&Rule] = &[];

/// The runner's configuration as rules see it.
pub(super) struct RunnerConfig<'a> {
    pub(super) subject: Subject<'a>,
}

/// Looks at the runner's configuration with every rule.
pub(super) fn check(subject: Subject<'_>, report: &mut Report<'_>) -> Result<(), DocumentError> {
    let view = RunnerConfig { subject };
    for rule in RULES {
        if let Check::Runner(check) = rule.check {
            check(&view, report);
        }
    }
    Ok(())
}
