//! What a rollout would do, found without a write.

use super::{
    Configuration, Crew, DenyList, DriveError, RollOptions, configuration::would_write,
    round::Drive,
};
use crate::{
    fleet::{
        Plan,
        rollout::{Rollout, Step},
    },
    forge::Change,
};

/// What a rollout would do.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The rollout, with the repositories of all its waves.
    pub rollout: Rollout,
    /// The first commit to the configuration repository; later ones let one ring after the other
    /// follow.
    pub configuration: Vec<Change>,
    /// What would become of the published deny list; nothing where none is.
    pub deny_list: Option<DenyList>,
    /// What each repository would be asked for, in the order of waves.
    pub plan: Plan,
}

/// Whether `rollout`, which has not begun, would find nothing to do: whoever was stopped behind the
/// last write of a rollout gives the same command again, and means no other.
pub(crate) async fn is_needless(
    crew: Crew<'_>,
    rollout: &Rollout,
    options: &RollOptions,
) -> Result<bool, DriveError> {
    let drive = Drive::new(crew, rollout.clone(), options);
    let found = Box::pin(drive.preview()).await?;
    let is_published = found.deny_list.is_none_or(|it| it.is_there);
    Ok(is_published && found.configuration.is_empty() && found.plan.writes() == 0)
}

impl Drive<'_> {
    /// What would be done, were nothing to go wrong.
    pub(crate) async fn preview(mut self) -> Result<Preview, DriveError> {
        let fleet = Configuration::read(self.crew).await?.fleet;
        let deny_list = self.would_publish(&fleet).await;
        let mut round = self.round_of(fleet);
        let seen = self.survey(&mut round).await?;
        self.plan_all(&mut round, &seen);
        let configuration = match self.next(&round) {
            Step::Configure(desire) => {
                would_write(self.crew, &round.fleet, &self.rollout, &desire).await?
            }
            _ => Vec::new(),
        };
        let rows = self.rollout.entries();
        let rows = rows.filter_map(|entry| self.members.rows.get(&entry.name).cloned());
        let plan = Plan {
            rows: rows.collect(),
        };
        Ok(Preview {
            rollout: self.rollout,
            configuration,
            deny_list,
            plan,
        })
    }
}
