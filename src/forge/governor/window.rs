//! What was counted lately: a limit of so much in any minute or hour.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Moment;

/// Calls that a limit still counts, oldest first.
///
/// Each stands at the time of its answer, as the forge has counted it by then; until that comes, at
/// the time of its sending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Window(VecDeque<(Moment, u32)>);

impl Window {
    /// The first moment from `now` on at which `amount` more is no more than `most` in `length`
    /// milliseconds; with more than `most` at once, the moment at which nothing else counts.
    pub(super) fn free_from(&self, now: Moment, length: u64, most: u64, amount: u32) -> Moment {
        let counting = self.0.iter().filter(|(at, _)| at.plus(length) > now);
        let mut sum: u64 = counting.clone().map(|(_, count)| u64::from(*count)).sum();
        let mut from = now;
        for (at, count) in counting {
            if sum + u64::from(amount) <= most {
                break;
            }
            sum -= u64::from(*count);
            from = at.plus(length);
        }
        from
    }

    /// Counts `amount` at `at`.
    pub(super) fn add(&mut self, at: Moment, amount: u32) {
        if amount > 0 {
            let place = self.0.partition_point(|(other, _)| *other <= at);
            self.0.insert(place, (at, amount));
        }
    }

    /// Moves what was counted when it was sent to the time of its answer.
    pub(super) fn settle(&mut self, sent: Moment, amount: u32, answered: Moment) {
        let place = self.0.iter().position(|entry| *entry == (sent, amount));
        if let Some(entry) = place.and_then(|place| self.0.remove(place)) {
            self.add(answered, entry.1);
        }
    }

    /// Forgets what no longer counts.
    pub(super) fn forget(&mut self, now: Moment, length: u64) {
        self.0.retain(|(at, _)| at.plus(length) > now);
    }

    /// Makes sense of what a file held: nothing is later than `now`, and no more than `most`
    /// calls are kept.
    pub(super) fn mend(&mut self, now: Moment, most: u32) {
        for (at, count) in &mut self.0 {
            *at = at.at_most(now);
            *count = (*count).min(most);
        }
        self.0.retain(|(_, count)| *count > 0);
        self.0.make_contiguous().sort_unstable();
        let surplus = self.0.len().saturating_sub(most as usize);
        self.0.drain(..surplus);
    }
}
