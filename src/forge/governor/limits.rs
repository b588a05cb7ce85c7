//! What a forge allows to one identity, and what a call counts as.

use crate::{config::FleetForge, seam::http::Url};

/// What a call counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Points of the secondary limit: 1 for a read, 5 for a write.
    pub points: u32,
    /// Whether it makes what somebody is told about (requests, commits, comments): 1 a call,
    /// however much it makes, as GitHub counts calls.
    pub contents: u32,
}

impl Cost {
    /// A call that changes nothing.
    pub const READ: Self = Self {
        points: 1,
        contents: 0,
    };
    /// A call that makes something.
    pub const WRITE: Self = Self {
        points: 5,
        contents: 1,
    };
}

/// Which of a forge's two APIs a call goes to; they have limits of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// A resource an address.
    Rest,
    /// Questions in one document.
    GraphQl,
}

/// A call before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where it goes.
    pub api: Api,
    /// What it counts as.
    pub cost: Cost,
    /// Whether it changes something: those are made one after another.
    pub writes: bool,
}

/// What a window counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Calls,
    Contents,
    RestPoints,
    GraphQlPoints,
}

impl Measure {
    /// What `call` adds.
    pub(super) fn of(self, call: &Call) -> u32 {
        match (self, call.api) {
            (Self::Calls, _) => 1,
            (Self::Contents, _) => call.cost.contents,
            (Self::RestPoints, Api::Rest) | (Self::GraphQlPoints, Api::GraphQl) => call.cost.points,
            (Self::RestPoints | Self::GraphQlPoints, _) => 0,
        }
    }
}

/// At most so much in any time of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) measure: Measure,
    pub(super) most: u32,
    pub(super) seconds: u32,
}

const fn rule(measure: Measure, most: u32, seconds: u32) -> Rule {
    Rule {
        measure,
        most,
        seconds,
    }
}

/// What a forge allows to one identity, as far as it says so beforehand; the rest is learned from
/// its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whose they are, for messages.
    pub forge: &'static str,
    pub(super) rules: &'static [Rule],
    /// Between the beginnings of two writes.
    pub(super) write_gap_ms: u32,
    /// Reads at once.
    pub(super) readers: usize,
    /// Whether both APIs count against one budget.
    pub(super) one_budget: bool,
}

impl Limits {
    /// GitHub's published limits.
    ///
    /// Its advice of a second between writes is kept: it makes 1,000 enrolments last 68 minutes
    /// instead of 66, as the 500 an hour weigh far more.
    pub const GITHUB: Self = Self {
        forge: "GitHub",
        rules: &[
            rule(Measure::Contents, 80, 60),
            rule(Measure::Contents, 500, 3600),
            rule(Measure::RestPoints, 900, 60),
            rule(Measure::GraphQlPoints, 2000, 60),
        ],
        write_gap_ms: 1000,
        readers: 10,
        one_budget: false,
    };
    /// What gitlab.com allows to a user; others may be set to less or more, and then say so.
    pub const GITLAB: Self = Self {
        forge: "GitLab",
        rules: &[rule(Measure::Calls, 2000, 60)],
        write_gap_ms: 0,
        readers: 10,
        one_budget: true,
    };

    /// An installation of one's own has the limits that its administrator switched on, by default
    /// none: what it says is learned.
    const fn own(forge: &'static str) -> Self {
        Self {
            forge,
            rules: &[],
            write_gap_ms: 0,
            readers: 10,
            one_budget: false,
        }
    }

    /// Those of the forge at `place`, whose API is at `api` where that is not the usual place.
    pub fn of(place: &FleetForge, api: Option<&Url>) -> Self {
        let site = Url::parse(place.url()).ok();
        let host = api.or(site.as_ref()).and_then(Url::host_str);
        let host = host.unwrap_or_default();
        let is_github =
            matches!(host, "github.com" | "api.github.com") || host.ends_with(".ghe.com");
        match place {
            FleetForge::GitHub { .. } if is_github => Self::GITHUB,
            FleetForge::GitHub { .. } => Self::own("GitHub"),
            FleetForge::GitLab { .. } if host == "gitlab.com" => Self::GITLAB,
            FleetForge::GitLab { .. } => Self::own("GitLab"),
        }
    }
}
