//! Rekor, v1 and v2: entries in a Merkle tree, proven and checkpointed, and in v1 promised.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Credentials, Flaw, SigningKey, bundle::PAYLOAD_TYPE};
use crate::{base64, hex, must, sha256};

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let elapsed = must(
        SystemTime::now().duration_since(UNIX_EPOCH),
        "tell the time",
    );
    must(i64::try_from(elapsed.as_secs()), "tell the time")
}

/// What is logged of a signature.
pub(super) enum Logged<'a> {
    /// Of a bundle in v1: `dsse` 0.0.1, over the payload alone.
    Dsse(&'a [u8]),
    /// Of a legacy attestation in v1: `intoto` 0.0.2, over the payload.
    Intoto(&'a [u8]),
    /// Of legacy simple signing in v1: `hashedrekord` 0.0.1.
    HashedRekord(&'a [u8]),
    /// Of either in v2: `hashedrekord` 0.0.2, over what is signed.
    HashedRekordV2(&'a [u8]),
}

impl Logged<'_> {
    /// Returns which log takes it.
    pub(super) fn generation(&self) -> Generation {
        match self {
            Self::Dsse(_) | Self::Intoto(_) | Self::HashedRekord(_) => Generation::V1,
            Self::HashedRekordV2(_) => Generation::V2,
        }
    }

    /// Returns the entry's canonical body.
    pub(super) fn body(&self, signature: &[u8], credentials: &Credentials<'_>) -> Body {
        let verifier = base64(credentials.verifier_pem());
        let signature = base64(signature);
        let (kind, version, spec) = match self {
            Self::Dsse(payload) => ("dsse", "0.0.1", dsse(payload, &signature, &verifier)),
            Self::Intoto(payload) => ("intoto", "0.0.2", intoto(payload, &signature, &verifier)),
            Self::HashedRekord(content) => {
                let spec = json!({
                    "data": {"hash": hash(content)},
                    "signature": {"content": signature, "publicKey": {"content": verifier}},
                });
                ("hashedrekord", "0.0.1", spec)
            }
            Self::HashedRekordV2(content) => {
                let record = json!({
                    "data": {"algorithm": "SHA2_256", "digest": base64(sha256(content))},
                    "signature": {"content": signature, "verifier": credentials.verifier()},
                });
                ("hashedrekord", "0.0.2", json!({"hashedRekordV002": record}))
            }
        };
        let body = json!({"apiVersion": version, "kind": kind, "spec": spec});
        Body {
            kind,
            version,
            bytes: canonical(&body),
        }
    }
}

fn dsse(payload: &[u8], signature: &str, verifier: &str) -> Value {
    let envelope = json!({
        "payload": base64(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": signature}],
    });
    json!({
        "envelopeHash": hash(envelope.to_string().as_bytes()),
        "payloadHash": hash(payload),
        "signatures": [{"signature": signature, "verifier": verifier}],
    })
}

/// Rekor keeps signature and key of this kind in base64 once more.
fn intoto(payload: &[u8], signature: &str, verifier: &str) -> Value {
    let envelope = json!({
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": base64(signature), "publicKey": verifier}],
    });
    json!({"content": {
        "envelope": envelope,
        "hash": hash(envelope.to_string().as_bytes()),
        "payloadHash": hash(payload),
    }})
}

fn hash(bytes: &[u8]) -> Value {
    json!({"algorithm": "sha256", "value": hex(&sha256(bytes))})
}

/// An entry's body before it is logged.
pub(super) struct Body {
    kind: &'static str,
    version: &'static str,
    bytes: Vec<u8>,
}

/// The host and origin of the v2 log.
pub(super) const V2_NAME: &str = "log2026-1.rekor.test";

/// A log, which forgets nothing while it lives.
#[derive(Debug)]
pub(super) struct Rekor {
    key: SigningKey,
    origin: &'static str,
    generation: Generation,
    leaves: Mutex<Vec<[u8; 32]>>,
}

/// Which Rekor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// Promises each entry with a time.
    V1,
    /// Tells no time; that takes a timestamp.
    V2,
}

/// One entry with all that proves it.
pub(super) struct LogEntry {
    kind: &'static str,
    version: &'static str,
    body: Vec<u8>,
    log_id: [u8; 32],
    index: usize,
    size: usize,
    time: Option<i64>,
    promise: Option<Vec<u8>>,
    root: [u8; 32],
    proof: Option<Vec<[u8; 32]>>,
    checkpoint: String,
}

impl Rekor {
    /// Starts a log that already holds other people's entries.
    pub(super) fn new(generation: Generation) -> Self {
        let others = (0_u8..5).map(|number| leaf(&[number])).collect();
        Self {
            key: SigningKey::p256(),
            origin: match generation {
                Generation::V1 => "rekor.test - 1",
                Generation::V2 => V2_NAME,
            },
            generation,
            leaves: Mutex::new(others),
        }
    }

    pub(super) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Appends `body` and proves it.
    pub(super) fn append(&self, body: &Body, flaws: &[Flaw]) -> LogEntry {
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        let index = leaves.len();
        leaves.push(leaf(&body.bytes));
        let stranger = SigningKey::p256();
        let forged = flaws.contains(&Flaw::LogSignature);
        let key = if forged { &stranger } else { &self.key };
        let time = flaws.iter().find_map(|flaw| match flaw {
            Flaw::LoggedAt(time) => Some(*time),
            _ => None,
        });
        let v1 = self.generation == Generation::V1;
        // Rekor v2 says no time, unless it is made to.
        let time = time.or_else(|| v1.then(now));
        let promised = time.filter(|_| !flaws.contains(&Flaw::NoPromise));
        let promise = promised.map(|time| {
            let payload = promised_payload(&body.bytes, index, time, &self.key.id());
            key.sign(&canonical(&payload))
        });
        let root = root(&leaves);
        LogEntry {
            kind: body.kind,
            version: body.version,
            body: body.bytes.clone(),
            log_id: self.key.id(),
            index,
            size: leaves.len(),
            time,
            promise,
            root,
            proof: proof(&leaves, index, flaws),
            checkpoint: self.checkpoint(leaves.len(), &root, key),
        }
    }

    /// Signs the tree's size and root as a note.
    fn checkpoint(&self, size: usize, root: &[u8; 32], key: &SigningKey) -> String {
        let origin = self.origin;
        let name = origin.split(' ').next().unwrap_or(origin);
        let text = format!("{origin}\n{size}\n{}\n", base64(root));
        let hint = &self.key.id()[..4];
        let signature = [hint, &key.sign(text.as_bytes())].concat();
        format!("{text}\n\u{2014} {name} {}\n", base64(signature))
    }
}

impl LogEntry {
    /// Returns the entry as a bundle carries it.
    pub(super) fn in_bundle(&self) -> Value {
        let mut entry = json!({
            "logIndex": self.index.to_string(),
            "logId": {"keyId": base64(self.log_id)},
            "kindVersion": {"kind": self.kind, "version": self.version},
            "canonicalizedBody": base64(&self.body),
        });
        if let Some(time) = self.time {
            entry["integratedTime"] = json!(time.to_string());
        }
        if let Some(promise) = &self.promise {
            entry["inclusionPromise"] = json!({"signedEntryTimestamp": base64(promise)});
        }
        if let Some(proof) = &self.proof {
            entry["inclusionProof"] = json!({
                "logIndex": self.index.to_string(),
                "rootHash": base64(self.root),
                "treeSize": self.size.to_string(),
                "hashes": proof.iter().map(base64).collect::<Vec<_>>(),
                "checkpoint": {"envelope": self.checkpoint},
            });
        }
        entry
    }

    /// Returns the entry as legacy's `dev.sigstore.cosign/bundle` carries it.
    pub(super) fn in_annotation(&self) -> Value {
        let promise = base64(self.promise.as_deref().unwrap_or_default());
        let time = self.time.unwrap_or_default();
        let payload = promised_payload(&self.body, self.index, time, &self.log_id);
        json!({"SignedEntryTimestamp": promise, "Payload": payload})
    }
}

/// What a signed entry timestamp is over.
fn promised_payload(body: &[u8], index: usize, time: i64, log_id: &[u8; 32]) -> Value {
    json!({
        "body": base64(body),
        "integratedTime": time,
        "logIndex": index,
        "logID": hex(log_id),
    })
}

fn canonical(value: &Value) -> Vec<u8> {
    must(
        serde_json_canonicalizer::to_vec(value),
        "write canonical JSON",
    )
}

fn leaf(body: &[u8]) -> [u8; 32] {
    sha256(&[&[0], body].concat())
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha256(&[&[1], &left[..], &right[..]].concat())
}

/// Splits as RFC 6962 does: at the largest power of two below the length.
fn split(leaves: &[[u8; 32]]) -> (&[[u8; 32]], &[[u8; 32]]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}

fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256(b""),
        [only] => *only,
        _ => {
            let (left, right) = split(leaves);
            node(&root(left), &root(right))
        }
    }
}

/// Returns the hashes beside the path from leaf `index` up to the root.
fn path(leaves: &[[u8; 32]], index: usize) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = split(leaves);
    let (mut hashes, beside) = if index < left.len() {
        (path(left, index), root(right))
    } else {
        (path(right, index - left.len()), root(left))
    };
    hashes.push(beside);
    hashes
}

fn proof(leaves: &[[u8; 32]], index: usize, flaws: &[Flaw]) -> Option<Vec<[u8; 32]>> {
    let mut hashes = path(leaves, index);
    if flaws.contains(&Flaw::InclusionProof)
        && let Some(first) = hashes.first_mut()
    {
        first[0] ^= 1;
    }
    (!flaws.contains(&Flaw::NoInclusionProof)).then_some(hashes)
}
