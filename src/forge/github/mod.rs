//! GitHub's API: octocrab over our transport, GraphQL where it saves requests.

mod answer;
mod auth;
mod batch;
mod client;
mod documents;
#[cfg(test)]
mod documents_tests;
mod graphql;
mod pull;
mod seen;
mod survey;

use std::sync::Arc;

use super::{Forge, ForgeError, Governor, Reason, Site};
use crate::seam::environment::Environment;

/// The GitHub at `site`, see [`connect`](super::connect).
pub(super) fn connect(
    site: &Site,
    _environment: &Environment,
    _governor: Arc<Governor>,
) -> Result<Arc<dyn Forge>, ForgeError> {
    let host = site.place.url();
    Err(ForgeError::doing(host, "begin", Reason::NoToken))
}
