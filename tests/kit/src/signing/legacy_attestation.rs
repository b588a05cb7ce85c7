//! Attestations of cosign 1 and 2: a DSSE envelope as a layer of the tag `sha256-<hex>.att`.

use serde_json::{Map, Value, json};

use super::{Credentials, Proof, SLSA_PREDICATE, bundle::PAYLOAD_TYPE, legacy};
use crate::base64;
use crate::image::Manifest;

const LAYER: &str = "application/vnd.dsse.envelope.v1+json";

/// What Rekor makes of an attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttestationEntry {
    /// `dsse` 0.0.1, since cosign 2.2.
    Dsse,
    /// `intoto` 0.0.2, before.
    Intoto,
}

/// One attestation.
#[derive(Debug, Clone)]
pub struct LegacyAttestation {
    /// The envelope, which is the layer.
    pub envelope: String,
    /// Certificate, chain and log entry by annotation name.
    pub annotations: Map<String, Value>,
}

pub(super) fn envelope(payload: &str, signature: &[u8]) -> String {
    let envelope = json!({
        "payloadType": PAYLOAD_TYPE,
        "payload": base64(payload),
        "signatures": [{"keyid": "", "sig": base64(signature)}],
    });
    envelope.to_string()
}

impl LegacyAttestation {
    pub(super) fn new(envelope: String, credentials: &Credentials<'_>, proof: &Proof) -> Self {
        let mut annotations = legacy::annotations("", credentials, proof);
        annotations.insert("predicateType".to_owned(), json!(SLSA_PREDICATE));
        Self {
            envelope,
            annotations,
        }
    }

    /// Returns the manifest for the tag: `present` with this attestation as one layer more.
    pub fn manifest(&self, present: Option<&Manifest>) -> legacy::Artefact {
        legacy::artefact(present, self.envelope.as_bytes(), LAYER, &self.annotations)
    }
}
