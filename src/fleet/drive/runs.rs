//! The runs that a wave's gate judges.

use std::collections::BTreeMap;

use super::{
    DriveError,
    round::{Drive, Round},
};
use crate::{
    fleet::rollout::EntryState,
    forge::{Run, RunsOf},
};

impl Drive<'_> {
    pub(super) async fn read_runs(
        &mut self,
        index: usize,
        round: &mut Round,
    ) -> Result<(), DriveError> {
        let wave = &self.rollout.waves[index];
        let reached = wave.repositories.iter();
        let reached = reached.filter(|it| it.state == EntryState::Merged);
        let mut of = Vec::new();
        for entry in reached {
            let Some(row) = self.members.rows.get(&entry.name) else {
                continue;
            };
            let repository = &row.seen.repository;
            let files = row.seen.files.keys();
            for file in
                files.filter(|it| it.starts_with(".github/") || it.starts_with(".gitlab-ci"))
            {
                of.push((
                    entry.name.clone(),
                    RunsOf {
                        repository: repository.id.clone(),
                        full_name: repository.full_name.clone(),
                        workflow: file.clone(),
                    },
                ));
            }
        }
        let (names, of): (Vec<String>, Vec<RunsOf>) = of.into_iter().unzip();
        let started = wave.started_at.unwrap_or(self.rollout.started_at);
        let since = started.saturating_sub(round.fleet.gates.baseline);
        let since = since.unwrap_or(jiff::Timestamp::MIN);
        let found = self.crew.means.forge.runs(&of, since).await?;
        let mut runs: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for (name, found) in names.into_iter().zip(found) {
            runs.entry(name).or_default().extend(found);
        }
        round.runs = Some(runs);
        Ok(())
    }
}
