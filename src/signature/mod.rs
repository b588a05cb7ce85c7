//! cosign verdicts over the registry.
//!
//! `collect` fetches what may be signatures, `evidence` reads them without believing them,
//! `engine` checks the cryptography, `judge` holds signers against the policy, and `verify` puts
//! the verdict together. Types of the sigstore crates never leave this room.

mod caps;
mod engine;
mod evidence;
pub mod key;
mod simple_signing;
