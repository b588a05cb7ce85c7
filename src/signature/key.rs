//! Public keys of the policy.

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey, VerificationAlgorithm,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use sigstore_verify::{
    crypto::{SigningScheme, VerificationKey, validate_raw_public_key, verify_signature},
    types::{DerPublicKey, SignatureBytes},
};

use crate::model::signature::{Format, Signer};

/// What precedes the point of a P-521 key in its DER: two object identifiers and lengths.
///
/// Source: RFC 5480; DER leaves no other way to write it.
const P521_PREFIX: [u8; 25] = [
    0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05,
    0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
];

/// A public key that a policy accepts.
#[derive(Clone, Debug)]
pub struct PublicKey {
    der: DerPublicKey,
    sha256: [u8; 32],
    kind: Kind,
}

/// Who checks the key's signatures.
#[derive(Clone, Debug)]
enum Kind {
    Library(SigningScheme),
    /// The library does not know this curve.
    P521(Arc<[u8]>),
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
        "a key of an unsupported kind (supported are ECDSA P-256, P-384 and P-521, Ed25519 and RSA from 2048 bits): {0}"
    )]
    Unsupported(String),
    /// A key whose entries in a transparency log cannot be checked.
    #[error(
        "signatures by an ECDSA P-521 key cannot be checked in a transparency log: use a P-256 or P-384 key, or say `insecure_ignore_tlog: true` (`--insecure-ignore-tlog`)"
    )]
    NotInLog,
}

impl PublicKey {
    /// Reads a PEM file's text as `cosign.pub` has it.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        let der = DerPublicKey::from_pem(pem).map_err(|_| KeyError::NotPem)?;
        let kind = match der.as_bytes().strip_prefix(&P521_PREFIX) {
            Some(point) => Kind::P521(p521(point)?),
            None => Kind::Library(scheme(&der)?),
        };
        let sha256 = Sha256::digest(der.as_bytes()).into();
        Ok(Self { der, sha256, kind })
    }

    /// The SHA-256 of the DER public key in hexadecimal: the identity that reports show.
    pub fn identity(&self) -> String {
        hex::encode(self.sha256)
    }

    /// The key as a signer.
    pub(super) fn signer(&self) -> Signer {
        Signer::Key(self.sha256)
    }

    /// Whether `hint`, which cosign writes into a bundle, names this key.
    pub(super) fn is_hinted_by(&self, hint: &str) -> bool {
        hint == BASE64_STANDARD.encode(self.sha256) || hint.eq_ignore_ascii_case(&self.identity())
    }

    /// Whether the key's signatures can be found in a transparency log.
    pub(super) fn check_loggable(&self) -> Result<(), KeyError> {
        match self.kind {
            Kind::Library(_) => Ok(()),
            Kind::P521(_) => Err(KeyError::NotInLog),
        }
    }

    /// Whether the key signed `message`, over the hash that goes with its curve.
    ///
    /// cosign 2 signs over SHA-256 with every ECDSA key, in the only format that it had.
    pub(super) fn has_signed(
        &self,
        message: &[u8],
        signature: &SignatureBytes,
        format: Format,
    ) -> bool {
        let is_legacy = format == Format::Legacy;
        match &self.kind {
            Kind::Library(own) => {
                let verified =
                    |scheme| verify_signature(&self.der, message, signature, scheme).is_ok();
                let legacy_p384 = is_legacy && *own == SigningScheme::EcdsaP384Sha384;
                verified(*own) || (legacy_p384 && verified(SigningScheme::EcdsaP384Sha256))
            }
            Kind::P521(point) => {
                let verified = |algorithm: &'static dyn VerificationAlgorithm| {
                    let key = ParsedPublicKey::new(algorithm, point);
                    key.is_ok_and(|key| key.verify_sig(message, signature.as_bytes()).is_ok())
                };
                verified(&ECDSA_P521_SHA512_ASN1)
                    || (is_legacy && verified(&ECDSA_P521_SHA256_ASN1))
            }
        }
    }

    pub(super) fn der(&self) -> &DerPublicKey {
        &self.der
    }
}

fn scheme(der: &DerPublicKey) -> Result<SigningScheme, KeyError> {
    let unsupported =
        |error: sigstore_verify::crypto::Error| KeyError::Unsupported(error.to_string());
    let key = VerificationKey::from_spki(der).map_err(unsupported)?;
    validate_raw_public_key(key.scheme(), key.as_bytes()).map_err(unsupported)?;
    Ok(key.scheme())
}

/// The point of a P-521 key, if it lies on the curve.
fn p521(point: &[u8]) -> Result<Arc<[u8]>, KeyError> {
    match ParsedPublicKey::new(&ECDSA_P521_SHA512_ASN1, point) {
        Ok(_) => Ok(point.into()),
        Err(_) => Err(KeyError::Unsupported("not a point on P-521".to_owned())),
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

    const P384: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEhJ3gLOXYF6ord17SEeeR+UpVJM3k/lgD
s/4QLjXX2Swp2yqOaiQ+O5fkhWFIFEQr+wIFjqZInVrhg8eY5lhLcxT+YaToMXzm
9aMOXEcB1NkEhjE+zOR0Ehv35gL7nLai
-----END PUBLIC KEY-----
";
    const P521: &str = "-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAKR4AutSuDeX/r401q9u4dB+7pOkG
WmDG0VIAS/X5rElMf6z0p4YybEzeWN5qPtpSnTjSAFujU/hdWBpl+g/DzzYBYv/F
d9iN2jpRT69m/8g+DmIMBbnEL5lZmF8rDeJPG1C5S93BDV+mGrPKNVkCezEcNFvH
7yBxV9gJ1fKV73IZlXs=
-----END PUBLIC KEY-----
";
    const PAYLOAD: &str = r#"{"critical":{"image":{"docker-manifest-digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"type":"cosign container image signature"}}"#;

    /// Signatures of the payload by `openssl dgst`: over the key's own hash, SHA-256, another.
    const OVER_HASHES: [(&str, [&str; 3]); 2] = [
        (
            P384,
            [
                "MGYCMQCleg9sEGNOfCRMK/G1LTOiZQNB1TGsY/vNdANzeYha/BrUFluVo1QMJ0wHuhBgc+cCMQCuHgHJiqro38RUGqCnGnA34qqZNaUOevLUCaxP9UVfBzVuUSzpC2amRxdDLSyt+UI=",
                "MGUCME+PWXPgKDOybwH9onMyJwL5zr5kQgSl72FkvrNvrH8nKUPT9Uy+dQ4iwCAiKq33CAIxAP5uDjVm9xFJz9mfI8UoLRpSYNnJgA1FNh98Kph91egjy70JMl7Mma/FowLM/urpHg==",
                "MGUCMFlj4Y5A/gqEkJMcjOHGq3+MXNs+38zxgIDxvJJ2k+FQLk9LB00coDJt4F2ITKmEyAIxAJDIDBRq43gJtJxfSVMr2PvRzbWSvCbpSu3rkk25Q7aDuv8qt52x3K/Xk/BdPHQXJQ==",
            ],
        ),
        (
            P521,
            [
                "MIGHAkEKu7g9U7dG74/t3/xwcFF6yYLjhVM62WAtum1cmCUxQEgI/2HQyWukqOIy8/PhgPUWY+ypC2NDQQYktEXfYN1BKQJCAMFsbrQruY4KYHGQDifmyzBkxscK4jFNnfLfqLt7vpsRHrgddaDFM2aPxRf3SKRwpR/yjOorSBsu3/QLvFNf+sPH",
                "MIGHAkFVyXOcLDSEa4/KybQ8Er3FleM7DH6kro5flDYsaRwpjagta7TA21cKhymEQ24U19V60ReojP0QTTaHbZurUNSSlAJCAJ0xgMt84n0+N4baZI/u1NzizVUOmMSFGanCycvPGOOFLAJO/LazdB1823Xi5nM1RzsweM4Hw8H+uzyswAQI87Py",
                "MIGHAkES8dSWcEFnn0h1A29sPIj/MTXDNSJk9es3fBvrbw3EfAYRNdbOBulYUO+13F1khCtQfGft6SLpuXUKRHizbl+BJQJCAe6ci36FR+CLIdqM9cf0VHozOs9LEVAnRb+WcLNpHiNL1UVD0UJX240vvy+e+ey3GNdhn3CJLTBWi3iUremWsArf",
            ],
        ),
    ];

    #[test]
    fn a_large_curve_signs_over_its_own_hash_and_as_cosign_2_did() {
        for (pem, signatures) in OVER_HASHES {
            let key = PublicKey::from_pem(pem).unwrap();
            for (format, expected) in [
                (Format::Legacy, [true, true, false]),
                (Format::Bundle, [true, false, false]),
            ] {
                let held = signatures.map(|signature| {
                    let signature = SignatureBytes::from_base64(signature).unwrap();
                    key.has_signed(PAYLOAD.as_bytes(), &signature, format)
                });
                assert_eq!(held, expected);
            }
        }
    }

    #[test]
    fn a_p521_key_is_for_signatures_in_no_log() {
        let key = PublicKey::from_pem(P521).unwrap();
        assert!(matches!(key.check_loggable(), Err(KeyError::NotInLog)));
        assert!(PublicKey::from_pem(P384).unwrap().check_loggable().is_ok());
        // One digit of the point changed: it is on no curve.
        let off = P521.replace("AAQAKR4A", "AAQAKR4B");
        assert!(matches!(
            PublicKey::from_pem(&off),
            Err(KeyError::Unsupported(_))
        ));
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
