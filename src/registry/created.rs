//! When an image was made, as far as its publisher says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    client::Registry,
    error::{Reason, RegistryError},
    limits,
    manifest::{Descriptor, FetchedManifest, ImageManifest, Manifest},
};
use crate::model::image::{ImageReference, Repository};

/// The time of building, beside a manifest or an index.
const ANNOTATION: &str = "org.opencontainers.image.created";
/// Configurations that may hold the time; others are of no image.
const CONFIGS: &[&str] = &[
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
];
/// Nobody built an image before 2013: whoever writes an earlier time, mostly 1970, has set the
/// clock aside so that the same source gives the same bytes.
const FIRST: Timestamp = Timestamp::constant(1_356_998_400, 0);

impl Registry {
    /// When `image` was built; `None` where its publisher does not say so, as with reproducible
    /// builds.
    ///
    /// It is the publisher's claim: the registry's protocol does not tell when a tag was pushed.
    /// Costs up to three requests: the index, the manifest of its first platform, the
    /// configuration.
    pub async fn created(
        &self,
        image: &ImageReference,
    ) -> Result<Option<Timestamp>, RegistryError> {
        let fetched = self.manifest(image).await?;
        self.created_of(image.repository(), &fetched).await
    }

    /// As [`Self::created`], for a manifest that is already there; up to two requests.
    pub async fn created_of(
        &self,
        repository: &Repository,
        fetched: &FetchedManifest,
    ) -> Result<Option<Timestamp>, RegistryError> {
        match &fetched.parsed {
            Manifest::Image(image) => self.created_of_image(repository, image).await,
            Manifest::Index(index) => {
                let annotated = annotated(&index.annotations);
                let first = index.manifests.iter().find(|entry| is_platform(entry));
                let (None, Some(first)) = (annotated, first) else {
                    return Ok(annotated);
                };
                let fetched = self.manifest(&repository.at(&first.digest)).await?;
                match &fetched.parsed {
                    Manifest::Image(image) => self.created_of_image(repository, image).await,
                    Manifest::Index(_) => Ok(None),
                }
            }
        }
    }

    async fn created_of_image(
        &self,
        repository: &Repository,
        image: &ImageManifest,
    ) -> Result<Option<Timestamp>, RegistryError> {
        let annotated = annotated(&image.annotations);
        let config = &image.config;
        if annotated.is_some() || !CONFIGS.contains(&config.media_type.as_str()) {
            return Ok(annotated);
        }
        let blob = self.blob(repository, &config.digest, config.size, limits::CONFIG);
        let bytes = blob.await?;
        // Not strictly: real images have labels that differ by case alone, which are not read here.
        let config: Config = serde_json::from_slice(&bytes).map_err(|_| {
            let asked = format!("the configuration {} of {repository}", config.digest);
            let reason = Reason::Malformed("it is no image's configuration".to_owned());
            RegistryError::new(repository.host(), asked, reason)
        })?;
        Ok(config.created.and_then(|created| time(&created)))
    }
}

/// The one value of an image's configuration that is looked at.
#[derive(Deserialize)]
struct Config {
    created: Option<String>,
}

fn is_platform(entry: &Descriptor) -> bool {
    entry.platform().is_some() && !entry.is_index()
}

fn annotated(annotations: &BTreeMap<String, String>) -> Option<Timestamp> {
    time(annotations.get(ANNOTATION)?)
}

/// A time that may be one of building.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(|time| *time >= FIRST)
}
