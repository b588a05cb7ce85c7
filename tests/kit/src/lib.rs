//! Test kit, never shipped: a registry, a git host and forges that misbehave on request, tiny images, cosign-format signatures by key and keyless with a whole
//! Sigstore in memory, and what pushes them to a registry on loopback.
//!
//! The kit panics where a fixture cannot be built: then the test is wrong, not the product.

pub mod forge;
pub mod git;
pub mod image;
pub mod push;
pub mod registry;
pub mod signing;
pub mod tuf;
mod web;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// Returns the SHA-256 of `bytes` as `sha256:<hex>`.
pub fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&sha256(bytes)))
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}

/// Unwraps what only a bug in the kit can make fail.
#[track_caller]
pub(crate) fn must<T, E: std::fmt::Debug>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("the test kit could not {what}: {error:?}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_digest_is_lower_case_hex() {
        assert_eq!(
            super::digest_of(b"{}"),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
