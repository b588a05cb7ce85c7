//! GitLab's API.

use std::sync::Arc;

use super::{Forge, ForgeError, Governor, Reason, Site};
use crate::seam::environment::Environment;

/// The GitLab at `site`, see [`connect`](super::connect).
pub(super) fn connect(
    site: &Site,
    _environment: &Environment,
    _governor: Arc<Governor>,
) -> Result<Arc<dyn Forge>, ForgeError> {
    let host = site.place.url();
    Err(ForgeError::doing(host, "begin", Reason::NoToken))
}
