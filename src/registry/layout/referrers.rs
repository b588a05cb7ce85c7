//! The manifests of a layout that are about another one.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::Layout;
use crate::{
    model::digest::Digest,
    registry::{
        error::{Reason, expect_digest},
        limits,
        manifest::{Descriptor, FetchedManifest, Manifest},
    },
};

impl Layout {
    /// Everything whose subject is `digest`.
    ///
    /// All blobs are looked at, not only those that index.json leads to: `cosign save` lists
    /// no bundle there, and reads the blobs in the same way.
    pub(super) fn referrers_of(&self, digest: &Digest) -> Result<Vec<Descriptor>, Reason> {
        let listed: BTreeSet<&Digest> = self.entries.iter().map(|entry| &entry.digest).collect();
        let names = self.blobs.names(limits::LAYOUT_BLOBS)?;
        let names = names.ok_or(Reason::TooLarge {
            limit: limits::LAYOUT_BLOBS as u64,
            unit: "blobs",
        })?;
        let mut present: BTreeSet<Digest> = BTreeSet::new();
        // What is no digest is no blob: a tool's temporary file, say.
        present.extend(
            names
                .iter()
                .filter_map(|hex| format!("sha256:{hex}").parse().ok()),
        );
        if !listed.iter().all(|digest| present.contains(*digest)) {
            return Err(Reason::Malformed(
                "index.json lists a manifest that is not there".to_owned(),
            ));
        }
        let mut left = limits::LAYOUT_JSON;
        let mut found = Vec::new();
        for blob in &present {
            let Some(bytes) = self.manifest_like(blob, &mut left)? else {
                continue;
            };
            if !mentions(&bytes, digest) {
                continue;
            }
            expect_digest(blob, &Digest::of(&bytes))?;
            match FetchedManifest::parse(bytes, blob.clone(), None) {
                Ok(manifest) => found.extend(as_referrer(manifest, digest)),
                // A payload that names the digest is no manifest, and index.json lists none.
                Err(reason) if listed.contains(blob) => return Err(reason),
                Err(_) => {}
            }
            if found.len() > limits::MANIFESTS {
                return Err(Reason::TooLarge {
                    limit: limits::MANIFESTS as u64,
                    unit: "entries",
                });
            }
        }
        Ok(found)
    }

    /// A blob that has the look and size of a manifest; `left` is what may be read of all of them.
    fn manifest_like(&self, blob: &Digest, left: &mut u64) -> Result<Option<Bytes>, Reason> {
        let read = self
            .blobs
            .read_if_starts(blob.hex(), b'{', limits::MANIFEST)?;
        let length = read.as_ref().map_or(0, Vec::len) as u64;
        *left = left.checked_sub(length).ok_or(Reason::TooLarge {
            limit: limits::LAYOUT_JSON,
            unit: "bytes of JSON",
        })?;
        Ok(read.map(Bytes::from))
    }
}

/// Whether the digest stands in the bytes: far cheaper than to read them.
fn mentions(bytes: &[u8], digest: &Digest) -> bool {
    let hex = digest.hex().as_bytes();
    bytes.windows(hex.len()).any(|window| window == hex)
}

/// The entry that a registry's referrers list would have.
fn as_referrer(manifest: FetchedManifest, digest: &Digest) -> Option<Descriptor> {
    let (artifact_type, subject, annotations) = match manifest.parsed {
        Manifest::Image(image) => {
            let kind = image.artifact_type.unwrap_or(image.config.media_type);
            (Some(kind), image.subject, image.annotations)
        }
        Manifest::Index(index) => (None, index.subject, index.annotations),
    };
    subject.filter(|subject| subject.digest == *digest)?;
    Some(Descriptor {
        media_type: manifest.media_type,
        digest: manifest.digest,
        size: manifest.bytes.len() as u64,
        artifact_type,
        platform: None,
        annotations,
    })
}
