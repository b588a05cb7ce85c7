//! An OCI image layout: images and their signatures in a folder, as if a registry held them.
//!
//! The folder is not trusted either. Blobs are named by their digests, which are checked when they
//! are read; symbolic links are not followed; number and size are bounded as for a registry.
//!
//! Signatures lie in layouts in three ways: as manifests with a subject, under the tags that
//! cosign uses in registries, and as `cosign save` writes them.

mod names;
mod referrers;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;

use super::{
    content::Content,
    error::{Reason, RegistryError, expect_digest},
    limits,
    manifest::{self, Descriptor, FetchedManifest, ImageIndex},
};
use crate::{
    model::{
        digest::Digest,
        image::{ImageReference, Repository},
    },
    seam::{files::FileError, folder::Folder},
};

/// An OCI image layout that was opened.
///
/// As [`Content`] it holds a single repository, whatever the caller calls that.
#[derive(Debug)]
pub struct Layout {
    path: PathBuf,
    blobs: Folder,
    /// What index.json lists.
    entries: Vec<Descriptor>,
}

/// The file `oci-layout`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

impl Layout {
    /// Opens the layout in the folder `path`, and reads its index.
    pub fn open(path: &Path) -> Result<Self, RegistryError> {
        Self::read(path).map_err(|reason| RegistryError::in_layout(path, "the index", reason))
    }

    fn read(path: &Path) -> Result<Self, Reason> {
        let folder = Folder::open(path)?;
        let marker = folder.read("oci-layout", limits::LAYOUT_MARKER)?;
        let marker: Marker = manifest::strict(&marker)?;
        if marker.image_layout_version != "1.0.0" {
            return Err(Reason::Malformed(
                "its imageLayoutVersion is not 1.0.0".to_owned(),
            ));
        }
        let index = folder.read("index.json", limits::MANIFEST)?;
        let index: ImageIndex = manifest::strict(&index)?;
        Ok(Self {
            path: path.to_owned(),
            blobs: folder.folder("blobs")?.folder("sha256")?,
            entries: index.manifests,
        })
    }

    /// The manifest of the image that is meant: by its digest, else by its name, else the only
    /// one there.
    pub fn image(
        &self,
        name: Option<&str>,
        digest: Option<&Digest>,
    ) -> Result<FetchedManifest, RegistryError> {
        let asked = || match (digest, name) {
            (Some(digest), _) => format!("the manifest {digest}"),
            (None, Some(name)) => format!("the manifest of `{name}`"),
            (None, None) => "the only image".to_owned(),
        };
        let find = || match (digest, name) {
            (Some(digest), _) => self.manifest_at(digest),
            (None, Some(name)) => self.named(name)?.ok_or_else(|| self.no_such_image()),
            (None, None) => self.only_image(),
        };
        find().map_err(|reason| self.failed(asked(), reason))
    }

    fn failed(&self, asked: impl std::fmt::Display, reason: Reason) -> RegistryError {
        RegistryError::in_layout(&self.path, asked, reason)
    }

    /// The manifest with this digest.
    fn manifest_at(&self, digest: &Digest) -> Result<FetchedManifest, Reason> {
        let bytes = self.blob_at(digest, limits::MANIFEST)?;
        FetchedManifest::parse(bytes, digest.clone(), None)
    }

    /// The blob with this digest, unless it has more than `cap` bytes.
    fn blob_at(&self, digest: &Digest, cap: u64) -> Result<Bytes, Reason> {
        let bytes = match self.blobs.read(digest.hex(), cap) {
            Err(error) if error.is_not_found() => return Err(Reason::NotFound),
            Err(FileError::TooLarge { limit, .. }) => {
                return Err(Reason::TooLarge {
                    limit,
                    unit: "bytes",
                });
            }
            read => read?,
        };
        expect_digest(digest, &Digest::of(&bytes))?;
        Ok(Bytes::from(bytes))
    }

    fn sized_blob(&self, digest: &Digest, size: u64, cap: u64) -> Result<Bytes, Reason> {
        if size > cap {
            return Err(Reason::TooLarge {
                limit: cap,
                unit: "bytes",
            });
        }
        let bytes = self.blob_at(digest, cap)?;
        if bytes.len() as u64 != size {
            return Err(Reason::SizeMismatch {
                expected: size,
                received: bytes.len() as u64,
            });
        }
        Ok(bytes)
    }
}

/// Files are read on the spot: they are small and few, and their number is bounded.
#[async_trait]
impl Content for Layout {
    async fn manifest(&self, image: &ImageReference) -> Result<FetchedManifest, RegistryError> {
        self.image(image.tag(), image.digest())
    }

    async fn manifest_by_tag(
        &self,
        _: &Repository,
        tag: &str,
    ) -> Result<Option<FetchedManifest>, RegistryError> {
        self.named(tag)
            .map_err(|reason| self.failed(format!("the manifest of `{tag}`"), reason))
    }

    async fn blob(
        &self,
        _: &Repository,
        digest: &Digest,
        size: u64,
        cap: u64,
    ) -> Result<Bytes, RegistryError> {
        self.sized_blob(digest, size, cap)
            .map_err(|reason| self.failed(format!("the blob {digest}"), reason))
    }

    async fn referrers(
        &self,
        _: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        self.referrers_of(digest)
            .map(Some)
            .map_err(|reason| self.failed(format!("the referrers of {digest}"), reason))
    }

    fn error(&self, _: &Repository, asked: &str, reason: Reason) -> RegistryError {
        self.failed(asked, reason)
    }
}
