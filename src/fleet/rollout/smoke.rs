//! Runs that we start where nothing else ran: what a gate that has seen too little may ask for.
//!
//! A started run costs what any run of the agent costs, and may write what the agent may write. So
//! no more are started than the gate still lacks, one in a repository, and that once: it is written
//! down before it is started, and who finds it written down without an outcome looks for the run
//! before anything else.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Entry, Evidence, Rollout, Wave, gate::Sample};
use crate::config::Gates;

/// How long a forge may take to show a run that was started.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// No wave starts more, however many its gate asks for.
const MOST: usize = 100;
/// Repositories that a sentence names.
const NAMED: usize = 5;

/// The run that was started in a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smoke {
    /// When that was decided.
    pub at: Timestamp,
    /// What came of it.
    pub state: SmokeState,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of starting a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmokeState {
    /// It is to be started, and nobody wrote down whether it was.
    Intended,
    /// It was, or another one was under way.
    Started,
    /// It cannot be.
    Refused,
}

impl Smoke {
    /// One that is to be started now.
    pub fn intended(at: Timestamp) -> Self {
        Self {
            at,
            state: SmokeState::Intended,
            reason: None,
        }
    }

    /// When it is looked for again, where nobody knows whether it was started.
    fn again_at(&self) -> Option<Timestamp> {
        let at = self.at.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
        (self.state == SmokeState::Intended).then_some(at)
    }
}

impl Rollout {
    /// Takes over what others wrote down of started runs since `known`, so that none is started
    /// twice.
    pub fn learn(&mut self, known: &Self, theirs: &Self) {
        let smokes = |rollout: &Self| -> Vec<(String, Option<Smoke>)> {
            let entries = rollout.entries();
            entries
                .map(|it| (it.name.clone(), it.smoke.clone()))
                .collect()
        };
        let known = smokes(known);
        let new = smokes(theirs).into_iter().filter(|it| !known.contains(it));
        for (name, smoke) in new.filter(|(_, smoke)| smoke.is_some()) {
            let mut entries = self.waves.iter_mut().flat_map(|it| &mut it.repositories);
            if let Some(entry) = entries.find(|it| it.name == name) {
                entry.smoke = smoke;
            }
        }
    }
}

/// Where a run is to be started now, of the repositories that have the release: as many as the gate
/// lacks, and none where one ran, was started, or cannot be.
pub(super) fn wanted(
    gates: &Gates,
    reached: &[(&Entry, Sample<'_>)],
    evidence: &Evidence,
    now: Timestamp,
) -> Vec<String> {
    let of = |state: SmokeState| {
        let smokes = reached.iter().filter(|(_, it)| !it.has_run());
        let smokes = smokes.filter_map(|(entry, _)| entry.smoke.as_ref());
        smokes.filter(move |it| it.state == state)
    };
    let marked = reached.iter().filter(|(it, _)| it.smoke.is_some()).count();
    let under_way = of(SmokeState::Started).count()
        + of(SmokeState::Intended)
            .filter(|it| it.again_at().is_some_and(|at| now < at))
            .count();
    let lacking = evidence.lacking(gates, reached.len());
    let lacking = usize::try_from(lacking).unwrap_or(usize::MAX).min(MOST);
    let silent = reached.iter().filter(|(entry, sample)| {
        let again = entry.smoke.as_ref().map(Smoke::again_at);
        let is_open = again.map_or(marked < MOST, |at| at.is_some_and(|at| at <= now));
        is_open && !sample.has_run()
    });
    let silent = silent.map(|(entry, _)| entry.name.clone());
    silent.take(lacking.saturating_sub(under_way)).collect()
}

/// What became of the runs that were started in a wave, to be added to a sentence; and when those are
/// looked for again of which nobody knows.
pub(super) fn told(wave: &Wave) -> (String, Option<Timestamp>) {
    let of = |state: SmokeState| {
        let entries = wave.repositories.iter();
        let smokes = entries.filter_map(|it| Some((it, it.smoke.as_ref()?)));
        smokes.filter(move |(_, it)| it.state == state)
    };
    let mut told = String::new();
    let started = of(SmokeState::Started).count();
    if started > 0 {
        let were = if started == 1 { "run was" } else { "runs were" };
        told = format!("; {started} smoke {were} started");
    }
    let refused: Vec<String> = of(SmokeState::Refused)
        .map(|(entry, smoke)| match &smoke.reason {
            Some(reason) => format!("{} ({reason})", entry.name),
            None => entry.name.clone(),
        })
        .collect();
    if !refused.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(told, "; none can be started in {}", named(&refused));
    }
    let unsure: Vec<String> = of(SmokeState::Intended)
        .map(|(entry, _)| entry.name.clone())
        .collect();
    if !unsure.is_empty() {
        let unsure = named(&unsure);
        let _ = write!(told, "; it is not known yet whether one was in {unsure}");
    }
    let again = of(SmokeState::Intended).filter_map(|(_, it)| it.again_at());
    (told, again.min())
}

fn named(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
