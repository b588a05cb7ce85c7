//! A forge's limits as the forge counts them, written without a look at how we keep to them.

use std::collections::VecDeque;

use fullsend::forge::{Api, Budget, Call, Moment, Told, Verdict};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 3_600_000;

/// What a limit counts of a call.
type Weight = fn(&Call) -> u64;

/// At most so much in any time of that length.
struct Limit {
    weight: Weight,
    most: u64,
    length: u64,
    log: VecDeque<(u64, u64)>,
    sum: u64,
}

impl Limit {
    fn new(weight: Weight, most: u64, length: u64) -> Self {
        Self {
            weight,
            most,
            length,
            log: VecDeque::new(),
            sum: 0,
        }
    }

    /// Whether there is room for a call at `at`; else the time until something is forgotten.
    fn room(&mut self, at: u64, call: &Call) -> Result<(), u64> {
        while let Some((then, weight)) = self.log.front()
            && then + self.length < at
        {
            self.sum -= weight;
            self.log.pop_front();
        }
        let weight = (self.weight)(call);
        match self.log.front() {
            Some((then, _)) if weight > 0 && self.sum + weight > self.most => {
                Err(then + self.length - at)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, at: u64, call: &Call) {
        let weight = (self.weight)(call);
        if weight > 0 {
            self.log.push_back((at, weight));
            self.sum += weight;
        }
    }
}

/// A forge with limits.
pub(crate) struct Server {
    pub(crate) latency: u64,
    /// Whether a call is counted when its answer leaves, instead of when it comes in.
    counted_late: bool,
    limits: Vec<Limit>,
    /// GraphQL's calls an hour, from the first one on.
    budget: u64,
    left: u64,
    resets: u64,
    counted: u64,
}

impl Server {
    /// GitHub's published limits.
    pub(crate) fn github(latency: u64, counted_late: bool) -> Self {
        let contents: Weight = |call| call.cost.contents.into();
        Self {
            latency,
            counted_late,
            limits: vec![
                Limit::new(contents, 80, MINUTE),
                Limit::new(contents, 500, HOUR),
                Limit::new(
                    |call| u64::from(call.api == Api::Rest) * weigh(call),
                    900,
                    MINUTE,
                ),
                Limit::new(
                    |call| u64::from(call.api == Api::GraphQl) * weigh(call),
                    2_000,
                    MINUTE,
                ),
            ],
            budget: 5_000,
            left: 5_000,
            resets: 0,
            counted: 0,
        }
    }

    /// gitlab.com's limit for a user.
    pub(crate) fn gitlab(latency: u64) -> Self {
        Self {
            limits: vec![Limit::new(|_| 1, 2_000, MINUTE)],
            budget: u64::MAX,
            left: u64::MAX,
            ..Self::github(latency, false)
        }
    }

    pub(crate) fn with_contents(mut self, a_minute: u64, an_hour: u64) -> Self {
        self.limits[0].most = a_minute;
        self.limits[1].most = an_hour;
        self
    }

    pub(crate) fn with_budget(mut self, budget: u64) -> Self {
        (self.budget, self.left) = (budget, budget);
        self
    }

    /// Calls that were not refused.
    pub(crate) fn counted(&self) -> u64 {
        self.counted
    }

    /// Answers a call that is sent at `sent`.
    pub(crate) fn answer(&mut self, sent: Moment, call: &Call) -> Told {
        let at = sent.0 + if self.counted_late { self.latency } else { 0 };
        if at >= self.resets {
            (self.left, self.resets) = (self.budget, at + HOUR);
        }
        let rooms = self.limits.iter_mut().map(|limit| limit.room(at, call));
        let wait = rooms.filter_map(Result::err).max();
        let verdict = match wait {
            Some(wait) => Verdict::TooFast(Some(wait)),
            None if self.left == 0 => Verdict::Spent(self.resets - at),
            None => Verdict::Allowed,
        };
        if verdict == Verdict::Allowed {
            self.counted += 1;
            self.left -= u64::from(call.api == Api::GraphQl);
            for limit in &mut self.limits {
                limit.count(at, call);
            }
        }
        let budget = u32::try_from(self.left).ok().map(|left| Budget {
            left,
            resets: Moment(self.resets),
        });
        let budget = budget.filter(|_| call.api == Api::GraphQl);
        Told { verdict, budget }
    }
}

/// GitHub's points: 5 for what changes something, 1 for what does not.
fn weigh(call: &Call) -> u64 {
    if call.writes { 5 } else { 1 }
}
