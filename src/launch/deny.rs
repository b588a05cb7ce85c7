//! Fetches the deny list.

use super::failure::chain;
use crate::{
    config::{DenyList, DenySource, MAX_FILE_BYTES},
    registry::{Manifest, Registry},
    seam::{
        http::{Request, Url, header::HeaderMap},
        tree::Tree,
    },
};

/// How long a list on a web server may take in all.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Why there is no list.
#[derive(Debug)]
pub(super) enum DenyError {
    /// It could not be fetched.
    Unavailable(String),
    /// It was fetched and makes no sense: whatever it denies, nobody can tell.
    Malformed(String),
}

/// Fetches and reads the list at `source`; a relative file is one of `tree`.
pub(super) async fn fetch(
    source: &DenySource,
    tree: &Tree,
    registry: &Registry,
) -> Result<DenyList, DenyError> {
    let (name, bytes) = match source {
        DenySource::File(path) => {
            let bytes = tree
                .read(path, MAX_FILE_BYTES as u64)
                .map_err(|error| DenyError::Unavailable(chain(&error)))?;
            (tree.name(path), bytes)
        }
        DenySource::Url(url) => (url.clone(), from_url(url, registry).await?),
        DenySource::Oci(image) => {
            let bytes = from_registry(image, registry).await?;
            (image.to_string(), bytes)
        }
    };
    DenyList::parse(&bytes, &name).map_err(|error| DenyError::Malformed(error.render(false)))
}

async fn from_url(url: &str, registry: &Registry) -> Result<Vec<u8>, DenyError> {
    let failed = |reason: String| DenyError::Unavailable(format!("could not get {url}: {reason}"));
    let parsed = Url::parse(url).map_err(|error| failed(error.to_string()))?;
    let fetch = async {
        let request = Request::get(parsed, HeaderMap::default());
        let response = registry
            .http()
            .send(request)
            .await
            .map_err(|error| failed(chain(&error)))?;
        match response.status() {
            200 => response
                .read(MAX_FILE_BYTES as u64)
                .await
                .map_err(|error| failed(chain(&error))),
            status => Err(failed(format!("it answered {status}"))),
        }
    };
    match tokio::time::timeout(PATIENCE, fetch).await {
        Ok(bytes) => Ok(bytes?.to_vec()),
        Err(_) => Err(failed(format!(
            "it took longer than {} s",
            PATIENCE.as_secs()
        ))),
    }
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
