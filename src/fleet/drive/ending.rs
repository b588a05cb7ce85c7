//! How a rollout ends.

use std::collections::BTreeSet;

use super::{
    DriveError, End,
    round::{Drive, Round},
};
use crate::fleet::rollout::{EntryState, Kind, State};

impl Drive<'_> {
    /// Ends the rollout, or finds that something is left of what it takes back.
    pub(super) async fn finish(&mut self, round: &mut Round) -> Result<Option<End>, DriveError> {
        if let (State::Stopped, reason) = (self.rollout.state, &self.rollout.reason) {
            let reason = reason.clone().unwrap_or_default();
            let is_bad = self.rollout.is_bad;
            return Ok(Some(End::Stopped { reason, is_bad }));
        }
        self.tidy(round).await;
        if (self.rollout.kind, self.rollout.state) == (Kind::Rollback, State::Running) {
            if let Some(left) = self.left(round).await? {
                return Ok(left);
            }
            self.undone().await?;
        }
        if self.rollout.state == State::Running {
            self.rollout.state = State::Finished;
        }
        Ok(Some(End::Finished))
    }

    /// What is still there of what is taken back: looked for once more, as requests may have been
    /// merged meanwhile.
    pub(super) async fn left(
        &mut self,
        round: &mut Round,
    ) -> Result<Option<Option<End>>, DriveError> {
        let seen = self.survey(round).await?;
        let unwanted = self.members.unwanted(self.crew, &round.want, &self.rollout);
        round.unwanted = unwanted.await?;
        if self.add_bad(round, &seen) {
            return Ok(Some(None));
        }
        let Some(first) = round.unwanted.first() else {
            return Ok(None);
        };
        if !round.closed_again {
            round.closed_again = true;
            return Ok(Some(None));
        }
        let what = format!(
            "requests for what is taken back cannot be closed, the first is {}",
            first.request.url
        );
        Ok(Some(Some(End::Waiting { what, until: None })))
    }

    /// Remembers that the rollout that brought the release was taken back.
    pub(super) async fn undone(&mut self) -> Result<(), DriveError> {
        for entry in self
            .rollout
            .waves
            .iter_mut()
            .flat_map(|it| &mut it.repositories)
        {
            if entry.state == EntryState::Merged {
                entry.state = EntryState::Verified;
                entry.commits.clear();
            }
        }
        let Some(id) = self.rollout.undoes.clone() else {
            return Ok(());
        };
        let Some(mut undone) = self.record().rollout(&id).await? else {
            return Ok(());
        };
        undone.state = State::RolledBack;
        let back = self.rollout.entries();
        let back = back.filter(|it| it.state == EntryState::Verified);
        let back: BTreeSet<&str> = back.map(|it| it.name.as_str()).collect();
        for entry in undone.waves.iter_mut().flat_map(|it| &mut it.repositories) {
            if back.contains(entry.name.as_str()) {
                entry.state = EntryState::RolledBack;
            }
        }
        let mut done = self.rollout.clone();
        done.state = State::Finished;
        self.record().save(&[&done, &undone]).await?;
        self.saved = Some(done);
        Ok(())
    }
}
