//! cosign verdicts over the registry.
//!
//! `policy` says what decides, and `demand` is one rule of it with its keys read. `resolve` follows
//! an image's name to its manifests, `collect` fetches what may be signatures of them, `evidence`
//! reads those without believing them, `engine` checks the cryptography, `judge` says whose they
//! are, `evaluate` alone decides what it all comes to, and `report` writes that down; `verifier` leads
//! through these steps.
//! Types of the sigstore crates never leave this room.

mod bundle_artifact;
mod bundle_file;
mod caps;
mod claims;
mod collect;
mod demand;
mod deny;
mod engine;
mod evaluate;
mod evidence;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod judge;
mod key;
mod legacy_attestation;
mod matching;
mod policy;
mod report;
mod resolve;
mod simple_signing;
mod trust;
mod trust_report;
mod trust_store;
mod tuf;
mod verifier;

pub use bundle_artifact::{BundleArtifact, BundleError};
pub use bundle_file::{BUNDLE_BYTES, BundleRequest, BundleSigner, verify_bundle};
pub use caps::TRUST_FILE_BYTES;
pub use demand::PolicyError;
pub use key::{KeyError, PublicKey};
pub use policy::Policy;
pub use report::Judgement;
pub use resolve::Wanted;
pub use trust::{TrustError, TrustMaterial};
pub use trust_store::{Instance, TrustStore, TufRoot};
pub use verifier::{Verifier, VerifyError};
