//! The room's readers of signatures, for the fuzz targets alone.

use std::{collections::BTreeMap, sync::OnceLock};

use super::{
    caps,
    engine::Sigstore,
    evidence::{Evidence, Signer},
    key::PublicKey,
    trust::TrustMaterial,
};
use crate::model::digest::Digest;

/// The most log entries and time stamps that a bundle may have, and the most subjects.
pub const MOST: [usize; 3] = [caps::LOG_ENTRIES, caps::TIMESTAMPS, caps::SUBJECTS];

/// What was read out of a bundle.
#[derive(Debug)]
pub struct ReadBundle {
    /// How many log entries are left to check.
    pub log_entries: usize,
    /// How many time stamps are left to check.
    pub time_stamps: usize,
    /// What the statement is about.
    pub subjects: Vec<Digest>,
    /// Whether it proves that somebody signed the digest that was asked for.
    pub is_proven: bool,
}

/// What was read out of a legacy signature.
#[derive(Debug)]
pub struct ReadPayload {
    /// What the payload is about.
    pub digest: Digest,
    /// Whether it proves that somebody signed the digest that was asked for.
    pub is_proven: bool,
}

/// Reads a bundle, and asks whether `root` or `key` proves it to be for `digest`.
///
/// `root` and `key` are read once and must be the same in every call.
pub fn read_bundle(json: &[u8], root: &str, key: &str, digest: &Digest) -> Option<ReadBundle> {
    let evidence = Evidence::from_bundle(json).ok()?;
    let material = &evidence.bundle.as_ref()?.verification_material;
    Some(ReadBundle {
        log_entries: material.tlog_entries.len(),
        time_stamps: material
            .timestamp_verification_data
            .rfc3161_timestamps
            .len(),
        subjects: evidence.names.clone(),
        is_proven: Prover::get(root, key).proves(&evidence, digest),
    })
}

/// Reads a legacy signature with the values of its annotations, in the order of
/// `SIGNATURE_SPEC.md`, and asks as [`read_bundle`] does.
pub fn read_payload(
    payload: &[u8],
    annotations: &[&str],
    root: &str,
    key: &str,
    digest: &Digest,
) -> Option<ReadPayload> {
    const NAMES: [&str; 5] = [
        "dev.cosignproject.cosign/signature",
        "dev.sigstore.cosign/certificate",
        "dev.sigstore.cosign/chain",
        "dev.sigstore.cosign/bundle",
        "dev.sigstore.cosign/rfc3161timestamp",
    ];
    let annotations: BTreeMap<String, String> = NAMES
        .iter()
        .zip(annotations)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let evidence = Evidence::from_simple_signing(payload, &annotations).ok()?;
    Some(ReadPayload {
        digest: evidence.names.first()?.clone(),
        is_proven: Prover::get(root, key).proves(&evidence, digest),
    })
}

struct Prover {
    key: PublicKey,
    engine: Sigstore,
}

impl Prover {
    fn get(root: &str, key: &str) -> &'static Self {
        static PROVER: OnceLock<Prover> = OnceLock::new();
        PROVER.get_or_init(|| {
            let trust = TrustMaterial::from_json(root).expect("a trusted root");
            Self {
                key: PublicKey::from_pem(key).expect("a public key"),
                engine: Sigstore::new(&trust),
            }
        })
    }

    fn proves(&self, evidence: &Evidence, digest: &Digest) -> bool {
        match &evidence.signer {
            Signer::Key { .. } => {
                let by_key = |logged| {
                    let log = self.engine.check_key(evidence, &self.key, digest, logged);
                    log.is_ok()
                };
                by_key(false) || by_key(true)
            }
            Signer::Certificate(_) => self.engine.check_certificate(evidence, digest).is_ok(),
        }
    }
}
