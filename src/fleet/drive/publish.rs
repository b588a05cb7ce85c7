//! The deny list where agents read it when they start: an artifact in a registry.
//!
//! It is a copy of deny.json as a rollout is about to make it, and is pushed before the commit that
//! does: nothing else reaches what starts in the next second, and no branch protection stands in
//! its way. Whatever is lost between the two, the next look finds that they differ.

use super::{Crew, DriveError, configuration::denied, round::Drive};
use crate::{
    config::{Fleet, MAX_FILE_BYTES},
    fleet::{
        desired::DENY_FILE,
        rollout::{Kind, Rollout},
    },
    registry::Artifact,
};

/// What the artifact calls itself; readers take any that holds one file.
const KIND: &str = "application/vnd.fullsend.deny-list.v1";
const JSON: &str = "application/json";

impl Drive<'_> {
    /// Has the registry that fleet.yaml names hold the deny list; what a registry refuses is told,
    /// and does not hold up the rollout.
    ///
    /// A rollback looks in every round. An upgrade looks once: it could otherwise take back what a
    /// rollback has just denied, in the moment before it finds out about that.
    pub(super) async fn publish(&mut self, fleet: &Fleet) -> Result<(), DriveError> {
        let is_done = self.rollout.kind == Kind::Upgrade && self.published == Some(Ok(()));
        let Some(place) = fleet.deny_list.as_ref().filter(|_| !is_done) else {
            return Ok(());
        };
        let crew = self.crew;
        let pushed = match artifact(crew, fleet, &self.rollout).await? {
            Ok(artifact) => {
                let pushed = crew.registry.push(place, &artifact).await;
                pushed.map_err(|error| error.with_hint())
            }
            Err(why) => Err(why),
        };
        if pushed == Ok(true) {
            let note = format!("the deny list is published as oci:{place}");
            crew.progress.note(&note);
        }
        self.published = Some(
            pushed
                .map(|_| ())
                .map_err(|why| format!("the deny list is not published as oci:{place}: {why}")),
        );
        Ok(())
    }

    /// What [`publish`](Self::publish) would do.
    pub(super) async fn would_publish(&self, fleet: &Fleet) -> Result<Option<String>, DriveError> {
        let Some(place) = &fleet.deny_list else {
            return Ok(None);
        };
        let sentence = match artifact(self.crew, fleet, &self.rollout).await? {
            Ok(artifact) => match self.crew.registry.leads_to(place, &artifact).await {
                Ok(true) => format!("oci:{place} has it already"),
                Ok(false) => format!("it would be pushed to oci:{place}"),
                Err(error) => error.with_hint(),
            },
            Err(why) => why,
        };
        Ok(Some(sentence))
    }
}

/// The deny list as it is to be, or why nobody could read it.
async fn artifact(
    crew: Crew<'_>,
    fleet: &Fleet,
    rollout: &Rollout,
) -> Result<Result<Artifact, String>, DriveError> {
    let list = denied(crew, fleet, rollout).await?;
    if list.len() > MAX_FILE_BYTES {
        return Ok(Err(format!(
            "it has {} bytes, and nobody reads more than {MAX_FILE_BYTES}",
            list.len()
        )));
    }
    Ok(Ok(Artifact::of_file(KIND, JSON, DENY_FILE, list)))
}
