//! What a finding is recognised by from one run to the next.

use std::{collections::HashMap, os::unix::ffi::OsStrExt as _};

use sha2::{Digest as _, Sha256};

use super::finding::Finding;

/// Names the findings of one document.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    seen: HashMap<String, usize>,
}

impl Fingerprints {
    /// The name of `finding`, which stays the same when lines move, so that one that was dismissed
    /// stays so; equal findings of a file are told apart by their order.
    pub(super) fn next(&mut self, finding: &Finding) -> String {
        let file = finding.file.as_os_str().as_bytes();
        let file = file.strip_prefix(b"./").unwrap_or(file);
        let mut hash = Sha256::new();
        for part in [finding.rule.id.as_bytes(), file, finding.message.as_bytes()] {
            hash.update(part);
            hash.update([0]);
        }
        let hash = hex::encode(&hash.finalize()[..16]);
        let count = self.seen.entry(hash.clone()).or_default();
        *count += 1;
        format!("{hash}:{count}")
    }
}
