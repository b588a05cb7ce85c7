//! Which versions of our own action and image may be moved to.

use super::{PinArgs, policy::Policy};
use crate::{
    cli::{
        Context,
        commands::configuration::{self, Loaded},
        failure::CliFailure,
    },
    config::UnknownRing,
    model::version::Step,
    pin::Bounds,
};

/// What fullsend.yaml, the deny list and the fleet say together.
pub(super) async fn of(
    args: &PinArgs,
    loaded: &Loaded,
    policy: &Policy,
    context: &Context,
) -> Result<Bounds, CliFailure> {
    let mut bounds = Bounds::of(&loaded.config);
    if let Some(path) = &args.fleet {
        let fleet = configuration::fleet(path)?;
        let ring = fleet.ring(args.ring.as_deref());
        let ring = ring.map_err(|error: UnknownRing| {
            CliFailure::usage_with(error.to_string(), error.hint())
        })?;
        bounds = Bounds::of_fleet(&fleet, ring, loaded.config.hold.as_ref());
    }
    // Not asked for unless something is moved, or asked about it.
    if args.step() != Step::None || args.deny.is_some() || args.verify {
        bounds = bounds.denying(policy.denied(context).await?);
    }
    Ok(bounds)
}
