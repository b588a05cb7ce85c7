//! Legacy simple signing, as cosign 1 and 2 write it under the tag `sha256-<hex>.sig`.
//!
//! Source: cosign `specs/SIGNATURE_SPEC.md`. What the annotations hold is lifted into a v0.1
//! bundle, so that one engine checks both formats.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sigstore_verify::types::{Bundle, DerCertificate, SignatureBytes};

use super::{
    caps,
    evidence::{EvidenceError, malformed},
};
use crate::{document::json, model::digest::Digest};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// The only `critical.type` that is an image's signature.
const PAYLOAD_TYPE: &str = "cosign container image signature";

#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: CriticalImage,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct CriticalImage {
    docker_manifest_digest: Digest,
}

/// The digest that a payload vouches for.
pub(super) fn named_digest(payload: &[u8]) -> Result<Digest, EvidenceError> {
    let payload: Payload = json::parse(payload).map_err(malformed)?;
    match payload.critical.kind.as_str() {
        PAYLOAD_TYPE => Ok(payload.critical.image.docker_manifest_digest),
        other => Err(EvidenceError::NoSignature(other.to_owned())),
    }
}

/// What stands in a signature layer's annotations.
pub(super) struct Material {
    pub(super) signature: SignatureBytes,
    /// The signing certificate first, then its chain; empty for a bare key.
    pub(super) certificates: Vec<DerCertificate>,
    log: Option<LogBundle>,
    timestamp: Option<Timestamp>,
}

/// The annotation `bundle`: Rekor's promise and the entry it is for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LogBundle {
    signed_entry_timestamp: String,
    payload: LogPayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogPayload {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
struct Timestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryKind {
    kind: String,
    api_version: String,
}

impl Material {
    pub(super) fn read(annotations: &BTreeMap<String, String>) -> Result<Self, EvidenceError> {
        let signature = text(annotations, SIGNATURE)?
            .ok_or_else(|| malformed(format!("the annotation `{SIGNATURE}` is missing")))?;
        let signature = SignatureBytes::from_base64(signature).map_err(malformed)?;
        Self::beside(signature, annotations)
    }

    /// What stands beside a signature that lies elsewhere.
    pub(super) fn beside(
        signature: SignatureBytes,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Self, EvidenceError> {
        Ok(Self {
            signature,
            certificates: certificates(annotations)?,
            log: json_of(annotations, BUNDLE)?,
            timestamp: json_of(annotations, TIMESTAMP)?,
        })
    }

    /// The same evidence as a v0.1 bundle, or as a v0.2 one where there is a certificate with a
    /// time stamp and no log; none where nothing was proven to anybody.
    ///
    /// v0.1 demands a log entry. It is also the only format that takes the log's signed promise without an inclusion
    /// proof, which legacy signatures never have: the library then demands a promise, and checks
    /// it with the log's key, before it believes the time at which the certificate was valid.
    pub(super) fn lift(&self, payload: &[u8]) -> Result<Option<Bundle>, EvidenceError> {
        let signature = json!({
            "messageDigest": {
                "algorithm": "SHA2_256",
                "digest": BASE64_STANDARD.encode(Sha256::digest(payload)),
            },
            "signature": self.signature.to_base64(),
        });
        self.lift_content("messageSignature", &signature)
    }

    /// The same for the envelope of an attestation.
    pub(super) fn lift_envelope(
        &self,
        envelope: &serde_json::Value,
    ) -> Result<Option<Bundle>, EvidenceError> {
        self.lift_content("dsseEnvelope", envelope)
    }

    fn lift_content(
        &self,
        name: &str,
        content: &serde_json::Value,
    ) -> Result<Option<Bundle>, EvidenceError> {
        let stamped = self.timestamp.is_some() && !self.certificates.is_empty();
        let (version, entries) = match &self.log {
            Some(log) => match log.entry()? {
                Some(entry) => ("0.1", vec![entry]),
                None => return Ok(None),
            },
            None if stamped => ("0.2", Vec::new()),
            None => return Ok(None),
        };
        let material = if self.certificates.is_empty() {
            json!({"publicKey": {"hint": ""}})
        } else {
            let raw = |certificate: &DerCertificate| json!({"rawBytes": certificate.to_base64()});
            let chain: Vec<_> = self.certificates.iter().map(raw).collect();
            json!({"x509CertificateChain": {"certificates": chain}})
        };
        let stamps: Vec<_> = self
            .timestamp
            .iter()
            .map(|stamp| json!({"signedTimestamp": stamp.token}))
            .collect();
        let mut bundle = json!({
            "mediaType": format!("application/vnd.dev.sigstore.bundle+json;version={version}"),
            "verificationMaterial": material,
            name: content,
        });
        bundle["verificationMaterial"]["tlogEntries"] = json!(entries);
        bundle["verificationMaterial"]["timestampVerificationData"] =
            json!({"rfc3161Timestamps": stamps});
        serde_json::from_value(bundle).map(Some).map_err(malformed)
    }
}

impl LogBundle {
    /// The entry as a bundle has it; none of the one kind that cannot be checked.
    fn entry(&self) -> Result<Option<serde_json::Value>, EvidenceError> {
        let body = BASE64_STANDARD
            .decode(&self.payload.body)
            .map_err(malformed)?;
        let kind: EntryKind = json::parse(&body).map_err(malformed)?;
        // Rekor kept neither signature nor key of these, before 2023: as if there were no entry.
        if (&*kind.kind, &*kind.api_version) == ("intoto", "0.0.1") {
            return Ok(None);
        }
        let log_id = hex::decode(&self.payload.log_id).map_err(malformed)?;
        Ok(Some(json!({
            "logIndex": self.payload.log_index.to_string(),
            "logId": {"keyId": BASE64_STANDARD.encode(log_id)},
            "kindVersion": {"kind": kind.kind, "version": kind.api_version},
            "integratedTime": self.payload.integrated_time.to_string(),
            "inclusionPromise": {"signedEntryTimestamp": self.signed_entry_timestamp},
            "canonicalizedBody": self.payload.body,
        })))
    }
}

/// The annotation's text; cosign writes some as empty where it has nothing to say.
fn text<'a>(
    annotations: &'a BTreeMap<String, String>,
    name: &str,
) -> Result<Option<&'a str>, EvidenceError> {
    match annotations.get(name) {
        Some(value) if value.len() > caps::ANNOTATION_BYTES => {
            Err(malformed(format!("the annotation `{name}` is too large")))
        }
        value => Ok(value
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())),
    }
}

fn json_of<T: serde::de::DeserializeOwned>(
    annotations: &BTreeMap<String, String>,
    name: &str,
) -> Result<Option<T>, EvidenceError> {
    let parse = |text: &str| json::parse(text.as_bytes()).map_err(malformed);
    text(annotations, name)?.map(parse).transpose()
}

fn certificates(
    annotations: &BTreeMap<String, String>,
) -> Result<Vec<DerCertificate>, EvidenceError> {
    const END: &str = "-----END CERTIFICATE-----";
    let Some(leaf) = text(annotations, CERTIFICATE)? else {
        return Ok(Vec::new());
    };
    let chain = text(annotations, CHAIN)?.unwrap_or_default();
    [leaf, chain]
        .iter()
        .flat_map(|pem| pem.split_inclusive(END))
        .filter(|block| block.contains(END))
        .map(|block| DerCertificate::from_pem(block).map_err(malformed))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn payload(kind: &str, digest: &str) -> Vec<u8> {
        json!({"critical": {
            "identity": {"docker-reference": "r"},
            "image": {"docker-manifest-digest": digest},
            "type": kind,
        }, "optional": null})
        .to_string()
        .into_bytes()
    }

    #[test]
    fn only_an_image_signature_names_a_digest() {
        assert_eq!(
            named_digest(&payload(PAYLOAD_TYPE, HEX)).unwrap().as_str(),
            HEX
        );
        assert!(named_digest(&payload("cosign attestation", HEX)).is_err());
        assert!(named_digest(&payload(PAYLOAD_TYPE, "sha256:1")).is_err());
        assert!(named_digest(b"{}").is_err());
        let twice = br#"{"critical":{"type":"x","type":"y","image":{}}}"#;
        assert!(named_digest(twice).is_err());
        // Found by fuzzing: a byte that is no text, in a part that nobody reads.
        let mut broken = payload(PAYLOAD_TYPE, HEX);
        let at = broken.windows(3).position(|text| text == b"\"r\"").unwrap();
        broken[at + 1] = 0xf4;
        assert!(named_digest(&broken).is_err());
    }

    #[test]
    fn annotations_are_bounded() {
        let huge = "A".repeat(caps::ANNOTATION_BYTES + 1);
        let annotations = BTreeMap::from([(SIGNATURE.to_owned(), huge)]);
        assert!(Material::read(&annotations).is_err());
        assert!(Material::read(&BTreeMap::new()).is_err());
    }
}
