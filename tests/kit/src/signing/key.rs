//! Signing keys: made, read, written and used.

use std::path::Path;

use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    PublicKeyData as _, SignatureAlgorithm, SigningKey as _,
};

use crate::{base64, hex, must, sha256};

/// A key that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("not a PKCS#8 private key in PEM of a known algorithm")]
pub struct BadKey(#[source] rcgen::Error);

/// A key pair that signs images.
#[derive(Debug)]
pub struct SigningKey {
    pair: KeyPair,
}

impl Clone for SigningKey {
    fn clone(&self) -> Self {
        must(Self::from_pem(&self.private_pem()), "copy a key")
    }
}

impl SigningKey {
    /// Makes an ECDSA P-256 key, as `cosign generate-key-pair` does.
    pub fn p256() -> Self {
        Self::generate(&PKCS_ECDSA_P256_SHA256)
    }

    /// Makes an ECDSA P-384 key, which signs over SHA-384.
    pub fn p384() -> Self {
        Self::generate(&PKCS_ECDSA_P384_SHA384)
    }

    /// Makes an ECDSA P-521 key, which signs over SHA-512.
    pub fn p521() -> Self {
        Self::generate(&PKCS_ECDSA_P521_SHA512)
    }

    /// Makes an Ed25519 key.
    pub fn ed25519() -> Self {
        Self::generate(&PKCS_ED25519)
    }

    /// Reads a plain PKCS#8 private key.
    pub fn from_pem(pem: &str) -> Result<Self, BadKey> {
        let pair = KeyPair::from_pem(pem).map_err(BadKey)?;
        Ok(Self { pair })
    }

    /// Returns the private key as plain PKCS#8 in PEM.
    pub fn private_pem(&self) -> String {
        self.pair.serialize_pem()
    }

    /// Returns the public key as cosign's `cosign.pub`.
    pub fn public_pem(&self) -> String {
        self.pair.public_key_pem()
    }

    /// Returns the public key as a DER `SubjectPublicKeyInfo`.
    pub fn public_der(&self) -> Vec<u8> {
        self.pair.subject_public_key_info()
    }

    /// Returns the SHA-256 of the DER public key in hex, as reports name a key.
    pub fn fingerprint(&self) -> String {
        hex(&self.id())
    }

    /// Returns what a bundle names the key by: the same hash in base64.
    pub fn hint(&self) -> String {
        base64(self.id())
    }

    /// Signs `message`: ECDSA in ASN.1 over the curve's hash, or plain Ed25519.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        must(self.pair.sign(message), "sign")
    }

    /// Writes `cosign.pub` and an unencrypted `cosign.key` into `directory`.
    pub fn write(&self, directory: &Path) -> std::io::Result<()> {
        write_file(&directory.join("cosign.key"), &self.private_pem(), 0o600)?;
        write_file(&directory.join("cosign.pub"), &self.public_pem(), 0o644)
    }

    pub(super) fn id(&self) -> [u8; 32] {
        sha256(&self.public_der())
    }

    pub(super) fn pair(&self) -> &KeyPair {
        &self.pair
    }

    /// Returns the name that a trusted root gives the key's algorithm.
    pub(super) fn details(&self) -> &'static str {
        let algorithm = self.pair.algorithm();
        if *algorithm == PKCS_ED25519 {
            "PKIX_ED25519"
        } else if *algorithm == PKCS_ECDSA_P384_SHA384 {
            "PKIX_ECDSA_P384_SHA_384"
        } else if *algorithm == PKCS_ECDSA_P521_SHA512 {
            "PKIX_ECDSA_P521_SHA_512"
        } else {
            "PKIX_ECDSA_P256_SHA_256"
        }
    }

    fn generate(algorithm: &'static SignatureAlgorithm) -> Self {
        Self {
            pair: must(KeyPair::generate_for(algorithm), "make a key"),
        }
    }
}

fn write_file(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::SigningKey;

    #[test]
    fn a_key_survives_its_pem() {
        for key in [
            SigningKey::p256(),
            SigningKey::p384(),
            SigningKey::ed25519(),
        ] {
            let read = SigningKey::from_pem(&key.private_pem()).unwrap();
            assert_eq!(read.public_pem(), key.public_pem());
            assert_eq!(read.details(), key.details());
        }
    }
}
