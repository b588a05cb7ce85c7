//! When the next call may be made. Pure: time, chance and answers come from outside, so that a
//! simulated clock drives it as well.
//!
//! Below the limits that are published, the pace is halved by a refusal and grows back with
//! successes.

use serde::{Deserialize, Serialize};

use super::{Api, Call, Limits, Moment, limits::Rule, window::Window};

/// Forges count in whole seconds, and clocks drift: every window is longer by this.
const MARGIN_MS: u64 = 1_000;
/// The wait after a refusal that names none, as GitHub asks for; doubled by each one after it.
const UNNAMED_WAIT_MS: u64 = 60_000;
/// No wait that is asked for is shorter: zero would be asked for once more.
const SHORTEST_MS: u64 = 1_000;
/// No wait is longer, whatever an answer or a file says: budgets are refilled every hour.
const LONGEST_MS: u64 = 3_660_000;
/// The most that chance adds to a wait, so that not everybody comes back at once.
const JITTER_MS: f64 = 10_000.0;
/// In seconds.
const MINUTE: u32 = 60;
/// The whole pace, in thousandths.
const WHOLE: u32 = 1_000;
/// The slowest pace: two calls where a hundred are allowed.
const LEAST: u32 = 20;
/// What each success gives back: half of the pace in 250 of them.
const GAIN: u32 = 2;
/// What is left of a budget of questions, as the price of one is told only afterwards.
const RESERVE: u32 = 50;
/// Resets that differ by less are the same.
const SAME_RESET_MS: u64 = 20_000;

/// What an answer said about limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Whether the call counted or was refused.
    pub verdict: Verdict,
    /// What is left.
    pub budget: Option<Budget>,
}

/// Whether a call was too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// It was not.
    Allowed,
    /// No answer came, or one that tells nothing.
    #[default]
    Silent,
    /// The budget is spent until this long from now, in milliseconds.
    Spent(u64),
    /// It came too fast: how long to wait, where that is named.
    TooFast(Option<u64>),
}

/// Calls that are left until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// How many.
    pub left: u32,
    /// When there are more.
    pub resets: Moment,
}

/// The pace of one identity at one forge.
#[derive(Clone, Debug)]
pub struct Pace {
    limits: Limits,
    state: State,
}

/// What is kept between runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// In the order of the limits' rules.
    windows: Vec<Window>,
    last_write: Moment,
    closed_until: Moment,
    /// Refusals since the last success.
    refusals: u32,
    /// How much of the whole pace is kept to, in thousandths.
    share: u32,
    /// When the pace was halved last: what was sent before tells nothing about the new one.
    halved: Moment,
    /// Of REST, of GraphQL.
    budgets: [Option<Budget>; 2],
}

impl Pace {
    /// The pace of somebody who has done nothing yet.
    pub fn new(limits: Limits) -> Self {
        let state = State {
            windows: vec![Window::default(); limits.rules.len()],
            last_write: Moment::default(),
            closed_until: Moment::default(),
            refusals: 0,
            share: WHOLE,
            halved: Moment::default(),
            budgets: [None; 2],
        };
        Self { limits, state }
    }

    /// The first moment from `now` on at which `call` may be made, if nothing else is until then.
    pub fn when(&self, now: Moment, call: &Call) -> Moment {
        let state = &self.state;
        let mut at = now.max(state.closed_until);
        if call.writes {
            at = at.max(state.last_write.plus(self.write_gap()));
        }
        let reserve = match call.api {
            Api::Rest => 0,
            Api::GraphQl => RESERVE,
        };
        let spent = |budget: &&Budget| budget.left <= reserve;
        if let Some(budget) = state.budgets[self.purse(call.api)].as_ref().filter(spent) {
            at = at.max(budget.resets);
        }
        for (rule, window) in self.limits.rules.iter().zip(&state.windows) {
            let amount = rule.measure.of(call);
            if amount > 0 {
                let most = self.slowed(rule);
                at = at.max(window.free_from(now, length(rule), most, amount));
            }
        }
        at
    }

    /// Counts `call`, which is made at `now`.
    pub fn begin(&mut self, now: Moment, call: &Call) {
        for (rule, window) in self.limits.rules.iter().zip(&mut self.state.windows) {
            window.forget(now, length(rule));
            window.add(now, rule.measure.of(call));
        }
        if call.writes {
            self.state.last_write = now;
        }
        let purse = self.purse(call.api);
        if let Some(budget) = &mut self.state.budgets[purse] {
            budget.left = budget.left.saturating_sub(1);
        }
    }

    /// Learns at `now` what came of a call that was made at `sent`; `chance` is between 0 and 1.
    pub fn note(&mut self, now: Moment, sent: Moment, call: &Call, told: Told, chance: f64) {
        for (rule, window) in self.limits.rules.iter().zip(&mut self.state.windows) {
            window.settle(sent, rule.measure.of(call), now);
        }
        let purse = self.purse(call.api);
        if let Some(budget) = told.budget {
            self.refill(purse, now, budget, chance);
        }
        let is_news = sent >= self.state.halved;
        let state = &mut self.state;
        match told.verdict {
            Verdict::Allowed if is_news => {
                state.share = WHOLE.min(state.share + GAIN);
                state.refusals = 0;
            }
            Verdict::Allowed | Verdict::Silent => {}
            Verdict::Spent(wait) => {
                let resets = now.plus(with_chance(wait, chance));
                state.budgets[purse] = Some(Budget { left: 0, resets });
            }
            Verdict::TooFast(wait) => {
                if is_news {
                    state.share = LEAST.max(state.share / 2);
                    state.halved = now;
                    state.refusals = state.refusals.saturating_add(1);
                }
                let doublings = state.refusals.saturating_sub(1).min(10);
                let wait = wait.unwrap_or(UNNAMED_WAIT_MS << doublings);
                let until = now.plus(with_chance(wait, chance));
                state.closed_until = state.closed_until.max(until);
            }
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Goes on from a state that was kept, whatever it holds; one of other limits is forgotten.
    pub(super) fn resume(&mut self, mut state: State, now: Moment) {
        if state.windows.len() != self.limits.rules.len() {
            return;
        }
        for (rule, window) in self.limits.rules.iter().zip(&mut state.windows) {
            window.mend(now, rule.most);
        }
        state.share = state.share.clamp(LEAST, WHOLE);
        state.last_write = state.last_write.at_most(now);
        state.halved = state.halved.at_most(now);
        let latest = now.plus(with_chance(LONGEST_MS, 1.0));
        state.closed_until = state.closed_until.min(latest);
        for budget in state.budgets.iter_mut().flatten() {
            budget.resets = budget.resets.min(latest);
        }
        self.state = state;
    }

    fn refill(&mut self, purse: usize, now: Moment, told: Budget, chance: f64) {
        let wait = told.resets.0.saturating_sub(now.0);
        let resets = now.plus(with_chance(wait, chance));
        let known = &mut self.state.budgets[purse];
        match known {
            // Answers overtake each other: the least is the newest.
            Some(known) if known.resets.0.abs_diff(resets.0) < SAME_RESET_MS => {
                known.left = known.left.min(told.left);
            }
            Some(known) if known.resets > resets => {}
            _ => {
                let left = told.left;
                *known = Some(Budget { left, resets });
            }
        }
    }

    fn purse(&self, api: Api) -> usize {
        usize::from(api == Api::GraphQl && !self.limits.one_budget)
    }

    /// Less a minute, but not less an hour: that would be a wait of most of one after a single
    /// refusal.
    fn slowed(&self, rule: &Rule) -> u64 {
        let share = if rule.seconds > MINUTE {
            WHOLE
        } else {
            self.state.share
        };
        u64::from(rule.most) * u64::from(share) / u64::from(WHOLE)
    }

    fn write_gap(&self) -> u64 {
        u64::from(self.limits.write_gap_ms) * u64::from(WHOLE) / u64::from(self.state.share)
    }
}

fn length(rule: &Rule) -> u64 {
    u64::from(rule.seconds) * 1_000 + MARGIN_MS
}

/// The wait, bounded, and up to a tenth more.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small, positive, and chance anyway"
)]
fn with_chance(wait: u64, chance: f64) -> u64 {
    let wait = wait.clamp(SHORTEST_MS, LONGEST_MS);
    let most = (wait as f64 / 10.0).min(JITTER_MS);
    wait + (most * chance) as u64
}

#[cfg(test)]
mod tests;
