//! A Rekor v1: entries in a Merkle tree, promised, proven and checkpointed.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Flaw, SigningKey, bundle::PAYLOAD_TYPE};
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
    /// Of a bundle: `dsse` 0.0.1.
    Dsse {
        payload: &'a [u8],
        signature: &'a [u8],
    },
    /// Of legacy simple signing: `hashedrekord` 0.0.1.
    HashedRekord {
        content: &'a [u8],
        signature: &'a [u8],
    },
}

impl Logged<'_> {
    /// Returns the entry's canonical body; `verifier` is the signer's certificate or key in PEM.
    pub(super) fn body(&self, verifier: &str) -> Body {
        let hash = |bytes: &[u8]| json!({"algorithm": "sha256", "value": hex(&sha256(bytes))});
        let (kind, spec) = match self {
            Self::Dsse { payload, signature } => {
                let envelope = json!({
                    "payload": base64(payload),
                    "payloadType": PAYLOAD_TYPE,
                    "signatures": [{"sig": base64(signature)}],
                });
                let spec = json!({
                    "envelopeHash": hash(envelope.to_string().as_bytes()),
                    "payloadHash": hash(payload),
                    "signatures": [{"signature": base64(signature), "verifier": base64(verifier)}],
                });
                ("dsse", spec)
            }
            Self::HashedRekord { content, signature } => {
                let public_key = json!({"content": base64(verifier)});
                let spec = json!({
                    "data": {"hash": hash(content)},
                    "signature": {"content": base64(signature), "publicKey": public_key},
                });
                ("hashedrekord", spec)
            }
        };
        let body = json!({"apiVersion": "0.0.1", "kind": kind, "spec": spec});
        Body {
            kind,
            bytes: canonical(&body),
        }
    }
}

/// An entry's body before it is logged.
pub(super) struct Body {
    kind: &'static str,
    bytes: Vec<u8>,
}

/// A log, which forgets nothing while it lives.
#[derive(Debug)]
pub(super) struct Rekor {
    key: SigningKey,
    leaves: Mutex<Vec<[u8; 32]>>,
}

/// One entry with all that proves it.
pub(super) struct LogEntry {
    kind: &'static str,
    body: Vec<u8>,
    log_id: [u8; 32],
    index: usize,
    size: usize,
    time: i64,
    promise: Option<Vec<u8>>,
    root: [u8; 32],
    proof: Option<Vec<[u8; 32]>>,
    checkpoint: String,
}

impl Rekor {
    /// Starts a log that already holds other people's entries.
    pub(super) fn new() -> Self {
        let others = (0_u8..5).map(|number| leaf(&[number])).collect();
        Self {
            key: SigningKey::p256(),
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
        let time = time.unwrap_or_else(now);
        let root = root(&leaves);
        LogEntry {
            kind: body.kind,
            body: body.bytes.clone(),
            log_id: self.key.id(),
            index,
            size: leaves.len(),
            time,
            promise: self.promise(&body.bytes, index, time, key, flaws),
            root,
            proof: proof(&leaves, index, flaws),
            checkpoint: self.checkpoint(leaves.len(), &root, key),
        }
    }

    /// Signs that the entry will be in the tree: the signed entry timestamp.
    fn promise(
        &self,
        body: &[u8],
        index: usize,
        time: i64,
        key: &SigningKey,
        flaws: &[Flaw],
    ) -> Option<Vec<u8>> {
        let payload = promised(body, index, time, &self.key.id());
        (!flaws.contains(&Flaw::NoPromise)).then(|| key.sign(&canonical(&payload)))
    }

    /// Signs the tree's size and root as a note.
    fn checkpoint(&self, size: usize, root: &[u8; 32], key: &SigningKey) -> String {
        let text = format!("rekor.test - 1\n{size}\n{}\n", base64(root));
        let hint = &self.key.id()[..4];
        let signature = [hint, &key.sign(text.as_bytes())].concat();
        format!("{text}\n\u{2014} rekor.test {}\n", base64(signature))
    }
}

impl LogEntry {
    /// Returns the entry as a bundle carries it.
    pub(super) fn in_bundle(&self) -> Value {
        let mut entry = json!({
            "logIndex": self.index.to_string(),
            "logId": {"keyId": base64(self.log_id)},
            "kindVersion": {"kind": self.kind, "version": "0.0.1"},
            "integratedTime": self.time.to_string(),
            "canonicalizedBody": base64(&self.body),
        });
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
        let payload = promised(&self.body, self.index, self.time, &self.log_id);
        json!({"SignedEntryTimestamp": promise, "Payload": payload})
    }
}

fn promised(body: &[u8], index: usize, time: i64, log_id: &[u8; 32]) -> Value {
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
