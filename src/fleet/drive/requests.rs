//! The requests of a rollout: made, merged, closed.

use super::{
    DriveError,
    round::{Drive, Round},
    safe::not_ours_alone,
};
use crate::{
    fleet::{Action, Outcome, Plan, Write, apply, rollout::Stands},
    forge::{Merging, Request},
};

/// So many repositories are asked between two looks.
const AT_ONCE: usize = 10;

impl Drive<'_> {
    pub(super) async fn close(
        &mut self,
        requests: Vec<(String, Request)>,
        round: &mut Round,
    ) -> Result<(), DriveError> {
        for (name, request) in requests {
            if (self.crew.means.stopped)() {
                return Ok(());
            }
            round
                .unwanted
                .retain(|it| (&it.name, it.request.number) != (&name, request.number));
            let Some(row) = self.members.rows.get(&name) else {
                continue;
            };
            let means = self.crew.means;
            let intent = (&*name, &*request.branch, Write::Request(Action::Close));
            let closed = means.forge.close(&row.seen.repository, &request);
            let closed = means.written(intent, closed).await;
            // The next round looks again.
            if let Err(error) = closed.map_err(DriveError::Record)? {
                self.crew.progress.note(&error.with_hint());
            }
        }
        Ok(())
    }

    /// Asks these repositories, and looks again before the next few of them: what another operator
    /// brought meanwhile is not asked for a second time.
    pub(super) async fn propose(
        &mut self,
        names: &[String],
        round: &mut Round,
    ) -> Result<(), DriveError> {
        for (index, names) in names.chunks(AT_ONCE).enumerate() {
            if (self.crew.means.stopped)() {
                return Ok(());
            }
            if index > 0 {
                self.members.look(self.crew, &round.want, names).await?;
            }
            let stands = self.members.stands(names, self.rollout.via);
            let ready = stands
                .iter()
                .filter(|it| matches!(it.1, Stands::Ready { .. }));
            let ready: Vec<String> = ready.map(|(name, _)| name.clone()).collect();
            round.stands.extend(stands);
            self.ask(&ready, round).await;
        }
        Ok(())
    }

    async fn ask(&mut self, names: &[String], round: &mut Round) {
        let rows = names.iter();
        let rows = rows.filter_map(|name| self.members.rows.get(name).cloned());
        let plan = Plan {
            rows: rows.collect(),
        };
        let failed = |why: &str| Stands::Failed(why.to_owned());
        for name in names {
            let stands = failed("it is no longer there");
            round.stands.insert(name.clone(), stands);
        }
        for ended in apply(self.crew.means, &round.want, plan, false).await {
            let stands = match ended.outcome {
                Outcome::Open { request, .. } => Stands::Open(request),
                Outcome::Refused(refusal) => Stands::Refused(refusal),
                Outcome::Failed(why) => Stands::Failed(why),
                Outcome::Done | Outcome::Unreached => failed("it changed meanwhile"),
            };
            round.stands.insert(ended.seen.repository.name, stands);
        }
    }

    pub(super) async fn merge(
        &mut self,
        requests: Vec<(String, Request)>,
        round: &mut Round,
    ) -> Result<(), DriveError> {
        let mut merged = Vec::new();
        for (name, mut request) in requests {
            if (self.crew.means.stopped)() {
                return Ok(());
            }
            let row = self.members.rows.get(&name);
            let (Some(row), Some(head)) = (row, request.head.clone()) else {
                let why = "the forge does not tell its commit".to_owned();
                round.waiting.insert(name, why);
                continue;
            };
            if let Some(why) = not_ours_alone(self.crew, row, &request, &head).await {
                round.waiting.insert(name, why);
                continue;
            }
            let means = self.crew.means;
            let branch = request.branch.clone();
            let merging = means.forge.merge(&row.seen.repository, &request, &head);
            let merging = means
                .written((&*name, &*branch, Write::Merge), merging)
                .await;
            match merging.map_err(DriveError::Record)? {
                Ok(Merging::Merged) => merged.push(name),
                Ok(Merging::Queued | Merging::Automatic) => {
                    request.is_on_its_way = true;
                    round.stands.insert(name, Stands::Open(request));
                }
                Ok(Merging::Waiting(why)) => {
                    round.waiting.insert(name, why);
                }
                Err(error) if error.is_unsure() => merged.push(name),
                Err(error) => {
                    round.waiting.insert(name, error.with_hint());
                }
            }
        }
        self.members.look(self.crew, &round.want, &merged).await?;
        let mut stands = self.members.stands(&merged, self.rollout.via);
        for (name, stands) in &mut stands {
            // A forge may show it a little later than it says so.
            if let Stands::Open(_) = stands {
                round
                    .waiting
                    .insert(name.clone(), "it is being merged".to_owned());
            }
        }
        round.stands.extend(stands);
        Ok(())
    }
}
