//! Pushes images and signatures to a registry on loopback, in plain HTTP.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Url, header};

use crate::image::{Blob, Image, Manifest};
use crate::signing::{Bundle, LegacySignature};

/// What a push can fail of.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The registry could not be reached, or its answer was cut short.
    #[error("the registry could not be reached")]
    Transport(#[from] reqwest::Error),
    /// The registry refused.
    #[error("the registry answered {status} to {request}: {body}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// Method and URL.
        request: String,
        /// What it said.
        body: String,
    },
    /// The host is not one, or the upload's location is missing or no URL.
    #[error("not a usable registry address: {0}")]
    Address(String),
}

/// Where a signature is found from its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// The referrers API where the registry has one, else the fallback tag, as cosign does.
    Automatic,
    /// The tag `sha256-<hex>`, whatever the registry can.
    FallbackTag,
}

/// Writes to one registry.
#[derive(Debug, Clone)]
pub struct Pusher {
    client: Client,
    base: Url,
}

impl Pusher {
    /// Prepares for the registry at `host`, such as `127.0.0.1:5000`; opens no connection yet.
    pub fn new(host: &str) -> Result<Self, PushError> {
        let base = Url::parse(&format!("http://{host}/v2/"))
            .map_err(|_| PushError::Address(host.to_owned()))?;
        // A proxy of the environment would be asked for loopback too.
        let client = Client::builder().no_proxy().timeout(Duration::from_mins(1));
        Ok(Self {
            client: client.build()?,
            base,
        })
    }

    /// Pushes an image with all its children; `tag` or its digest names it.
    pub async fn image(
        &self,
        repository: &str,
        tag: Option<&str>,
        image: &Image,
    ) -> Result<(), PushError> {
        for blob in &image.blobs {
            self.blob(repository, blob).await?;
        }
        for child in &image.children {
            self.manifest(repository, &child.digest, child).await?;
        }
        let reference = tag.unwrap_or(image.digest());
        self.manifest(repository, reference, &image.manifest)
            .await?;
        Ok(())
    }

    /// Attaches a bundle to the manifest `subject` and returns the digest of its own manifest.
    pub async fn bundle(
        &self,
        repository: &str,
        subject: &str,
        bundle: &Bundle,
        discovery: Discovery,
    ) -> Result<String, PushError> {
        let subject = self.existing(repository, subject).await?;
        let referrer = bundle.referrer(&subject);
        for blob in &referrer.blobs {
            self.blob(repository, blob).await?;
        }
        let manifest = &referrer.manifest;
        let response = self
            .manifest(repository, &manifest.digest, manifest)
            .await?;
        let indexed = response.headers().contains_key("oci-subject");
        if discovery == Discovery::FallbackTag || !indexed {
            let tag = fallback_tag(&subject.digest);
            let index = self.get(repository, &tag).await?;
            let index = referrer.fallback_index(index.as_ref());
            self.manifest(repository, &tag, &index).await?;
        }
        Ok(referrer.manifest.digest)
    }

    /// Appends a legacy signature to the tag `sha256-<hex>.sig` of the manifest `subject`.
    pub async fn legacy(
        &self,
        repository: &str,
        subject: &str,
        signature: &LegacySignature,
    ) -> Result<(), PushError> {
        let tag = format!("{}.sig", fallback_tag(subject));
        let present = self.get(repository, &tag).await?;
        let artefact = signature.manifest(present.as_ref());
        for blob in &artefact.blobs {
            self.blob(repository, blob).await?;
        }
        self.manifest(repository, &tag, &artefact.manifest).await?;
        Ok(())
    }

    /// Uploads a blob in one piece.
    pub async fn blob(&self, repository: &str, blob: &Blob) -> Result<(), PushError> {
        let start = self.url(&format!("{repository}/blobs/uploads/"))?;
        let response = accepted(self.client.post(start.clone()).send().await?).await?;
        let location = response.headers().get(header::LOCATION);
        let location = location
            .and_then(|value| value.to_str().ok())
            .and_then(|value| start.join(value).ok());
        let mut location = location.ok_or_else(|| PushError::Address(start.to_string()))?;
        location
            .query_pairs_mut()
            .append_pair("digest", &blob.digest);
        let upload = self
            .client
            .put(location)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(blob.bytes.clone());
        accepted(upload.send().await?).await?;
        Ok(())
    }

    /// Puts a manifest under a tag or its digest, and returns the registry's answer.
    pub async fn manifest(
        &self,
        repository: &str,
        reference: &str,
        manifest: &Manifest,
    ) -> Result<Response, PushError> {
        let url = self.url(&format!("{repository}/manifests/{reference}"))?;
        let request = self
            .client
            .put(url)
            .header(header::CONTENT_TYPE, &manifest.media_type)
            .body(manifest.bytes.clone());
        accepted(request.send().await?).await
    }

    /// Fetches a manifest, or nothing where the registry has none of that name.
    pub async fn get(
        &self,
        repository: &str,
        reference: &str,
    ) -> Result<Option<Manifest>, PushError> {
        let url = self.url(&format!("{repository}/manifests/{reference}"))?;
        let response = self.client.get(url).header(header::ACCEPT, ACCEPT);
        let response = response.send().await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = accepted(response).await?;
        let media_type = response.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_owned();
        let bytes = response.bytes().await?.to_vec();
        Ok(Some(Manifest {
            media_type,
            digest: crate::digest_of(&bytes),
            bytes,
        }))
    }

    async fn existing(&self, repository: &str, reference: &str) -> Result<Manifest, PushError> {
        let found = self.get(repository, reference).await?;
        found.ok_or_else(|| PushError::Address(format!("{repository}@{reference} does not exist")))
    }

    fn url(&self, path: &str) -> Result<Url, PushError> {
        let url = self.base.join(path);
        url.map_err(|_| PushError::Address(path.to_owned()))
    }
}

const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// Returns the tag of OCI 1.1's fallback index for `digest`; legacy adds `.sig`.
pub fn fallback_tag(digest: &str) -> String {
    digest.replacen(':', "-", 1)
}

async fn accepted(response: Response) -> Result<Response, PushError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(PushError::Refused {
        status,
        request: response.url().to_string(),
        body: response.text().await?,
    })
}
