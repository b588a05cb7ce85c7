//! What is on the forge, and what it makes of a rollout.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Entry, EntryState, Kind, Rollout, Sample, Verdict, Wave, gate};
use crate::{
    config::Fleet,
    fleet::{Refusal, RefusalKind},
    forge::{Request, Run},
    model::{
        commit::CommitId,
        text::{printable, shortened},
    },
};

/// More commits of a repository are forgotten, the oldest first.
const MAX_COMMITS: usize = 5;

/// What is on the forge.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// fleet.yaml on the configuration repository's default branch.
    pub fleet: &'a Fleet,
    /// Why it cannot be changed for now: it takes a request, which somebody has to merge.
    pub fleet_waits: Option<&'a str>,
    /// The repositories of the waves that have begun.
    pub members: &'a BTreeMap<String, Stands>,
    /// Open requests to the release that is taken back.
    pub unwanted: &'a [Fact],
    /// What merging said in this round, by repository.
    pub waiting: &'a BTreeMap<String, String>,
    /// The runs that ended, by repository, where they were read in this round.
    pub runs: Option<&'a BTreeMap<String, Vec<Run>>>,
    /// Commits beside [`Entry::commits`] that were found to have the release on the default branch,
    /// by repository, as their first twelve digits.
    pub also: &'a BTreeMap<String, Vec<String>>,
    /// Runs may be started where none came by itself.
    pub smoke: bool,
    /// The time.
    pub now: Timestamp,
}

/// A request, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The repository's name below the owner or group.
    pub name: String,
    /// Its request.
    pub request: Request,
}

/// How a repository stands to the release of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It is not there any more, or we may not see it.
    Gone,
    /// Its default branch has the release, at this commit.
    There(CommitId),
    /// It is not to move, or somebody has to do something first.
    Refused(Refusal),
    /// It could not be looked at, or written to; the next round tries again.
    Failed(String),
    /// It has to be asked for it; our branch may be there already.
    Ready {
        /// Our branch is there.
        committed: bool,
    },
    /// It is asked for it by our open request, which has the right content.
    Open(Request),
    /// It is asked for it by an open request of Renovate, which we do not merge: anybody who may
    /// push could have made it, or added to it.
    Theirs(Request),
}

/// `rollout` as the facts have it.
///
/// A repository that left the release again, by somebody's hand, is not asked twice.
pub fn observed(rollout: &Rollout, facts: &Facts<'_>) -> Rollout {
    let mut seen = rollout.clone();
    for entry in seen.waves.iter_mut().flat_map(|it| &mut it.repositories) {
        if let Some(stands) = facts.members.get(&entry.name) {
            observe(entry, stands, facts.waiting.get(&entry.name));
        }
    }
    let open = seen.current().filter(|_| seen.kind == Kind::Upgrade);
    if let Some(wave) = open.and_then(|index| seen.waves.get_mut(index)) {
        let verdict = judged(wave, facts).map(|it| it.verdict);
        wave.gate = verdict.or(wave.gate.take());
    }
    seen
}

/// What the runs of a wave say.
pub(super) struct Judged<'a> {
    /// Its repositories that have the release.
    pub(super) reached: Vec<(&'a Entry, Sample<'a>)>,
    pub(super) verdict: Verdict,
}

/// What the runs of a wave say, where they were read in this round and any repository could have
/// one.
pub(super) fn judged<'a>(wave: &'a Wave, facts: &Facts<'a>) -> Option<Judged<'a>> {
    let runs = facts.runs?;
    let merged = wave.repositories.iter();
    let merged = merged.filter(|it| it.state == EntryState::Merged);
    let reached: Vec<(&Entry, Sample<'_>)> = merged
        .map(|entry| {
            let also = facts.also.get(&entry.name).into_iter().flatten();
            let sample = Sample {
                commits: entry
                    .commits
                    .iter()
                    .chain(also)
                    .map(String::as_str)
                    .collect(),
                started_at: wave.started_at.unwrap_or(facts.now),
                runs: runs.get(&entry.name).map_or(&[][..], Vec::as_slice),
            };
            (entry, sample)
        })
        .collect();
    if reached.is_empty() {
        return None;
    }
    let samples: Vec<Sample<'_>> = reached.iter().map(|it| it.1.clone()).collect();
    let verdict = gate(&facts.fleet.gates, &samples);
    Some(Judged { reached, verdict })
}

fn observe(entry: &mut Entry, stands: &Stands, waiting: Option<&String>) {
    use EntryState::{Blocked, Committed, Merged, Planned, PrOpen, RolledBack, Skipped, Verified};
    let was_there = matches!(entry.state, Merged | Verified);
    match stands {
        _ if entry.state == RolledBack => {}
        Stands::Gone => set(entry, Skipped, Some("it is no longer there")),
        Stands::There(head) => {
            if entry.state != Verified {
                set(entry, Merged, None);
            }
            remember(entry, head);
        }
        Stands::Failed(why) => entry.reason = Some(shown(why)),
        Stands::Refused(refusal) => {
            let state = match refusal.kind {
                RefusalKind::Skipped | RefusalKind::Held => Skipped,
                RefusalKind::Edited | RefusalKind::Blocked => Blocked,
            };
            set(entry, state, Some(&refusal.reason));
        }
        Stands::Ready { .. } | Stands::Open(_)
            if was_there || entry.reason.as_deref() == Some(LEFT) =>
        {
            set(entry, Blocked, Some(LEFT));
        }
        Stands::Ready { committed } => {
            let state = if *committed { Committed } else { Planned };
            set(entry, state, None);
        }
        Stands::Open(request) => {
            set(entry, PrOpen, waiting.map(String::as_str));
            entry.request = Some(request.number);
        }
        Stands::Theirs(request) => {
            set(entry, PrOpen, Some("it is Renovate's"));
            entry.request = Some(request.number);
        }
    }
}

/// Why a repository that left the release is not asked again.
const LEFT: &str = "it had the release, and somebody took it off again";

fn set(entry: &mut Entry, state: EntryState, reason: Option<&str>) {
    entry.state = state;
    entry.reason = reason.map(shown);
}

fn shown(text: &str) -> String {
    shortened(&printable(text), 300)
}

fn remember(entry: &mut Entry, head: &CommitId) {
    let known: BTreeSet<&str> = entry.commits.iter().map(String::as_str).collect();
    if known.contains(head.short()) {
        return;
    }
    entry.commits.push(head.short().to_owned());
    let surplus = entry.commits.len().saturating_sub(MAX_COMMITS);
    entry.commits.drain(..surplus);
}
