//! Rollouts: a release moves through the fleet wave by wave, or back. Pure.
//!
//! [`next_step`] decides from what is on the forge now: fleet.yaml of the configuration repository,
//! the members' default branches and requests, the runs that ended. The [`Rollout`] that is written
//! down remembers what the forge does not tell, which repositories were in which wave since when,
//! and is a record for people. Any machine can go on from it at any moment.

mod document;
mod gate;
mod headline;
mod id;
mod observe;
mod smoke;
mod step;
#[cfg(test)]
mod tests;

pub use document::{Entry, EntryState, Kind, MAX_ROLLOUT_BYTES, Rollout, State, Via, Wave};
pub use gate::{Evidence, Sample, Verdict, gate};
pub use headline::{Headline, Says};
pub use id::{CURRENT, RolloutId};
pub use observe::{Fact, Facts, Stands, observed};
pub use smoke::{Smoke, SmokeState};
pub use step::{Desire, Step, next_step};
