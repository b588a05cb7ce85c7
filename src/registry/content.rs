//! What images and their signatures are read from: a registry, or a copy of one on the disk.

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    client::Registry,
    error::{Reason, RegistryError},
    manifest::{Descriptor, FetchedManifest},
};
use crate::model::{
    digest::Digest,
    image::{ImageReference, Repository},
};

/// A place that holds manifests and blobs, none of which is believed.
///
/// Every method checks the digest that it is asked for, and bounds what it reads.
#[async_trait]
pub trait Content: Send + Sync {
    /// The manifest of `image`: by its digest where it has one, else by its tag.
    async fn manifest(&self, image: &ImageReference) -> Result<FetchedManifest, RegistryError>;

    /// The manifest behind a tag that may be absent.
    async fn manifest_by_tag(
        &self,
        repository: &Repository,
        tag: &str,
    ) -> Result<Option<FetchedManifest>, RegistryError>;

    /// A blob of exactly `size` bytes, unless that is more than `cap`.
    async fn blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        cap: u64,
    ) -> Result<Bytes, RegistryError>;

    /// What refers to `digest`; `None` where there is no such list, so that the fallback tag
    /// counts.
    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError>;

    /// What the fallback tag of `digest` lists; `None` where there is no such tag.
    ///
    /// An image manifest in the list's place is an error: whatever was listed there is hidden.
    async fn fallback(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let tag = digest.fallback_tag();
        let fetched = self.manifest_by_tag(repository, &tag).await?;
        let entries = fetched.map(FetchedManifest::into_entries).transpose();
        entries.map_err(|reason| self.error(repository, &format!("the list of `{tag}`"), reason))
    }

    /// An error of this place.
    fn error(&self, repository: &Repository, asked: &str, reason: Reason) -> RegistryError;
}

#[async_trait]
impl Content for Registry {
    async fn manifest(&self, image: &ImageReference) -> Result<FetchedManifest, RegistryError> {
        Self::manifest(self, image).await
    }

    async fn manifest_by_tag(
        &self,
        repository: &Repository,
        tag: &str,
    ) -> Result<Option<FetchedManifest>, RegistryError> {
        Self::manifest_by_tag(self, repository, tag).await
    }

    async fn blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        cap: u64,
    ) -> Result<Bytes, RegistryError> {
        Self::blob(self, repository, digest, size, cap).await
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        Self::referrers(self, repository, digest).await
    }

    fn error(&self, repository: &Repository, asked: &str, reason: Reason) -> RegistryError {
        let asked = format!("{asked} in {repository}");
        RegistryError::new(repository.host(), asked, reason)
    }
}
