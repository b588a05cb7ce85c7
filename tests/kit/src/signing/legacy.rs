//! Simple signing of cosign 1 and 2: a payload as a layer, all else in annotations.

use serde_json::{Map, Value, json};

use super::{Credentials, Proof};
use crate::base64;
use crate::image::{Blob, MANIFEST, Manifest};

pub(super) const CRITICAL_TYPE: &str = "cosign container image signature";
const LAYER: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// Writes the payload with cosign's order of keys.
pub(super) fn payload(digest: &str, reference: &str, critical_type: &str) -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{reference}"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"{critical_type}"}},"optional":null}}"#
    )
}

/// One signature: a layer of the tag `sha256-<hex>.sig`.
#[derive(Debug, Clone)]
pub struct LegacySignature {
    /// What is signed.
    pub payload: String,
    /// Signature, certificate, chain and log entry by annotation name.
    pub annotations: Map<String, Value>,
}

/// The manifest under the tag, and the blobs it adds.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// The configuration and the signature's payload.
    pub blobs: Vec<Blob>,
    /// The manifest, with the layers that it already had.
    pub manifest: Manifest,
}

impl LegacySignature {
    pub(super) fn new(
        payload: String,
        signature: &[u8],
        credentials: &Credentials<'_>,
        proof: &Proof,
    ) -> Self {
        let annotations = annotations(&base64(signature), credentials, proof);
        Self {
            payload,
            annotations,
        }
    }

    /// Returns the manifest for the tag: `present` with this signature as one layer more.
    pub fn manifest(&self, present: Option<&Manifest>) -> Artefact {
        let content = self.payload.as_bytes();
        artefact(present, content, LAYER, &self.annotations)
    }
}

/// Writes what stands beside a layer; an envelope's own signature is not repeated.
pub(super) fn annotations(
    signature: &str,
    credentials: &Credentials<'_>,
    proof: &Proof,
) -> Map<String, Value> {
    let mut annotations = Map::new();
    let mut add = |name: &str, text: String| annotations.insert(name.to_owned(), text.into());
    add("dev.cosignproject.cosign/signature", signature.to_owned());
    if let Some(issued) = &credentials.issued {
        add("dev.sigstore.cosign/certificate", issued.pem());
        add("dev.sigstore.cosign/chain", issued.chain_pem());
    }
    if let Some(timestamp) = &proof.timestamp {
        let timestamp = json!({"SignedRFC3161Timestamp": base64(timestamp)});
        add(
            "dev.sigstore.cosign/rfc3161timestamp",
            timestamp.to_string(),
        );
    }
    if let Some(entry) = &proof.entry {
        let bundle = entry.in_annotation().to_string();
        add("dev.sigstore.cosign/bundle", bundle);
    }
    annotations
}

/// Adds a layer to the manifest `present`, or starts one.
pub(super) fn artefact(
    present: Option<&Manifest>,
    content: &[u8],
    media_type: &str,
    annotations: &Map<String, Value>,
) -> Artefact {
    let present = present.and_then(|manifest| serde_json::from_slice(&manifest.bytes).ok());
    let mut layers = present.map_or_else(Vec::new, |manifest: Value| {
        manifest["layers"].as_array().cloned().unwrap_or_default()
    });
    let payload = Blob::new(content);
    let mut layer = payload.descriptor(media_type);
    layer["annotations"] = json!(annotations);
    layers.push(layer);
    let config = Blob::new(config(&layers).to_string());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(CONFIG),
        "layers": layers,
    });
    Artefact {
        blobs: vec![config, payload],
        manifest: Manifest::new(MANIFEST, &manifest),
    }
}

fn config(layers: &[Value]) -> Value {
    let digests: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
    json!({
        "architecture": "",
        "os": "",
        "created": "0001-01-01T00:00:00Z",
        "config": {},
        "history": [{"created": "0001-01-01T00:00:00Z"}],
        "rootfs": {"type": "layers", "diff_ids": digests},
    })
}
