//! cosign verdicts over the registry.
//!
//! `collect` fetches what may be signatures, `evidence` reads them without believing them,
//! `engine` checks the cryptography, `judge` holds signers against the policy, and `verify` puts
//! the verdict together. Types of the sigstore crates never leave this room.

mod caps;
mod claims;
mod collect;
mod engine;
mod evidence;
mod judge;
mod key;
mod policy;
mod simple_signing;
mod trust;
mod verify;

pub use key::{KeyError, PublicKey};
pub use policy::{Policy, PolicyError};
pub use trust::{TrustError, TrustMaterial};
pub use verify::{Request, Verified, verify};
