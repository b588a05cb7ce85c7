//! What a ring must show before the next one moves.

use std::time::Duration;

use super::raw;
use crate::{
    config::{
        checker::Checker,
        value::{ValueError, excerpt},
        yaml::Field,
    },
    model::limits::Span,
};

/// What a ring must show before the next one moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gates {
    /// How many runs must have ended.
    pub runs: u32,
    /// In how many repositories.
    pub repositories: u32,
    /// How far back the runs go that they are compared with.
    pub baseline: Duration,
    /// By how many percentage points more may fail than before.
    pub tolerance_points: u32,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            runs: 10,
            repositories: 3,
            baseline: Duration::from_hours(14 * 24),
            tolerance_points: 10,
        }
    }
}

impl Gates {
    pub(super) fn check(written: &Field<raw::Gates>, checker: &mut Checker) -> Self {
        let usual = Self::default();
        let Some(written) = written.get() else {
            return usual;
        };
        let raw = &written.value;
        let mut number = |field, least, most, or: u32| {
            let read = |text: &str| number(text, least, most);
            checker.field(field, read).unwrap_or(or)
        };
        let runs = number(&raw.runs, 1, 999_999, usual.runs);
        let repositories = number(&raw.repositories, 1, 999_999, usual.repositories);
        let tolerance_points = number(&raw.tolerance_points, 0, 100, usual.tolerance_points);
        let baseline = checker.field(&raw.baseline, baseline);
        Self {
            runs,
            repositories,
            baseline: baseline.unwrap_or(usual.baseline),
            tolerance_points,
        }
    }
}

fn baseline(text: &str) -> Result<Duration, ValueError> {
    let span = text.parse::<Span>().map_err(ValueError::from)?;
    Ok(span.duration())
}

/// Reads a whole number of the range.
pub(super) fn number(text: &str, least: u32, most: u32) -> Result<u32, ValueError> {
    let number = text.parse().ok().filter(|it| (least..=most).contains(it));
    number.ok_or_else(|| {
        ValueError::new(format!(
            "`{}` is not a number that it can be",
            excerpt(text)
        ))
        .mend(format!("write a whole number from {least} to {most}"))
    })
}
