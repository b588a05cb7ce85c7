//! Manifests and indexes: what of them a verdict needs, bounded and unambiguous.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use bytes::Bytes;
use serde::{Deserialize, Deserializer, de};

use super::{error::Reason, limits};
use crate::{
    document::json,
    model::{digest::Digest, platform::Platform, text::shortened},
};

/// The media types of manifests.
pub mod media_type {
    /// An OCI image manifest, also used for signatures.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// An OCI index of several platforms, or of referrers.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// Docker's image manifest.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker's index of several platforms.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
}

/// A manifest with the bytes that its digest was taken from.
#[derive(Clone, Debug)]
pub struct FetchedManifest {
    /// The digest of `bytes`.
    pub digest: Digest,
    /// One of [`media_type`].
    pub media_type: String,
    /// What the registry sent.
    pub bytes: Bytes,
    /// What it says.
    pub parsed: Manifest,
}

/// Either kind of manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manifest {
    /// One image, or an artifact such as a signature.
    Image(ImageManifest),
    /// One image in several platforms, or a list of referrers.
    Index(ImageIndex),
}

/// An image manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageManifest {
    /// What an artifact is; images have none.
    pub artifact_type: Option<String>,
    /// The image's configuration, whose digest is docker's image identifier.
    pub config: Descriptor,
    /// The layers, or a signature's payloads.
    #[serde(deserialize_with = "bounded::<_, Descriptor, { limits::LAYERS }>")]
    pub layers: Vec<Descriptor>,
    /// The manifest that this one is about.
    pub subject: Option<Descriptor>,
    /// Free text by key.
    #[serde(default, deserialize_with = "null_is_default")]
    pub annotations: BTreeMap<String, String>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageIndex {
    /// The manifests it lists.
    #[serde(deserialize_with = "bounded::<_, Descriptor, { limits::MANIFESTS }>")]
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one is about.
    pub subject: Option<Descriptor>,
    /// Free text by key.
    #[serde(default, deserialize_with = "null_is_default")]
    pub annotations: BTreeMap<String, String>,
}

/// Names a blob or manifest by its digest and size.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it claims to be.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What an artifact claims to be; a claim of the index, to be checked with the manifest.
    pub artifact_type: Option<String>,
    /// In an index of images: what the image runs on.
    pub platform: Option<DescriptorPlatform>,
    /// Free text by key.
    #[serde(default, deserialize_with = "null_is_default")]
    pub annotations: BTreeMap<String, String>,
}

/// A platform as an index writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DescriptorPlatform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Descriptor {
    /// Whether it calls itself an index.
    pub fn is_index(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            media_type::OCI_INDEX | media_type::DOCKER_LIST
        )
    }

    /// What the image runs on; `None` also for entries that are no images, such as the
    /// attestations that `docker buildx` adds as `unknown/unknown`.
    pub fn platform(&self) -> Option<Platform> {
        let platform = self.platform.as_ref()?;
        (platform.os != "unknown").then(|| Platform {
            os: platform.os.clone(),
            architecture: platform.architecture.clone(),
            variant: platform.variant.clone(),
        })
    }
}

/// What tells the kind of a manifest, and whether it pretends to be both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    schema_version: Option<u64>,
    media_type: Option<String>,
    manifests: Option<de::IgnoredAny>,
    layers: Option<de::IgnoredAny>,
    config: Option<de::IgnoredAny>,
    fs_layers: Option<de::IgnoredAny>,
}

impl FetchedManifest {
    /// Reads a manifest that came with the given `Content-Type`.
    pub(super) fn parse(
        bytes: Bytes,
        digest: Digest,
        content_type: Option<&str>,
    ) -> Result<Self, Reason> {
        let shape: Shape = strict(&bytes)?;
        let media_type = shape.media_type(content_type)?;
        let parsed = match media_type.as_str() {
            media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => {
                Manifest::Image(strict(&bytes)?)
            }
            media_type::OCI_INDEX | media_type::DOCKER_LIST => Manifest::Index(strict(&bytes)?),
            _ => return Err(Reason::Unsupported(media_type)),
        };
        shape.agrees_with(&parsed)?;
        Ok(Self {
            digest,
            media_type,
            bytes,
            parsed,
        })
    }

    /// What an index lists; an image manifest is refused.
    pub(super) fn into_entries(self) -> Result<Vec<Descriptor>, Reason> {
        match self.parsed {
            Manifest::Index(index) => Ok(index.manifests),
            Manifest::Image(_) => Err(Reason::Malformed(
                "it is an image manifest instead of an index".to_owned(),
            )),
        }
    }
}

impl Shape {
    /// The one media type that header and body agree on.
    fn media_type(&self, content_type: Option<&str>) -> Result<String, Reason> {
        let header = content_type
            .map(essence)
            .filter(|header| !is_generic(header));
        match (header, &self.media_type) {
            (Some(header), Some(body)) if header != *body => Err(Reason::Malformed(format!(
                "the Content-Type `{}` differs from the manifest's media type `{}`",
                shown(&header),
                shown(body)
            ))),
            (_, Some(body)) => Ok(shown(body)),
            (Some(header), None) => Ok(shown(&header)),
            (None, None) => Err(Reason::Malformed("it has no media type".to_owned())),
        }
    }

    /// Readers differ in which half of a two-faced manifest they see (CVE-2021-41190).
    fn agrees_with(&self, parsed: &Manifest) -> Result<(), Reason> {
        let malformed = |what: &str| Err(Reason::Malformed(what.to_owned()));
        let image = self.layers.is_some() || self.config.is_some() || self.fs_layers.is_some();
        let two_faced = match parsed {
            Manifest::Image(_) => self.manifests.is_some() || self.fs_layers.is_some(),
            Manifest::Index(_) => image,
        };
        if two_faced {
            return malformed("it is both an image manifest and an index");
        }
        if self.schema_version != Some(2) {
            return malformed("its schemaVersion is not 2");
        }
        Ok(())
    }
}

/// Reads a manifest, or a document like one.
pub(super) fn strict<T: de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Reason> {
    Ok(json::parse_bounded(bytes, limits::VALUES)?)
}

/// A `Content-Type` without its parameters.
pub(super) fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Types that static file servers give to manifests; they say nothing.
fn is_generic(content_type: &str) -> bool {
    matches!(
        content_type,
        "" | "application/json" | "application/octet-stream" | "text/plain"
    )
}

/// A media type fit to be shown, whatever it was.
fn shown(media_type: &str) -> String {
    shortened(media_type, 128)
}

/// Go writes an empty map as `null`.
fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of at most `MOST` elements; Go writes an empty one as `null`.
fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>, const MOST: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Bounded<T, const MOST: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const MOST: usize> de::Visitor<'de> for Bounded<T, MOST> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MOST} elements")
        }

        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = sequence.next_element()? {
                if list.len() == MOST {
                    return Err(de::Error::invalid_length(MOST + 1, &self));
                }
                list.push(element);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_any(Bounded::<T, MOST>(PhantomData))
}
