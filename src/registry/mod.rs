//! OCI distribution: manifests, blobs and referrers, as far as a verdict needs them, and the push of
//! a file as an artifact.
//!
//! A registry is not trusted, nor is a copy of one in an image layout. A digest is that of the bytes
//! received, never a header's; every answer is bounded in size, number and time; and what could not
//! be fetched is an error, never "there is none": only a plain 404 says that something does not
//! exist.

mod auth;
mod client;
mod content;
mod created;
mod error;
mod exchange;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod layout;
mod limits;
mod link;
mod list;
mod manifest;
mod mirror;
mod push;

pub use auth::{Credential, Secret};
pub use client::{Registry, RegistryOptions};
pub use content::Content;
pub use error::{Reason, Refusal, RegistryError};
pub use layout::Layout;
pub use manifest::{Descriptor, FetchedManifest, ImageIndex, ImageManifest, Manifest, media_type};
pub use mirror::{Mirror, MirrorError};
pub use push::Artifact;
