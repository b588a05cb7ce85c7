//! What a wave must show before the next one moves.
//!
//! Only runs count whose commit is known to have the release on the default branch. A run failed
//! where its sandbox died, or where it failed and fullsend said nothing; an agent that ended with a
//! code of its own is a run like any other. Nothing is taken for granted: without runs there is no
//! pass.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    config::Gates,
    forge::{Ended, Run, SandboxEnd},
    model::{
        commit::CommitId,
        text::{printable, shortened},
    },
};

/// The runs of one repository, and which of them count.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    /// The first digits of the commits that have the release on the default branch.
    pub commits: BTreeSet<&'a str>,
    /// When the wave began: an unknown commit that ran before it is of the time before.
    pub started_at: Timestamp,
    /// The runs that ended, as far back as the baseline goes.
    pub runs: &'a [Run],
}

/// What the runs of a wave show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Runs with the release.
    pub runs: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// In how many repositories they were.
    pub repositories: u64,
    /// The same repositories' runs before.
    pub runs_before: u64,
    /// Those of them that failed.
    pub failed_before: u64,
    /// Runs since the wave began whose commits are not known to have it; they do not count.
    pub unknown: u64,
}

/// What a gate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "says", rename_all = "snake_case")]
pub enum Verdict {
    /// The next wave may move.
    Pass {
        /// By this.
        evidence: Evidence,
    },
    /// The release is not good.
    Stop {
        /// Why, as a sentence without its full stop.
        reason: String,
        /// By this.
        evidence: Evidence,
    },
    /// Too little has run.
    Inconclusive {
        /// What is missing, and how to get it.
        reason: String,
        /// What there is.
        evidence: Evidence,
    },
}

/// What the runs of a wave's repositories say about the release.
///
/// Fewer repositories than `gates` asks for are enough where the wave has no more.
pub fn gate(gates: &Gates, samples: &[Sample<'_>]) -> Verdict {
    let mut counted = Counted::default();
    for sample in samples {
        counted.add(sample);
    }
    let needed = Needed::of(gates, samples.len());
    let evidence = counted.evidence;
    if let Some(url) = counted.not_started {
        let reason = format!("a run could not even start, see {url}");
        return Verdict::Stop { reason, evidence };
    }
    if needed.is_worse(&evidence, gates.tolerance_points) {
        let points = gates.tolerance_points;
        let reason = format!("{}; {points} points more are allowed", evidence.shown());
        return Verdict::Stop { reason, evidence };
    }
    match needed.missing(&evidence) {
        Some(reason) => Verdict::Inconclusive { reason, evidence },
        None => Verdict::Pass { evidence },
    }
}

#[derive(Default)]
struct Counted {
    evidence: Evidence,
    /// The page of a run that could not start.
    not_started: Option<String>,
}

impl Counted {
    fn add(&mut self, sample: &Sample<'_>) {
        let mut before = (0, 0);
        let mut seen = false;
        for run in sample
            .runs
            .iter()
            .filter(|run| run.ended != Ended::Cancelled)
        {
            let failed = u64::from(has_failed(run));
            let commit = run.commit.as_ref().map(CommitId::short);
            if commit.is_some_and(|it| sample.commits.contains(it)) {
                if run.ended == Ended::NotStarted {
                    self.not_started
                        .get_or_insert_with(|| shortened(&printable(&run.url), 200));
                    continue;
                }
                seen = true;
                self.evidence.runs += 1;
                self.evidence.failed += failed;
            } else if run.at < sample.started_at {
                before = (before.0 + 1, before.1 + failed);
            } else {
                self.evidence.unknown += 1;
            }
        }
        // Repositories that show nothing now have nothing to be compared with.
        if seen {
            self.evidence.repositories += 1;
            self.evidence.runs_before += before.0;
            self.evidence.failed_before += before.1;
        }
    }
}

fn has_failed(run: &Run) -> bool {
    match run.sandbox {
        Some(SandboxEnd::Sandbox) => true,
        Some(SandboxEnd::Agent) => false,
        None => matches!(run.ended, Ended::Failed | Ended::NotStarted),
    }
}

struct Needed {
    runs: u64,
    repositories: u64,
}

impl Needed {
    fn of(gates: &Gates, repositories: usize) -> Self {
        let there = u64::try_from(repositories).unwrap_or(u64::MAX).max(1);
        Self {
            runs: u64::from(gates.runs),
            repositories: u64::from(gates.repositories).min(there),
        }
    }

    /// Whether more fail than before by over `points` in a hundred.
    ///
    /// Runs that are still missing are taken for good ones: then no later run can mend it.
    fn is_worse(&self, evidence: &Evidence, points: u32) -> bool {
        let now = evidence.runs.max(self.runs);
        let before = evidence.runs_before.max(1);
        let allowed = u64::from(points) * now * before + 100 * evidence.failed_before * now;
        100 * evidence.failed * before > allowed
    }

    fn missing(&self, evidence: &Evidence) -> Option<String> {
        let (runs, repositories) = (evidence.runs, evidence.repositories);
        if runs >= self.runs && repositories >= self.repositories {
            return None;
        }
        let mut missing = format!(
            "{runs} of the {} runs that are needed have ended, in {repositories} of {} repositories",
            self.runs, self.repositories
        );
        if evidence.unknown > 0 {
            let unknown = format!(
                "; {} more ran commits that are not known to have the release",
                evidence.unknown
            );
            missing.push_str(&unknown);
        }
        Some(missing)
    }
}

impl Sample<'_> {
    /// Whether a run with the release has ended.
    pub fn has_run(&self) -> bool {
        let mut runs = self.runs.iter().filter(|it| it.ended != Ended::Cancelled);
        runs.any(|run| {
            let commit = run.commit.as_ref().map(CommitId::short);
            commit.is_some_and(|it| self.commits.contains(it))
        })
    }
}

impl Evidence {
    /// How many more repositories with a run each would be enough, of so many.
    pub fn lacking(&self, gates: &Gates, repositories: usize) -> u64 {
        let needed = Needed::of(gates, repositories);
        let runs = needed.runs.saturating_sub(self.runs);
        runs.max(needed.repositories.saturating_sub(self.repositories))
    }

    /// How many failed now and before.
    pub fn shown(&self) -> String {
        let Self {
            runs,
            failed,
            runs_before,
            failed_before,
            ..
        } = self;
        format!(
            "{failed} of {runs} runs failed ({} %), and of {runs_before} before {failed_before} ({} %)",
            percent(*failed, *runs),
            percent(*failed_before, *runs_before),
        )
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    (100 * part).checked_div(whole).unwrap_or_default()
}

impl Verdict {
    /// What it rests on.
    pub fn evidence(&self) -> &Evidence {
        match self {
            Self::Pass { evidence }
            | Self::Stop { evidence, .. }
            | Self::Inconclusive { evidence, .. } => evidence,
        }
    }
}
