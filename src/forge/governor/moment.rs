//! Time as the pace counts it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// Clocks of one machine differ by no more than this from process to process.
const SKEW_MS: u64 = 5_000;

/// A moment, in milliseconds since 1970.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(pub u64);

impl Moment {
    /// So many milliseconds later.
    #[must_use]
    pub fn plus(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// How long it is from `earlier` to this; nothing where it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// As a date, where it is one.
    pub fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_millisecond(i64::try_from(self.0).ok()?).ok()
    }

    /// The moment, or `now` where it is later than the clocks of one machine may differ.
    pub(super) fn at_most(self, now: Self) -> Self {
        if self > now.plus(SKEW_MS) { now } else { self }
    }
}

/// The machine's clock as it was at the start, and the time since: nobody can set it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: Moment,
    start: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        let now = u64::try_from(Timestamp::now().as_millisecond());
        Self {
            origin: Moment(now.unwrap_or_default()),
            start: Instant::now(),
        }
    }

    pub(super) fn now(self) -> Moment {
        let elapsed = u64::try_from(self.start.elapsed().as_millis());
        self.origin.plus(elapsed.unwrap_or(u64::MAX))
    }
}
