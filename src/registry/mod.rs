//! OCI distribution, read only: manifests, blobs and referrers, as far as a verdict needs them.
//!
//! A registry is not trusted. A digest is that of the bytes received, never a header's; every
//! answer is bounded in size, number and time; and what could not be fetched is an error, never
//! "there is none": only a plain 404 says that something does not exist.

mod auth;
mod client;
mod content;
mod error;
mod exchange;
mod limits;
mod link;
mod manifest;

pub use auth::{Credential, Secret};
pub use client::{Registry, RegistryOptions};
pub use content::Content;
pub use error::{Reason, Refusal, RegistryError};
pub use manifest::{Descriptor, FetchedManifest, ImageIndex, ImageManifest, Manifest, media_type};
