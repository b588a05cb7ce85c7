//! Public keys of the policy.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use sigstore_verify::{crypto::VerificationKey, types::DerPublicKey};

/// A public key that a policy accepts.
#[derive(Clone, Debug)]
pub struct PublicKey {
    der: DerPublicKey,
    sha256: [u8; 32],
}

/// Text that is no usable public key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A private key lies where the public one belongs.
    #[error(
        "this is a private key: name the public one, which `cosign generate-key-pair` wrote to cosign.pub"
    )]
    Private,
    /// No PEM block of a public key.
    #[error("not a PEM file with `-----BEGIN PUBLIC KEY-----`")]
    NotPem,
    /// A key of a kind that cannot be checked.
    #[error(
        "a key of an unsupported kind (supported are ECDSA P-256 and P-384, Ed25519 and RSA from 2048 bits): {0}"
    )]
    Unsupported(String),
}

impl PublicKey {
    /// Reads a PEM file's text as `cosign.pub` has it.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        let der = DerPublicKey::from_pem(pem).map_err(|_| KeyError::NotPem)?;
        let unsupported =
            |error: sigstore_verify::crypto::Error| KeyError::Unsupported(error.to_string());
        let key = VerificationKey::from_spki(&der).map_err(unsupported)?;
        sigstore_verify::crypto::validate_raw_public_key(key.scheme(), key.as_bytes())
            .map_err(unsupported)?;
        let sha256 = Sha256::digest(der.as_bytes()).into();
        Ok(Self { der, sha256 })
    }

    /// The SHA-256 of the DER public key in hexadecimal: the identity that reports show.
    pub fn identity(&self) -> String {
        hex::encode(self.sha256)
    }

    /// Whether `hint`, which cosign writes into a bundle, names this key.
    pub(super) fn is_hinted_by(&self, hint: &str) -> bool {
        hint == BASE64_STANDARD.encode(self.sha256) || hint.eq_ignore_ascii_case(&self.identity())
    }

    pub(super) fn der(&self) -> &DerPublicKey {
        &self.der
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwr
kBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==
-----END PUBLIC KEY-----
";

    #[test]
    fn reads_what_cosign_writes() {
        let key = PublicKey::from_pem(P256).unwrap();
        assert_eq!(key.identity().len(), 64);
        assert!(key.is_hinted_by(&BASE64_STANDARD.encode(key.sha256)));
        assert!(!key.is_hinted_by(""));
    }

    #[test]
    fn says_what_is_wrong() {
        let private = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";
        assert!(matches!(
            PublicKey::from_pem(private),
            Err(KeyError::Private)
        ));
        for bad in [
            "",
            "hello",
            "-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----",
        ] {
            assert!(
                matches!(PublicKey::from_pem(bad), Err(KeyError::NotPem)),
                "{bad:?}"
            );
        }
        let cut = "-----BEGIN PUBLIC KEY-----\nMFkwEwYH\n-----END PUBLIC KEY-----\n";
        assert!(matches!(
            PublicKey::from_pem(cut),
            Err(KeyError::Unsupported(_))
        ));
    }
}
