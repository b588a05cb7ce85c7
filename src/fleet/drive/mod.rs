//! Drives a rollout over a forge: look, decide ([`rollout`](super::rollout)), act, and look again.

mod agents;
mod configuration;
mod ending;
mod error;
mod members;
mod moving;
mod pins;
mod preview;
mod publish;
mod record;
mod requests;
mod round;
mod runs;
mod safe;
mod smoke;
#[cfg(test)]
mod tests;
mod tidy;
mod waves;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub(super) use configuration::Configuration;
pub use error::{Busy, DriveError};
pub use preview::Preview;
pub(super) use preview::is_needless;
pub use publish::DenyList;
pub(super) use record::{Record, newest_in_short};
pub(super) use round::Drive;

use super::{
    Means,
    rollout::{Rollout, Via},
};
use crate::{config::Release, forge::Request, model::verdict::Verdict, registry::Registry};

/// What a rollout is driven with.
#[derive(Clone, Copy)]
pub struct Crew<'a> {
    /// The forge, and how its repositories are written to.
    pub means: Means<'a>,
    /// The repository that holds fleet.yaml, by its name below the owner or group.
    pub configuration: &'a str,
    /// Who proves images.
    pub prover: &'a dyn Prover,
    /// The registries, of which one may hold the deny list.
    pub registry: &'a Registry,
    /// Who follows the rollout.
    pub progress: &'a dyn Progress,
    /// The time.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// How long to wait between two looks, where the rollout is watched; nothing where it is not.
    pub watch: Option<Duration>,
}

/// Proves that an image is the one that its maintainers built.
#[async_trait(?Send)]
pub trait Prover: Sync {
    /// Proves the image of `release`, and that its action is there.
    async fn prove(&self, release: &Release) -> Result<(), Refused>;
}

/// A release that was not proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// What was found about the image, which decides the exit code.
    pub verdict: Verdict,
    /// The whole sentence.
    pub reason: String,
}

/// Who follows a rollout; all of it is for people.
pub trait Progress: Sync {
    /// The rollout is about to go on, or has moved on: after every step.
    fn at(&self, rollout: &Rollout);
    /// Something was done or found that people should know, as a sentence.
    fn note(&self, sentence: &str);
    /// Nothing can be done before the next look, for this reason.
    fn waiting(&self, reason: &str);
}

/// How a rollout came to its end, or to a rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rolled {
    /// The rollout as it is now.
    pub rollout: Rollout,
    /// How it came to rest.
    pub end: End,
    /// Why the deny list is not published as fleet.yaml wants it, as a sentence.
    pub unpublished: Option<String>,
}

impl Rolled {
    /// A rollout that was through before.
    pub(super) fn finished(rollout: Rollout) -> Self {
        Self {
            rollout,
            end: End::Finished,
            unpublished: None,
        }
    }
}

/// How a rollout came to rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is through.
    Finished,
    /// The same command goes on, once this has happened.
    Waiting {
        /// What has to happen.
        what: String,
        /// When to look again; nothing where only others can go on.
        until: Option<Timestamp>,
    },
    /// It does not go on.
    Stopped {
        /// Why.
        reason: String,
        /// The release has shown that it is bad: `fullsend rollback` takes it back.
        is_bad: bool,
    },
    /// It stopped for this reason, and was taken back.
    RolledBack {
        /// Why.
        reason: String,
        /// How that went.
        rollback: Box<Rolled>,
    },
    /// It was asked to stop at a safe point; the same command goes on.
    Interrupted,
}

/// What `upgrade` and `rollback` may be told.
#[derive(Clone, Debug, Default)]
pub struct RollOptions {
    /// Who makes the requests, Renovate for an upgrade and we for a rollback where nothing is said;
    /// of a running one, who makes them from now on.
    pub via: Option<Via>,
    /// Takes an upgrade back that has shown to be bad.
    pub auto_rollback: bool,
    /// Starts a run, once, where a gate lacks runs and none came by itself.
    pub smoke: bool,
    /// An upgrade of these repositories alone, by requests of ours; no ring follows then. A rollback
    /// refuses names.
    pub only: Vec<String>,
    /// The parts of each ring that move one after the other, in a hundred: `[25, 100]`. Empty for
    /// whole rings. A ring follows in fleet.yaml with its last part, so that Renovate knows whole
    /// rings alone.
    pub shares: Vec<u32>,
    /// The version of a target that is taken although there is a reason against it.
    pub force: Option<semver::Version>,
    /// Why a release is taken back, for the deny list.
    pub reason: Option<String>,
}

/// A request to the configuration repository that somebody has to merge.
fn asked(request: &Request) -> String {
    format!(
        "fleet.yaml can only be changed by a request: {} has to be merged",
        request.url
    )
}
