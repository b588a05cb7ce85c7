//! The deny list where agents read it when they start: an artifact in a registry.
//!
//! It is a copy of deny.json as a rollout is about to make it, and is pushed while the commit that
//! does is made: nothing else reaches what starts in the next second, no branch protection stands
//! in its way, and neither waits for the other. Whatever is lost of the two, the next look finds
//! that they differ.

use futures_util::future::join;

use super::{Crew, DriveError, End, configuration::denied, round::Drive};
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

/// What would become of the published deny list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenyList {
    /// The registry has it.
    pub is_there: bool,
    /// For people.
    pub sentence: String,
}

impl<'a> Drive<'a> {
    /// A round: step after step until there is nothing to do but wait, and the list beside them.
    pub(super) async fn publish_and_step(&mut self) -> Result<End, DriveError> {
        let mut round = self.look().await?;
        let publishing = self.publishing(&round.fleet);
        let (published, end) = join(publishing, self.steps(&mut round)).await;
        self.published = published.or(self.published.take());
        end
    }

    /// Has the registry that fleet.yaml names hold the deny list, while the rollout goes on: a
    /// registry that hangs or refuses is told, and holds nothing up. Nothing where there is nothing
    /// to publish.
    ///
    /// A rollback looks in every round. An upgrade looks once: it could otherwise take back what a
    /// rollback has just denied, in the moment before it finds out about that.
    fn publishing(
        &self,
        fleet: &Fleet,
    ) -> impl Future<Output = Option<Result<(), String>>> + use<'a> {
        let is_done = self.rollout.kind == Kind::Upgrade && self.published == Some(Ok(()));
        let place = fleet.deny_list.clone().filter(|_| !is_done);
        let (crew, fleet, rollout) = (self.crew, fleet.clone(), self.rollout.clone());
        async move {
            let place = place?;
            let pushed = match artifact(crew, &fleet, &rollout).await {
                Ok(artifact) => {
                    let pushed = crew.registry.push(&place, &artifact).await;
                    pushed.map_err(|error| error.with_hint())
                }
                Err(why) => Err(why),
            };
            if pushed == Ok(true) {
                let note = format!("the deny list is published as oci:{place}");
                crew.progress.note(&note);
            }
            let told = |why| format!("the deny list is not published as oci:{place}: {why}");
            Some(pushed.map(|_| ()).map_err(told))
        }
    }

    /// What [`publishing`](Self::publishing) would do.
    pub(super) async fn would_publish(&self, fleet: &Fleet) -> Option<DenyList> {
        let place = fleet.deny_list.as_ref()?;
        let is_there = match artifact(self.crew, fleet, &self.rollout).await {
            Ok(artifact) => {
                let leads = self.crew.registry.leads_to(place, &artifact).await;
                leads.map_err(|error| error.with_hint())
            }
            Err(why) => Err(why),
        };
        let sentence = match &is_there {
            Ok(true) => format!("oci:{place} has it already"),
            Ok(false) => format!("it would be pushed to oci:{place}"),
            Err(why) => why.clone(),
        };
        Some(DenyList {
            is_there: is_there == Ok(true),
            sentence,
        })
    }
}

/// The deny list as it is to be, or why there is none that anybody could read.
async fn artifact(crew: Crew<'_>, fleet: &Fleet, rollout: &Rollout) -> Result<Artifact, String> {
    let list = denied(crew, fleet, rollout).await;
    let list = list.map_err(|error| error.with_hint())?;
    if list.len() > MAX_FILE_BYTES {
        let size = list.len();
        return Err(format!(
            "it has {size} bytes, and nobody reads more than {MAX_FILE_BYTES}"
        ));
    }
    Ok(Artifact::of_file(KIND, JSON, DENY_FILE, list))
}
