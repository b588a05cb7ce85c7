//! A Sigstore instance's TUF repository: fetched by our own client, verified by `sigstore-tuf`.
//!
//! All its files lie in memory while they are worked on, and on the disk in one file: so that a
//! cache is either the old one or the new one, whatever happens to the process that writes it.

use std::{
    collections::BTreeMap,
    error::Error as _,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sigstore_trust_root::TrustedRoot;
use sigstore_tuf::{
    Error, MetadataStore, Repository, Updater, UpdaterConfig, transport::FetchFuture,
};

use super::{caps, trust::TrustError};
use crate::seam::{
    exchange::{Exchange, NoAnswer},
    http::{Request, Url, header},
};

/// The one file of the repository that is used.
const TARGET: &str = "trusted_root.json";

/// A repository's files as they are cached.
///
/// They need no protection: each use verifies them anew, from a root that does not lie with them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cached {
    /// Where they came from.
    pub(super) url: String,
    files: BTreeMap<String, String>,
}

/// A trusted root that TUF vouches for.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) root: TrustedRoot,
    /// The version of the TUF root that it was verified with.
    pub(super) version: u64,
    /// When the first of the signatures over it ends.
    pub(super) expires: Timestamp,
}

/// Brings `cached` up to date from `url`, believing what `anchor` leads to.
///
/// What is cached is the floor below which no version may fall.
pub(super) async fn update(
    web: &Exchange,
    url: &Url,
    anchor: &[u8],
    cached: Cached,
) -> Result<(Cached, Fresh), TrustError> {
    let mirror = Mirror {
        web: web.clone(),
        base: url.clone(),
    };
    let files = Files::new(cached.files);
    let fresh = verify(mirror, &files, anchor).await?;
    let cached = Cached {
        url: url.to_string(),
        files: files.into_inner(),
    };
    Ok((cached, fresh))
}

/// Verifies `cached` as of now, and opens no connection.
pub(super) fn verify_cached(cached: &Cached, anchor: &[u8]) -> Result<Fresh, TrustError> {
    let files = Files::new(cached.files.clone());
    // Nothing in it ever waits.
    verify(files.clone(), &files, anchor)
        .now_or_never()
        .unwrap_or_else(|| Err(TrustError::Outdated("it could not be read".to_owned())))
}

/// The version of a TUF root that is valid by itself.
pub(super) fn anchor_version(anchor: &[u8]) -> Result<u64, TrustError> {
    let anchor = sigstore_tuf::TrustedMetadataSet::from_root(anchor);
    anchor
        .map(|anchor| anchor.root().version)
        .map_err(|error| TrustError::Unusable(sentence(&error)))
}

async fn verify(
    repository: impl Repository + 'static,
    files: &Files,
    anchor: &[u8],
) -> Result<Fresh, TrustError> {
    let now = Timestamp::now();
    let outdated = |error: Error| TrustError::Outdated(sentence(&error));
    let mut updater = Updater::new(repository, anchor)
        .map_err(|error| TrustError::Unusable(sentence(&error)))?
        .with_config(limits())
        .with_store(files.clone());
    updater.refresh(now).await.map_err(outdated)?;
    let bytes = updater.get_target(TARGET, now).await.map_err(outdated)?;
    let json = String::from_utf8_lossy(&bytes);
    let root = TrustedRoot::from_json(&json);
    let root = root.map_err(|error| TrustError::Unusable(error.to_string()))?;
    let trusted = updater.trusted();
    let expiries = [
        Some(trusted.root().expires),
        trusted.timestamp().map(|role| role.expires),
        trusted.snapshot().map(|role| role.expires),
        trusted.targets_role("targets").map(|role| role.expires),
    ];
    let expires = expiries.into_iter().flatten().min();
    Ok(Fresh {
        root,
        version: trusted.root().version,
        expires: expires.unwrap_or(trusted.root().expires),
    })
}

fn limits() -> UpdaterConfig {
    let mut limits = UpdaterConfig::default();
    limits.root_max_length = caps::TUF_FILE_BYTES;
    limits.snapshot_max_length = caps::TUF_FILE_BYTES;
    limits.targets_max_length = caps::TUF_FILE_BYTES;
    limits.target_max_length = caps::TUF_FILE_BYTES;
    limits.max_root_rotations = caps::TUF_ROOTS;
    limits
}

/// The error with all its causes, which its own text leaves out.
fn sentence(error: &Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The files by name, shared by the updater and those who give them to it.
#[derive(Clone, Debug, Default)]
struct Files(Arc<Mutex<BTreeMap<String, String>>>);

impl Files {
    fn new(files: BTreeMap<String, String>) -> Self {
        Self(Arc::new(Mutex::new(files)))
    }

    /// All but the files under a version's name, which lie there without it too.
    fn into_inner(self) -> BTreeMap<String, String> {
        let mut files = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        files.retain(|name, _| unversioned(name) == name);
        files
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(name).map(|text| text.clone().into_bytes())
    }
}

impl MetadataStore for Files {
    fn load(&self, name: &str) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        Ok(self.get(name))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> sigstore_tuf::Result<()> {
        let text = String::from_utf8(bytes.to_vec())
            .map_err(|_| Error::Malformed(format!("{name} is not UTF-8")))?;
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(name.to_owned(), text);
        Ok(())
    }
}

/// The cache as a repository: what it has is the newest there is.
impl Repository for Files {
    fn fetch_metadata<'a>(&'a self, name: &'a str, _: u64) -> FetchFuture<'a> {
        let found = if name.ends_with(".root.json") {
            None
        } else {
            self.get(unversioned(name))
        };
        Box::pin(std::future::ready(Ok(found)))
    }

    fn fetch_target<'a>(&'a self, _: &'a str, _: u64) -> FetchFuture<'a> {
        // The updater has already looked for it in the cache.
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// `7.snapshot.json` without its version.
fn unversioned(name: &str) -> &str {
    match name.split_once('.') {
        Some((version, rest)) if version.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => name,
    }
}

/// The repository over HTTP.
struct Mirror {
    web: Exchange,
    base: Url,
}

impl Mirror {
    async fn get(&self, path: &str, limit: u64) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        let bad_url = |_| Error::transport(format!("`{path}` is no path"));
        let mut base = self.base.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let url = base.join(path).map_err(bad_url)?;
        let request = Request::get(url, header::HeaderMap::new());
        let failed = |error: NoAnswer| Error::transport(format!("{path}: {error}"));
        let response = self.web.follow(&request).await.map_err(failed)?.response;
        match response.status() {
            200 => {
                let bytes = response.read(limit).await;
                let bytes = bytes.map_err(|error| failed(error.into()))?;
                Ok(Some(bytes.to_vec()))
            }
            // Object stores say 403 of what they do not have.
            403 | 404 => Ok(None),
            status => Err(Error::transport(format!("{path}: HTTP status {status}"))),
        }
    }
}

impl Repository for Mirror {
    fn fetch_metadata<'a>(&'a self, name: &'a str, limit: u64) -> FetchFuture<'a> {
        Box::pin(self.get(name, limit))
    }

    fn fetch_target<'a>(&'a self, path: &'a str, limit: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.get(&format!("targets/{path}"), limit).await })
    }
}
