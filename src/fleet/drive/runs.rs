//! The runs that a wave's gate judges.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{SignedDuration, Timestamp};

use super::{
    DriveError,
    round::{Drive, Round},
};
use crate::{
    fleet::{
        Want,
        rollout::{Entry, EntryState},
    },
    forge::{CommitOf, Run, RunsOf},
    model::commit::CommitId,
};

/// Commits of a repository whose files are asked for.
const MAX_COMMITS: usize = 20;

/// How much earlier than the wave a run may seem to have begun: forges tell whole seconds. Whether it
/// counts is decided by its commit's files.
const ROUNDED: SignedDuration = SignedDuration::from_secs(1);

impl Drive<'_> {
    /// Reads the runs of the wave's repositories that have the release.
    pub(super) async fn read_runs(
        &mut self,
        index: usize,
        round: &mut Round,
    ) -> Result<(), DriveError> {
        let of = self.runs_of(index);
        let (names, of): (Vec<String>, Vec<RunsOf>) = of.into_iter().unzip();
        let started = self.rollout.waves[index].started_at;
        let started = started.unwrap_or(self.rollout.started_at);
        let since = started.saturating_sub(round.fleet.gates.baseline);
        let since = since.unwrap_or(Timestamp::MIN);
        let found = self.crew.means.forge.runs(&of, since).await?;
        let mut runs: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for (name, found) in names.into_iter().zip(found) {
            runs.entry(name).or_default().extend(found);
        }
        self.look_between(index, started, &runs, round).await?;
        round.runs = Some(runs);
        Ok(())
    }

    /// The workflows whose runs count, each with its repository's name.
    fn runs_of(&self, index: usize) -> Vec<(String, RunsOf)> {
        let reached = self.rollout.waves[index].repositories.iter();
        let reached = reached.filter(|it| it.state == EntryState::Merged);
        let rows = reached.filter_map(|it| Some((it, self.members.rows.get(&it.name)?)));
        let is_workflow = |it: &&String| it.starts_with(".github/") || it.starts_with(".gitlab-ci");
        rows.flat_map(|(entry, row)| {
            let repository = &row.seen.repository;
            let files = row.seen.files.keys().filter(is_workflow);
            files.map(move |file| {
                let of = RunsOf {
                    repository: repository.id.clone(),
                    full_name: repository.full_name.clone(),
                    workflow: file.clone(),
                };
                (entry.name.clone(), of)
            })
        })
        .collect()
    }

    /// Finds out which of the commits that ran have the release: between two looks, the default
    /// branch may have had other heads than those that were seen.
    async fn look_between(
        &mut self,
        index: usize,
        started: Timestamp,
        runs: &BTreeMap<String, Vec<Run>>,
        round: &mut Round,
    ) -> Result<(), DriveError> {
        let between = self.between(index, started, runs);
        let unknown = between.iter().map(|(_, of)| of);
        let unknown = unknown.filter(|it| !self.judged.contains_key(it));
        let unknown: Vec<CommitOf> = unknown.cloned().collect();
        if !unknown.is_empty() {
            let paths = &round.want.watch().paths;
            let files = self.crew.means.forge.files(&unknown, paths).await?;
            let judged = self.members.judge(self.crew, &round.want, &unknown, files);
            let judged = judged.await?;
            self.judged.extend(unknown.into_iter().zip(judged));
        }
        round.also.clear();
        for (name, of) in between {
            if self.judged.get(&of) == Some(&true) {
                let also = round.also.entry(name).or_default();
                also.push(of.commit.short().to_owned());
            }
        }
        Ok(())
    }

    /// The newest commits of default branches that ran since the wave began, and that were not seen
    /// to have the release, each with its repository's name.
    fn between(
        &self,
        index: usize,
        started: Timestamp,
        runs: &BTreeMap<String, Vec<Run>>,
    ) -> Vec<(String, CommitOf)> {
        let mut between = Vec::new();
        for entry in &self.rollout.waves[index].repositories {
            let (Some(row), Some(runs)) =
                (self.members.rows.get(&entry.name), runs.get(&entry.name))
            else {
                continue;
            };
            let repository = &row.seen.repository;
            let unseen = unseen(entry, repository.default_branch.as_deref(), started, runs);
            between.extend(unseen.into_iter().map(|commit| {
                let of = CommitOf {
                    repository: repository.id.clone(),
                    full_name: repository.full_name.clone(),
                    commit: commit.clone(),
                };
                (entry.name.clone(), of)
            }));
        }
        between
    }
}

/// The commits that were a branch's head and ran since `started`, without those that were seen to
/// have the release; the newest alone where there are many.
fn unseen<'r>(
    entry: &Entry,
    branch: Option<&str>,
    started: Timestamp,
    runs: &'r [Run],
) -> BTreeSet<&'r CommitId> {
    let is_of_branch = |run: &&Run| run.branch.is_some() && run.branch.as_deref() == branch;
    let runs = runs.iter().filter(is_of_branch);
    let since = started.saturating_sub(ROUNDED);
    let since = since.unwrap_or(Timestamp::MIN);
    let mut runs: Vec<&Run> = runs.filter(|run| run.at >= since).collect();
    runs.sort_by_key(|run| Reverse(run.at));
    let mut unseen = BTreeSet::new();
    for commit in runs.into_iter().filter_map(|run| run.commit.as_ref()) {
        if unseen.len() < MAX_COMMITS && entry.commits.iter().all(|it| it != commit.short()) {
            unseen.insert(commit);
        }
    }
    unseen
}
