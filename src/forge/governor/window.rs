//! What was counted lately: a limit of so much in any minute or hour.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Moment;

/// A call's time, and what it counted as.
type Entry = (Moment, u32);

/// Calls that a limit still counts, oldest first.
///
/// Each stands at the time of its answer, as the forge has counted it by then; until that comes, at
/// the time of its sending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "VecDeque<Entry>", into = "VecDeque<Entry>")]
pub(super) struct Window {
    log: VecDeque<Entry>,
    /// Of all entries.
    sum: u64,
}

impl Window {
    /// The first moment from `now` on at which `amount` more is no more than `most` in `length`
    /// milliseconds; with more than `most` at once, the moment at which nothing else counts.
    pub(super) fn free_from(&self, now: Moment, length: u64, most: u64, amount: u32) -> Moment {
        let mut sum = self.sum.saturating_add(amount.into());
        let mut from = now;
        for (at, count) in &self.log {
            let end = at.plus(length);
            if end > now {
                if sum <= most {
                    break;
                }
                from = end;
            }
            sum -= u64::from(*count);
        }
        from
    }

    /// Counts `amount` at `at`.
    pub(super) fn add(&mut self, at: Moment, amount: u32) {
        if amount > 0 {
            let place = self.log.partition_point(|(other, _)| *other <= at);
            self.log.insert(place, (at, amount));
            self.sum = self.sum.saturating_add(amount.into());
        }
    }

    /// Moves what was counted when it was sent to the time of its answer.
    pub(super) fn settle(&mut self, sent: Moment, amount: u32, answered: Moment) {
        let place = self.log.iter().rposition(|entry| *entry == (sent, amount));
        if place.and_then(|place| self.log.remove(place)).is_some() {
            self.sum -= u64::from(amount);
            self.add(answered, amount);
        }
    }

    /// Forgets what no longer counts.
    pub(super) fn forget(&mut self, now: Moment, length: u64) {
        while let Some((at, count)) = self.log.front()
            && at.plus(length) <= now
        {
            self.sum -= u64::from(*count);
            self.log.pop_front();
        }
    }

    /// Makes sense of what a file held: nothing is later than `now`, and no more than `most`
    /// calls are kept.
    pub(super) fn mend(&mut self, now: Moment, most: u32) {
        let mut log: Vec<Entry> = std::mem::take(&mut self.log).into();
        for (at, count) in &mut log {
            *at = at.at_most(now);
            *count = (*count).min(most);
        }
        log.retain(|(_, count)| *count > 0);
        log.sort_unstable();
        let surplus = log.len().saturating_sub(most as usize);
        log.drain(..surplus);
        *self = VecDeque::from(log).into();
    }
}

impl From<VecDeque<Entry>> for Window {
    fn from(log: VecDeque<Entry>) -> Self {
        let counts = log.iter().map(|(_, count)| u64::from(*count));
        let sum = counts.sum();
        Self { log, sum }
    }
}

impl From<Window> for VecDeque<Entry> {
    fn from(window: Window) -> Self {
        window.log
    }
}
