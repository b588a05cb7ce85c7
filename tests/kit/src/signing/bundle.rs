//! The v0.3 bundle of cosign 3, and its way into a registry as an OCI 1.1 referrer.

use serde_json::{Value, json};

use super::{Credentials, Proof};
use crate::base64;
use crate::image::{Blob, INDEX, MANIFEST, Manifest};

/// The predicate type that makes a statement a signature of its subject.
pub const SIGN_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The predicate type of SLSA provenance.
pub const SLSA_PREDICATE: &str = "https://slsa.dev/provenance/v1";

pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

pub(super) const PROVENANCE: &str = r#"{"buildDefinition":{"buildType":"https://example.test/build/v1","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.test/builder"}}}"#;

/// Writes the in-toto statement with cosign's spelling and order of keys.
pub(super) fn statement(digest: &str, predicate_type: &str, predicate: &str) -> String {
    let (algorithm, value) = digest.split_once(':').unwrap_or(("sha256", digest));
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"{algorithm}":"{value}"}},"annotations":{{}}}}],"predicateType":"{predicate_type}","predicate":{predicate}}}"#
    )
}

/// Returns the bytes that a DSSE envelope's signature is over.
pub(super) fn pre_authentication_encoding(payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {PAYLOAD_TYPE} {} ",
        PAYLOAD_TYPE.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// A signature or attestation as one JSON document.
#[derive(Debug, Clone)]
pub struct Bundle {
    json: Value,
    predicate_type: String,
}

/// The manifest that ties a bundle to its image, and the blobs it needs.
#[derive(Debug, Clone)]
pub struct Referrer {
    /// The empty configuration and the bundle.
    pub blobs: Vec<Blob>,
    /// The manifest, whose `subject` is the image.
    pub manifest: Manifest,
}

impl Bundle {
    pub(super) fn new(
        payload: &str,
        predicate_type: &str,
        signature: &[u8],
        credentials: &Credentials<'_>,
        proof: &Proof,
    ) -> Self {
        let mut material = match &credentials.issued {
            Some(issued) => json!({"certificate": {"rawBytes": base64(&issued.der)}}),
            None => json!({"publicKey": {"hint": credentials.key.hint()}}),
        };
        if let Some(entry) = &proof.entry {
            material["tlogEntries"] = json!([entry.in_bundle()]);
        }
        if let Some(timestamp) = &proof.timestamp {
            let timestamp = json!({"signedTimestamp": base64(timestamp)});
            material["timestampVerificationData"] = json!({"rfc3161Timestamps": [timestamp]});
        }
        let envelope = json!({
            "payload": base64(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64(signature)}],
        });
        Self {
            json: json!({
                "mediaType": MEDIA_TYPE,
                "verificationMaterial": material,
                "dsseEnvelope": envelope,
            }),
            predicate_type: predicate_type.to_owned(),
        }
    }

    /// Returns the document, to be changed as a test likes and given to [`Self::with_json`].
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Replaces the document.
    #[must_use]
    pub fn with_json(mut self, json: Value) -> Self {
        self.json = json;
        self
    }

    /// Returns the document's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.json.to_string().into_bytes()
    }

    /// Wraps the bundle for a registry, as a referrer of the manifest `subject`.
    pub fn referrer(&self, subject: &Manifest) -> Referrer {
        let bundle = Blob::new(self.bytes());
        let empty = Blob::new("{}");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": MEDIA_TYPE,
            "config": empty.descriptor(EMPTY),
            "layers": [bundle.descriptor(MEDIA_TYPE)],
            "annotations": {
                "dev.sigstore.bundle.content": "dsse-envelope",
                "dev.sigstore.bundle.predicateType": self.predicate_type,
                "org.opencontainers.image.created": "2026-01-01T00:00:00Z",
            },
            "subject": subject.descriptor(),
        });
        Referrer {
            blobs: vec![empty, bundle],
            manifest: Manifest::new(MANIFEST, &manifest),
        }
    }
}

impl Referrer {
    /// Returns what a list of referrers says of this one.
    pub fn descriptor(&self) -> Value {
        let mut descriptor = self.manifest.descriptor();
        descriptor["artifactType"] = json!(MEDIA_TYPE);
        descriptor
    }

    /// Adds this referrer to the index under the fallback tag, or starts one.
    pub fn fallback_index(&self, present: Option<&Manifest>) -> Manifest {
        let present = present.and_then(|index| serde_json::from_slice::<Value>(&index.bytes).ok());
        let mut listed = match present {
            Some(mut index) => index["manifests"].take(),
            None => json!([]),
        };
        if let Some(listed) = listed.as_array_mut() {
            listed.retain(|entry| entry["digest"] != self.manifest.digest.as_str());
            listed.push(self.descriptor());
        }
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed});
        Manifest::new(INDEX, &index)
    }
}
