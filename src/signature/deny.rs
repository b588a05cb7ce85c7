//! Fetches the deny list.

use std::{error::Error, time::Duration};

use tokio::time::Instant;

use super::{caps, policy::Policy, verifier::VerifyError};
use crate::{
    checkout::TreeError,
    config::{DenyList, DenySource, DenyUnavailable, MAX_FILE_BYTES},
    model::{chain::chain, text::with_hint},
    registry::{Manifest, Registry},
    seam::{
        exchange::Exchange,
        http::{Request, Url, header::HeaderMap},
    },
};

/// How long a list on a web server may take in all.
const PATIENCE: Duration = Duration::from_secs(20);

/// What there is to know about what must not run.
#[derive(Debug)]
pub(super) enum Denials {
    /// The policy names no list.
    None,
    /// The list.
    List(DenyList),
    /// It could not be fetched, for this reason, and the policy goes on without it.
    Without(String),
    /// It could not be fetched, for this reason, and the policy does not go on without it.
    Needed(String),
}

/// Why there is no list.
enum DenyError {
    Unavailable(String),
    Malformed(String),
}

/// Fetches and reads the policy's list.
pub(super) async fn fetch(
    policy: &Policy,
    registry: &Registry,
    web: &Exchange,
) -> Result<Denials, VerifyError> {
    let Some(source) = &policy.deny else {
        return Ok(Denials::None);
    };
    // Nothing proves a list: it is believed because of where it lies, and no mirror is that place.
    let registry = registry.within(caps::DEADLINES).without_mirrors();
    match read(source, policy, &registry, web).await {
        Ok(list) => Ok(Denials::List(list)),
        Err(DenyError::Malformed(reason)) => Err(VerifyError::DenyList(reason)),
        Err(DenyError::Unavailable(reason)) => Ok(match policy.deny_unavailable {
            DenyUnavailable::Warn => Denials::Without(reason),
            DenyUnavailable::Refuse => Denials::Needed(reason),
        }),
    }
}

async fn read(
    source: &DenySource,
    policy: &Policy,
    registry: &Registry,
    web: &Exchange,
) -> Result<DenyList, DenyError> {
    let (name, bytes) = match source {
        DenySource::File(path) => {
            let bytes = policy.files.read(path, MAX_FILE_BYTES as u64);
            let bytes = bytes.map_err(|error| match error {
                // What a stranger's change hides is not merely out of reach.
                TreeError::Base { .. } => DenyError::Malformed(chain(&error)),
                TreeError::File(_) => DenyError::Unavailable(chain(&error)),
            })?;
            (policy.files.name(path), bytes)
        }
        DenySource::Url(url) => (url.clone(), from_url(url, web).await?),
        DenySource::Oci(image) => {
            let bytes = from_registry(image, registry).await?;
            (image.to_string(), bytes)
        }
    };
    DenyList::parse(&bytes, &name)
        .map_err(|error| DenyError::Malformed(with_hint(&error, error.hint())))
}

async fn from_url(url: &str, web: &Exchange) -> Result<Vec<u8>, DenyError> {
    let failed = |error: &dyn Error| {
        DenyError::Unavailable(format!("could not get {url}: {}", chain(error)))
    };
    let parsed = Url::parse(url).map_err(|error| failed(&error))?;
    let request = Request::get(parsed, HeaderMap::default());
    let until = Instant::now() + PATIENCE;
    let bytes = web.fetch(&request, MAX_FILE_BYTES as u64, until).await;
    bytes
        .map(|bytes| bytes.to_vec())
        .map_err(|error| failed(&error))
}

/// The list is the one layer of an artifact, as `oras push REF deny.yaml` makes it.
async fn from_registry(
    image: &crate::model::image::ImageReference,
    registry: &Registry,
) -> Result<Vec<u8>, DenyError> {
    let unavailable =
        |error: crate::registry::RegistryError| DenyError::Unavailable(error.with_hint());
    let fetched = registry.manifest(image).await.map_err(unavailable)?;
    let Manifest::Image(manifest) = fetched.parsed else {
        return Err(DenyError::Malformed(format!(
            "{image} is an index, not an artifact"
        )));
    };
    let [layer] = manifest.layers.as_slice() else {
        let count = manifest.layers.len();
        return Err(DenyError::Malformed(format!(
            "{image} has {count} layers, not one"
        )));
    };
    let cap = MAX_FILE_BYTES as u64;
    let bytes = registry
        .blob(image.repository(), &layer.digest, layer.size, cap)
        .await;
    bytes.map(|bytes| bytes.to_vec()).map_err(unavailable)
}
