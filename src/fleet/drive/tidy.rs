//! What is left of requests that were merged.

use std::collections::{BTreeMap, BTreeSet};

use super::round::{Drive, Round};
use crate::fleet::{self, Outcome, Plan, apply};

impl Drive<'_> {
    /// Removes what is left of requests that were merged. What stays is told, and tried again after
    /// the next wave, and in the end.
    pub(super) async fn tidy(&mut self, round: &Round) {
        let failed = self.remove_branches(round).await;
        let names: Vec<String> = failed.into_keys().collect();
        if names.is_empty() {
            return;
        }
        let failed = match self.members.look(self.crew, &round.want, &names).await {
            Ok(()) => self.remove_branches(round).await,
            Err(error) => BTreeMap::from([(names.join(", "), error.to_string())]),
        };
        for (name, why) in failed {
            let what = format!("our branch in {name} could not be removed: {why}");
            self.crew.progress.note(&what);
        }
    }

    /// Removes our branches whose requests were merged; those that it could not remove, with the
    /// reasons.
    async fn remove_branches(&mut self, round: &Round) -> BTreeMap<String, String> {
        // The request to the configuration repository, which is no member, has the same branch.
        let entries = self.rollout.entries();
        let members: BTreeSet<&str> = entries.map(|it| it.name.as_str()).collect();
        let rows = self.members.rows.iter();
        let rows = rows.filter(|(name, _)| members.contains(name.as_str()));
        let left = rows.map(|(_, row)| row).filter(|row| {
            let is_there = row.ask.as_ref().is_ok_and(|ask| ask.changes.is_empty());
            is_there && matches!(row.step, fleet::Step::Do(_))
        });
        let plan = Plan {
            rows: left.cloned().collect(),
        };
        let mut failed = BTreeMap::new();
        for ended in apply(self.crew.means, &round.want, plan, false).await {
            let name = ended.seen.repository.name;
            if let Outcome::Failed(why) = ended.outcome {
                failed.insert(name, why);
            } else if let Some(row) = self.members.rows.get_mut(&name) {
                row.step = fleet::Step::Rest(ended.outcome);
            }
        }
        failed
    }
}
