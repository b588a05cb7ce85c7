//! Which versions of our own action and image may be moved to.

use std::path::Path;

use super::{PinArgs, policy::Policy};
use crate::{
    cli::{Context, commands::configuration::Loaded, failure::CliFailure},
    config::{self, Fleet, MAX_FILE_BYTES, Ring},
    model::{skew::OWN_ACTION, version::Step},
    pin::Bounds,
    seam::files,
};

/// The sandbox image, where neither fullsend.yaml nor a fleet names another.
const IMAGE: &str = "ghcr.io/fullsend-ai/agent-sandbox";

/// What fullsend.yaml, the deny list and the fleet say together.
pub(super) async fn of(
    args: &PinArgs,
    loaded: &Loaded,
    policy: &Policy,
    context: &Context,
) -> Result<Bounds, CliFailure> {
    let image = loaded.config.image.as_ref();
    let mut bounds = Bounds {
        image: match image {
            Some(image) => Some(image.repository().clone()),
            None => IMAGE.parse().ok(),
        },
        // Where no fleet names another.
        action: OWN_ACTION.to_owned(),
        hold: loaded.config.hold.clone(),
        ..Bounds::default()
    };
    // Not asked for unless something is moved, or asked about it.
    if args.step() != Step::None || args.deny.is_some() || args.verify {
        bounds.deny = policy.denied(context).await?;
    }
    if let Some(path) = &args.fleet {
        let fleet = fleet(path)?;
        bounds.allowed = Some(fleet.allowed(ring(&fleet, args.ring.as_deref())?));
        bounds.image = Some(fleet.release.image().repository().clone());
        bounds.action = fleet.release.action.repository;
    }
    Ok(bounds)
}

fn fleet(path: &Path) -> Result<Fleet, CliFailure> {
    let text = files::read(path, MAX_FILE_BYTES as u64)?;
    Ok(config::parse_fleet(&text, &path.display().to_string())?)
}

fn ring<'f>(fleet: &'f Fleet, name: Option<&str>) -> Result<&'f Ring, CliFailure> {
    let named = match name {
        Some(name) => fleet.rings.iter().find(|ring| ring.name == name),
        None => fleet.rings.last(),
    };
    named.ok_or_else(|| {
        let names: Vec<_> = fleet.rings.iter().map(|ring| ring.name.as_str()).collect();
        CliFailure::usage_with(
            format!("the fleet has no ring {}", name.unwrap_or_default()),
            format!("its rings are {}", names.join(", ")),
        )
    })
}
