//! A rollout in short: what stands beside its name, so that one file tells of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Kind, Rollout, RolloutId, State, Verdict};
use crate::{
    model::text::{printable, shortened},
    report::fleet::RolloutRow,
};

/// The most of a text that somebody else may have written.
const TEXT: usize = 300;

/// A rollout in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headline {
    /// Forth or back.
    pub kind: Kind,
    /// How it stands.
    pub state: State,
    /// Why it stopped.
    pub reason: Option<String>,
    /// The version that it brings.
    pub version: String,
    /// The account that began it.
    pub by: String,
    /// When it began.
    pub started_at: Timestamp,
    /// The ring of the wave that is under way, or where it stopped.
    pub ring: Option<String>,
    /// How many waves are through.
    pub through: usize,
    /// Of how many.
    pub waves: usize,
    /// What the gate of that wave said last.
    pub verdict: Option<Says>,
}

impl Headline {
    /// Whether it is under way, or ended before its end.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.state, State::Running | State::Stopped)
    }

    /// The row of the rollout `id` in the fleet's document.
    pub fn row(&self, id: &RolloutId) -> RolloutRow {
        let shown = |text: &String| shortened(&printable(text), TEXT);
        RolloutRow {
            id: id.to_string(),
            kind: self.kind.to_string(),
            state: match self.state {
                State::Running => "running",
                State::Stopped => "stopped",
                State::Finished => "finished",
                State::RolledBack => "rolled_back",
            },
            version: shown(&self.version),
            by: shown(&self.by),
            started_at: self.started_at,
            ring: self.ring.as_ref().map(shown),
            waves_through: self.through,
            waves: self.waves,
            verdict: self.verdict.map(|it| match it {
                Says::Pass => "pass",
                Says::Stop => "stop",
                Says::Inconclusive => "inconclusive",
            }),
            reason: self.reason.as_ref().map(shown),
        }
    }
}

/// What a gate says, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// The next wave may move.
    Pass,
    /// The release is not good.
    Stop,
    /// Too little has run.
    Inconclusive,
}

impl Verdict {
    /// It in a word.
    pub fn says(&self) -> Says {
        match self {
            Self::Pass { .. } => Says::Pass,
            Self::Stop { .. } => Says::Stop,
            Self::Inconclusive { .. } => Says::Inconclusive,
        }
    }
}

impl Rollout {
    /// It in short.
    pub fn headline(&self) -> Headline {
        let wave = self.current().and_then(|index| self.waves.get(index));
        let through = self.waves.iter().filter(|it| it.ended_at.is_some());
        Headline {
            kind: self.kind,
            state: self.state,
            reason: self.reason.clone(),
            version: self.to.version().to_string(),
            by: self.by.clone(),
            started_at: self.started_at,
            ring: wave.map(|it| it.ring.clone()),
            through: through.count(),
            waves: self.waves.len(),
            verdict: wave.and_then(|it| it.gate.as_ref()).map(Verdict::says),
        }
    }

    /// Whether `other` tells the same, but for the numbers on which a gate rests that still counts.
    pub fn tells_as(&self, other: &Self) -> bool {
        let settled = |rollout: &Self| {
            let mut rollout = rollout.clone();
            let open = rollout.waves.iter_mut().filter(|it| it.ended_at.is_none());
            let says: Vec<Option<Says>> = open
                .map(|wave| wave.gate.take().map(|it| it.says()))
                .collect();
            (rollout, says)
        };
        settled(self) == settled(other)
    }
}
