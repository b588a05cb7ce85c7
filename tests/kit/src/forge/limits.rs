//! How much a forge takes of one identity in a time, by the store's clock.

use std::collections::{HashMap, VecDeque};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Which door a request came through; each has a budget of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Door {
    /// Ordinary paths.
    #[default]
    Rest,
    /// Queries.
    Graphql,
}

/// What a request costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nature {
    /// What it does: operations of REST, or root fields of GraphQL.
    pub operations: Vec<String>,
    /// How many changes it makes.
    pub writes: u32,
    /// How many of them make content.
    pub creations: u32,
    /// By the hourly count.
    pub primary: u32,
    /// By the count of each minute.
    pub points: u32,
    /// Where it came in.
    pub door: Door,
}

/// How much is taken. No limit where there is none.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// In an hour, at each door.
    pub primary: Option<u32>,
    /// Points of ordinary paths in a minute.
    pub rest: Option<u32>,
    /// Points of queries in a minute.
    pub graphql: Option<u32>,
    /// Contents made in a minute.
    pub creations: Option<u32>,
    /// Contents made in an hour.
    pub hourly_creations: Option<u32>,
    /// Requests at once.
    pub concurrent: Option<u32>,
}

impl Limits {
    /// Those that GitHub documents.
    pub fn github() -> Self {
        Self {
            primary: Some(5_000),
            rest: Some(900),
            graphql: Some(2_000),
            creations: Some(80),
            hourly_creations: Some(500),
            concurrent: Some(100),
        }
    }

    /// Those that GitLab.com documents for one user.
    pub fn gitlab() -> Self {
        Self {
            rest: Some(2_000),
            graphql: Some(2_000),
            ..Self::default()
        }
    }
}

/// Which limit was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// The hourly one.
    Primary,
    /// Another: the client is to wait so many seconds.
    Secondary {
        /// How long.
        wait: i64,
    },
}

/// What is left of the hour at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The hour's budget.
    pub limit: u32,
    /// What is gone.
    pub used: u32,
    /// When it begins anew, in seconds since 1970.
    pub reset: i64,
}

/// What one identity has used.
#[derive(Debug, Default)]
struct Meter {
    recent: VecDeque<(i64, Nature)>,
    hours: HashMap<Door, (i64, u32)>,
}

/// What everyone has used.
#[derive(Debug, Default)]
pub(super) struct Meters {
    of: HashMap<String, Meter>,
}

impl Meters {
    /// Counts a request, unless a limit forbids it.
    pub(super) fn count(
        &mut self,
        who: &str,
        now: i64,
        at_once: u32,
        nature: &Nature,
        limits: &Limits,
    ) -> Option<Hit> {
        let meter = self.of.entry(who.to_owned()).or_default();
        meter.forget(now);
        if limits.concurrent.is_some_and(|most| at_once > most) {
            return Some(Hit::Secondary { wait: 1 });
        }
        let hour = meter.hours.entry(nature.door).or_insert((now + HOUR, 0));
        if limits
            .primary
            .is_some_and(|most| hour.1 + nature.primary > most)
        {
            return Some(Hit::Primary);
        }
        let wait = meter.wait(now, nature, limits);
        if wait > 0 {
            return Some(Hit::Secondary {
                wait: (wait + 999) / 1000,
            });
        }
        meter.hours.entry(nature.door).or_default().1 += nature.primary;
        meter.recent.push_back((now, nature.clone()));
        None
    }

    /// What is left to `who` at a door.
    pub(super) fn left(&self, who: &str, now: i64, door: Door, limits: &Limits) -> Left {
        let meter = self.of.get(who);
        let (reset, used) = meter
            .and_then(|meter| meter.hours.get(&door).copied())
            .unwrap_or((now + HOUR, 0));
        Left {
            limit: limits.primary.unwrap_or(5_000),
            used,
            reset: reset / 1000,
        }
    }
}

impl Meter {
    fn forget(&mut self, now: i64) {
        self.hours.retain(|_, (reset, _)| *reset > now);
        while self.recent.front().is_some_and(|(at, _)| at + HOUR <= now) {
            self.recent.pop_front();
        }
    }

    /// How many milliseconds are to pass before `nature` fits.
    fn wait(&self, now: i64, nature: &Nature, limits: &Limits) -> i64 {
        let points = match nature.door {
            Door::Rest => limits.rest,
            Door::Graphql => limits.graphql,
        };
        let at_door = |it: &Nature| if it.door == nature.door { it.points } else { 0 };
        [
            self.until(now, MINUTE, points, nature.points, at_door),
            self.until(now, MINUTE, limits.creations, nature.creations, |it| {
                it.creations
            }),
            self.until(now, HOUR, limits.hourly_creations, nature.creations, |it| {
                it.creations
            }),
        ]
        .into_iter()
        .max()
        .unwrap_or_default()
    }

    fn until(
        &self,
        now: i64,
        window: i64,
        most: Option<u32>,
        more: u32,
        amount: impl Fn(&Nature) -> u32,
    ) -> i64 {
        let Some(most) = most.filter(|_| more > 0) else {
            return 0;
        };
        let mut sum = more;
        for (at, nature) in self.recent.iter().rev() {
            if at + window <= now {
                break;
            }
            sum += amount(nature);
            if sum > most {
                return at + window - now;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn creation() -> Nature {
        Nature {
            writes: 1,
            creations: 1,
            primary: 1,
            points: 5,
            ..Nature::default()
        }
    }

    #[test]
    fn contents_are_counted_by_minute_and_hour() {
        let (mut meters, limits) = (Meters::default(), Limits::github());
        let mut now = 0;
        let mut made = 0;
        while now < HOUR {
            match meters.count("a", now, 1, &creation(), &limits) {
                None => made += 1,
                Some(Hit::Secondary { wait }) => now += wait * 1000,
                Some(Hit::Primary) => panic!("5,000 are far away"),
            }
        }
        assert_eq!(made, 500);
        assert_eq!(meters.count("b", now, 1, &creation(), &limits), None);
        assert_eq!(meters.count("a", now, 1, &creation(), &limits), None);
    }

    #[test]
    fn the_hour_is_a_budget() {
        let (mut meters, limits) = (
            Meters::default(),
            Limits {
                primary: Some(2),
                ..Limits::default()
            },
        );
        let one = Nature {
            primary: 1,
            ..Nature::default()
        };
        let hits: Vec<_> = (0..3)
            .map(|_| meters.count("a", 0, 1, &one, &limits))
            .collect();
        assert_eq!(hits, [None, None, Some(Hit::Primary)]);
        assert_eq!(meters.left("a", 0, Door::Rest, &limits).used, 2);
        assert_eq!(meters.count("a", HOUR, 1, &one, &limits), None);
    }
}
