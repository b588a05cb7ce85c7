//! Where a fleet's forge is, and the way to it.

use std::{collections::BTreeSet, sync::Arc};

use super::{Forge, ForgeError, Governor, github, gitlab};
use crate::{
    config::FleetForge,
    seam::{environment::Environment, http::Url},
};

/// Where a fleet's forge is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Site {
    /// What it runs on, and the owner or group.
    pub place: FleetForge,
    /// Its API, where that is not at the usual place: `--forge-url`, GITHUB_API_URL or
    /// CI_API_V4_URL.
    pub api: Option<Url>,
    /// Hosts (`host` or `host:port`) that may be spoken to in plain HTTP, besides this machine.
    pub insecure_hosts: Vec<String>,
    /// Where `Some`, the only hosts that are connected to.
    pub offline: Option<BTreeSet<String>>,
}

/// The forge at `site`, with the token that `environment` has for it.
///
/// Nothing is asked yet. Fails where there is no token: nothing of a fleet can be done without.
pub fn connect(
    site: &Site,
    environment: &Environment,
    governor: Arc<Governor>,
) -> Result<Arc<dyn Forge>, ForgeError> {
    match &site.place {
        FleetForge::GitHub { .. } => github::connect(site, environment, governor),
        FleetForge::GitLab { .. } => gitlab::connect(site, environment, governor),
    }
}
