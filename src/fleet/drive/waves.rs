//! The repositories of a rollout's waves: found where a wave begins, and settled where it ends.

use super::{
    DriveError,
    members::{configuration, names, of_wave},
    round::{Drive, Round},
    safe::begin_again,
};
use crate::{
    fleet::rollout::{Entry, EntryState, Kind, Verdict},
    forge::Seen,
};

impl Drive<'_> {
    /// Finds the repositories of a wave; a rollback begins all its waves at once.
    pub(super) async fn plan_wave(
        &mut self,
        index: usize,
        round: &mut Round,
    ) -> Result<(), DriveError> {
        let seen = self.survey(round).await?;
        let now = Some((self.crew.clock)());
        if self.rollout.kind == Kind::Rollback {
            for wave in &mut self.rollout.waves {
                wave.started_at = now;
            }
            self.add_bad(round, &seen);
            let unwanted = self.members.unwanted(self.crew, &round.want, &self.rollout);
            round.unwanted = unwanted.await?;
        } else {
            let names = self.of_wave(index, round, &seen);
            let wave = &mut self.rollout.waves[index];
            wave.started_at = now;
            wave.repositories = names.iter().map(|name| Entry::new(name)).collect();
        }
        let names = names(&self.rollout);
        round.stands = self.members.stands(&names, self.rollout.via);
        self.save().await
    }

    /// Finds the repositories of all waves, and begins the first.
    pub(super) fn plan_all(&mut self, round: &mut Round, seen: &[Seen]) {
        if self.rollout.kind == Kind::Rollback {
            self.add_bad(round, seen);
        } else {
            for index in 0..self.rollout.waves.len() {
                let names = self.of_wave(index, round, seen);
                let entries = names.iter().map(|name| Entry::new(name));
                self.rollout.waves[index].repositories = entries.collect();
            }
        }
        let now = (self.crew.clock)();
        if let Some(first) = self.rollout.waves.first_mut() {
            first.started_at = Some(now);
        }
        let names = names(&self.rollout);
        round.stands = self.members.stands(&names, self.rollout.via);
    }

    /// Adds the repositories that have what is taken back to their waves; whether there are any.
    pub(super) fn add_bad(&mut self, round: &mut Round, seen: &[Seen]) -> bool {
        let has_bad = |name: &String| {
            let row = self.members.rows.get(name);
            row.is_some_and(|row| round.want.has_bad(&row.texts))
        };
        let mut found = begin_again(&mut self.rollout, has_bad);
        for index in 0..self.rollout.waves.len() {
            let mut names = self.of_wave(index, round, seen);
            names.retain(&has_bad);
            let more = names.iter().map(|name| Entry::new(name));
            self.rollout.waves[index].repositories.extend(more);
            found.extend(names);
        }
        let stands = self.members.stands(&found, self.rollout.via);
        round.stands.extend(stands);
        !found.is_empty()
    }

    pub(super) fn of_wave(&self, index: usize, round: &Round, seen: &[Seen]) -> Vec<String> {
        let configuration = configuration(self.crew, seen);
        let only = &self.options.only;
        of_wave(
            &round.fleet,
            seen,
            &configuration,
            &self.rollout,
            index,
            only,
        )
    }

    pub(super) async fn end_wave(
        &mut self,
        index: usize,
        verdict: Option<Verdict>,
    ) -> Result<(), DriveError> {
        let is_rollback = self.rollout.kind == Kind::Rollback;
        let wave = &mut self.rollout.waves[index];
        wave.ended_at = Some((self.crew.clock)());
        for entry in &mut wave.repositories {
            if entry.state == EntryState::Merged && (verdict.is_some() || is_rollback) {
                entry.state = EntryState::Verified;
                entry.commits.clear();
            }
        }
        wave.gate = verdict;
        self.save().await
    }
}
