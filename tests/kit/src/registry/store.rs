//! What the registry holds.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Blobs are shared by all repositories; manifests and tags belong to one.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) referrers_api: bool,
    pub(super) page_size: usize,
    pub(super) tags_page_size: usize,
    blobs: HashMap<String, Bytes>,
    manifests: BTreeMap<(String, String), Stored>,
    tags: BTreeMap<(String, String), VecDeque<String>>,
    uploads: HashMap<u64, Vec<u8>>,
    next_upload: u64,
}

/// A manifest, and when it came, as lists are in that order.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
    order: usize,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            referrers_api: true,
            page_size: usize::MAX,
            tags_page_size: usize::MAX,
            blobs: HashMap::new(),
            manifests: BTreeMap::new(),
            tags: BTreeMap::new(),
            uploads: HashMap::new(),
            next_upload: 0,
        }
    }
}

/// `sha256:…` of `bytes`.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn key(repository: &str, name: &str) -> (String, String) {
    (repository.to_owned(), name.to_owned())
}

impl Store {
    pub(super) fn put_blob(&mut self, bytes: Bytes) -> String {
        let digest = digest_of(&bytes);
        self.blobs.insert(digest.clone(), bytes);
        digest
    }

    pub(super) fn blob(&self, digest: &str) -> Option<Bytes> {
        self.blobs.get(digest).cloned()
    }

    pub(super) fn put_manifest(
        &mut self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> String {
        let digest = digest_of(&bytes);
        let stored = Stored {
            media_type: media_type.to_owned(),
            bytes,
            order: self.manifests.len(),
        };
        self.manifests.insert(key(repository, &digest), stored);
        if !reference.starts_with("sha256:") {
            self.move_tag(repository, reference, &[&digest]);
        }
        digest
    }

    pub(super) fn move_tag(&mut self, repository: &str, tag: &str, digests: &[&str]) {
        let digests = digests.iter().map(|&digest| digest.to_owned()).collect();
        self.tags.insert(key(repository, tag), digests);
    }

    pub(super) fn remove(&mut self, repository: &str, reference: &str) {
        self.tags.remove(&key(repository, reference));
        self.manifests.remove(&key(repository, reference));
    }

    /// The manifest with its digest; a moving tag moves on unless only `peek`ed at.
    pub(super) fn manifest(
        &mut self,
        repository: &str,
        reference: &str,
        peek: bool,
    ) -> Option<(String, Stored)> {
        let digest = match self.tags.get_mut(&key(repository, reference)) {
            Some(digests) if digests.len() > 1 && !peek => digests.pop_front()?,
            Some(digests) => digests.front()?.clone(),
            None => reference.to_owned(),
        };
        let stored = self.manifests.get(&key(repository, &digest))?.clone();
        Some((digest, stored))
    }

    /// At most `most` tags behind `last`, and whether there are more; `None` where nothing was ever
    /// pushed.
    pub(super) fn tags(
        &self,
        repository: &str,
        last: &str,
        most: Option<usize>,
    ) -> Option<(Vec<String>, bool)> {
        if !self.manifests.keys().any(|(owner, _)| owner == repository) {
            return None;
        }
        let own = self.tags.keys().filter(|(owner, _)| owner == repository);
        let mut tags: Vec<String> = own.map(|(_, tag)| tag.clone()).collect();
        tags.retain(|tag| tag.as_str() > last);
        let most = most.unwrap_or(usize::MAX).min(self.tags_page_size);
        let more = tags.len() > most;
        tags.truncate(most);
        Some((tags, more))
    }

    /// One page of the manifests whose subject is `digest`, and whether there are more.
    pub(super) fn referrers(&self, repository: &str, digest: &str, page: usize) -> (Value, bool) {
        let own = self.manifests.iter();
        let mut found: Vec<(usize, Value)> = own
            .filter(|((owner, _), _)| owner == repository)
            .filter_map(|((_, own_digest), stored)| {
                let manifest: Value = serde_json::from_slice(&stored.bytes).ok()?;
                let subject = manifest["subject"]["digest"].as_str()?;
                (subject == digest)
                    .then(|| (stored.order, descriptor(own_digest, stored, &manifest)))
            })
            .collect();
        found.sort_by_key(|(order, _)| *order);
        let start = page.saturating_mul(self.page_size).min(found.len());
        let end = start.saturating_add(self.page_size).min(found.len());
        let manifests: Vec<&Value> = found[start..end].iter().map(|(_, value)| value).collect();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        });
        (index, end < found.len())
    }

    pub(super) fn start_upload(&mut self) -> u64 {
        self.next_upload += 1;
        self.uploads.insert(self.next_upload, Vec::new());
        self.next_upload
    }

    /// Adds to an upload; its length so far, unless there is no such upload.
    pub(super) fn extend_upload(&mut self, upload: u64, bytes: &[u8]) -> Option<usize> {
        let so_far = self.uploads.get_mut(&upload)?;
        so_far.extend_from_slice(bytes);
        Some(so_far.len())
    }

    /// Ends an upload: the digest that it really has.
    pub(super) fn finish_upload(&mut self, upload: u64) -> Option<String> {
        let bytes = self.uploads.remove(&upload)?;
        Some(self.put_blob(bytes.into()))
    }
}

fn descriptor(digest: &str, stored: &Stored, manifest: &Value) -> Value {
    let kind = match &manifest["artifactType"] {
        Value::Null => &manifest["config"]["mediaType"],
        kind => kind,
    };
    let mut descriptor = json!({
        "mediaType": stored.media_type,
        "digest": digest,
        "size": stored.bytes.len(),
        "artifactType": kind,
    });
    if manifest["annotations"].is_object() {
        descriptor["annotations"] = manifest["annotations"].clone();
    }
    descriptor
}
