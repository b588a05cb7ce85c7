//! Trusted roots on this machine: cached, kept up to date by TUF, never used expired.
//!
//! A cache is never where trust begins. It is verified at each use from a TUF root that this
//! program brings along, or that the user names: the file that the policy calls trusted. So
//! somebody who can write into the cache, or poisons one that CI restores, can take it away and
//! no more.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sigstore_trust_root::{SigstoreInstance, TrustedRoot};
use tokio::time::timeout;

use super::{
    caps,
    trust::{TrustError, TrustMaterial, unusable},
    tuf::{self, Cached, Fresh},
};
use crate::{
    config::RootSource,
    seam::{
        environment::Environment,
        exchange::Exchange,
        files::{self, FileError},
        http::{Http, HttpOptions, Url},
        retry,
        shared_folder::SharedFolder,
    },
};

/// The name of a cache within an instance's folder.
const STATE: &str = "tuf.json";

/// A Sigstore instance whose trusted root a TUF repository keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instance {
    /// <https://sigstore.dev>.
    PublicGood,
    /// GitHub's own, which signs the attestations of private repositories.
    GitHub,
    /// Another, known by the TUF root that the user believes.
    Private(TufRoot),
}

/// A TUF `root.json` that the user has named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TufRoot(Vec<u8>);

impl TufRoot {
    /// Reads one; it must be signed as it demands itself.
    pub fn from_json(json: &[u8]) -> Result<Self, TrustError> {
        tuf::anchor_version(json)?;
        Ok(Self(json.to_vec()))
    }
}

impl Instance {
    /// The name of its cache: a private one's is the start of its TUF root's SHA-256.
    pub fn name(&self) -> String {
        match self {
            Self::PublicGood => "public-good".to_owned(),
            Self::GitHub => "github".to_owned(),
            Self::Private(TufRoot(bytes)) => hex::encode(&Sha256::digest(bytes)[..8]),
        }
    }

    /// Where its own repository is.
    fn url(&self) -> Option<&'static str> {
        match self {
            Self::PublicGood => Some("https://tuf-repo-cdn.sigstore.dev/"),
            Self::GitHub => Some("https://tuf-repo.github.com/"),
            Self::Private(_) => None,
        }
    }

    fn known(&self) -> Option<SigstoreInstance> {
        match self {
            Self::PublicGood => Some(SigstoreInstance::PublicGood),
            Self::GitHub => Some(SigstoreInstance::GitHub),
            Self::Private(_) => None,
        }
    }

    /// The TUF root at which trust begins.
    fn anchor(&self) -> &[u8] {
        match self {
            Self::PublicGood => include_bytes!("tuf_roots/public-good.json"),
            Self::GitHub => include_bytes!("tuf_roots/github.json"),
            Self::Private(TufRoot(bytes)) => bytes,
        }
    }
}

/// The caches of this user's trusted roots.
#[derive(Clone, Debug)]
pub struct TrustStore {
    folder: Option<PathBuf>,
    web: Exchange,
    offline: bool,
}

/// What the store knows of one instance.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) root: TrustedRoot,
    /// Nothing where the root came with this program.
    pub(super) fetched: Option<Fetched>,
}

/// What TUF says of a root.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) url: String,
    pub(super) version: u64,
    pub(super) expires: Timestamp,
}

impl TrustStore {
    /// The store in `FULLSEND_CACHE_DIR`, or else in `fullsend/trust` of the user's cache folder.
    ///
    /// Reads nothing yet. Where `offline` is `Some`, nothing is refreshed by itself, and an update
    /// goes only to those authorities.
    pub fn new(environment: &Environment, offline: Option<BTreeSet<String>>) -> Self {
        let set = |name| environment.get(name).map(PathBuf::from);
        let caches = || set("XDG_CACHE_HOME").or_else(|| Some(environment.home()?.join(".cache")));
        let folder = set("FULLSEND_CACHE_DIR").or_else(|| Some(caches()?.join("fullsend")));
        let is_offline = offline.is_some();
        let options = HttpOptions {
            offline,
            ..HttpOptions::default()
        };
        Self {
            folder: folder.map(|folder| folder.join("trust")),
            web: Exchange {
                http: Http::new(environment, options),
                insecure_hosts: Vec::new(),
                first_wait: retry::FIRST_WAIT,
            },
            offline: is_offline,
        }
    }

    /// Whom `source` means; `read` gets a file's bytes.
    ///
    /// A file is a `trusted_root.json`, or the TUF `root.json` by which a cached one is believed.
    pub fn material<E: From<TrustError>>(
        &self,
        source: &RootSource,
        read: impl FnOnce(&Path) -> Result<Vec<u8>, E>,
    ) -> Result<TrustMaterial, E> {
        match source {
            RootSource::PublicGood => Ok(TrustMaterial::stored(self, Instance::PublicGood)),
            RootSource::GitHub => Ok(TrustMaterial::stored(self, Instance::GitHub)),
            RootSource::File(path) => Ok(self.material_of(&read(path)?)?),
        }
    }

    /// Whom the bytes of a `trusted_root.json` or a TUF `root.json` mean.
    pub fn material_of(&self, json: &[u8]) -> Result<TrustMaterial, TrustError> {
        if is_tuf_root(json) {
            let instance = Instance::Private(TufRoot::from_json(json)?);
            return Ok(TrustMaterial::stored(self, instance));
        }
        TrustMaterial::from_json(std::str::from_utf8(json).map_err(unusable)?)
    }

    /// Fetches what is new of `instance`, from `mirror` or else from where it came before, and
    /// keeps it.
    ///
    /// One process at a time does so; the others wait for it, and not forever.
    pub async fn update(
        &self,
        instance: &Instance,
        mirror: Option<&Url>,
    ) -> Result<(), TrustError> {
        let refresh = self.refresh(instance, mirror);
        let refreshed = timeout(caps::TUF_UPDATE, refresh).await;
        refreshed.map_err(|_| too_slow())?.map(drop)
    }

    /// The root as it is, verified as of now.
    pub(super) fn root(&self, instance: &Instance) -> Result<TrustedRoot, TrustError> {
        self.known(instance).map(|known| known.root)
    }

    /// The root as it is, or refreshed where that no longer holds and it may be.
    pub(super) async fn root_or_refresh(
        &self,
        instance: &Instance,
    ) -> Result<TrustedRoot, TrustError> {
        match self.root(instance) {
            Err(TrustError::Outdated(_)) if !self.offline => {
                let refresh = self.refresh(instance, None);
                let refreshed = timeout(caps::TUF_REFRESH, refresh).await;
                Ok(refreshed.map_err(|_| too_slow())??.root)
            }
            root => root,
        }
    }

    /// What is known of `instance` without asking anybody.
    pub(super) fn known(&self, instance: &Instance) -> Result<Known, TrustError> {
        if let Some(cached) = self.cached(instance)? {
            let fresh = tuf::verify_cached(&cached, instance.anchor())?;
            return Ok(Known {
                root: fresh.root,
                fetched: Some(Fetched {
                    url: cached.url,
                    version: fresh.version,
                    expires: fresh.expires,
                }),
            });
        }
        let embedded = instance
            .known()
            .ok_or_else(|| TrustError::Unknown(format!("the TUF root {}", instance.name())))?;
        Ok(Known {
            root: embedded.embedded_trusted_root().map_err(unusable)?,
            fetched: None,
        })
    }

    async fn refresh(
        &self,
        instance: &Instance,
        mirror: Option<&Url>,
    ) -> Result<Fresh, TrustError> {
        let folder = self.folder_of(instance)?;
        let entered = SharedFolder::enter(&folder, caps::TUF_UPDATE).await;
        let entered = entered.map_err(TrustError::Cache)?;
        // What cannot be read is no floor, and is replaced.
        let cached = match self.cached(instance) {
            Ok(cached) => cached.unwrap_or_default(),
            Err(TrustError::Outdated(_)) => Cached::default(),
            Err(error) => return Err(error),
        };
        let url = match mirror {
            Some(url) => url.clone(),
            None => source(instance, &cached)?,
        };
        let (updated, fresh) =
            tuf::update(&self.web, &url, instance.anchor(), cached.clone()).await?;
        if updated != cached {
            let bytes = serde_json::to_vec(&updated).map_err(unusable)?;
            entered.write(STATE, &bytes).map_err(TrustError::Cache)?;
        }
        Ok(fresh)
    }

    fn cached(&self, instance: &Instance) -> Result<Option<Cached>, TrustError> {
        let Ok(folder) = self.folder_of(instance) else {
            return Ok(None);
        };
        let bytes = match files::read(&folder.join(STATE), caps::TUF_CACHE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error @ FileError::TooLarge { .. }) => {
                return Err(TrustError::Outdated(error.to_string()));
            }
            Err(error) => return Err(TrustError::Cache(error)),
        };
        let cached = serde_json::from_slice(&bytes);
        cached
            .map(Some)
            .map_err(|error| TrustError::Outdated(format!("the cache is broken: {error}")))
    }

    fn folder_of(&self, instance: &Instance) -> Result<PathBuf, TrustError> {
        let folder = self.folder.as_ref().ok_or(TrustError::NoCache)?;
        Ok(folder.join(instance.name()))
    }
}

/// Where `instance` is fetched from when nobody says so.
fn source(instance: &Instance, cached: &Cached) -> Result<Url, TrustError> {
    let url = if cached.url.is_empty() {
        instance
            .url()
            .ok_or_else(|| TrustError::Unknown(format!("the TUF root {}", instance.name())))?
    } else {
        &cached.url
    };
    Url::parse(url).map_err(|error| TrustError::Outdated(format!("its URL: {error}")))
}

fn too_slow() -> TrustError {
    TrustError::Outdated("its mirror did not answer in time".to_owned())
}

/// A TUF file wraps what is signed; a `trusted_root.json` is signed by none.
fn is_tuf_root(json: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Signed {
        #[serde(rename = "signed")]
        _signed: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Signed>(json).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roots_that_this_program_brings_along_are_signed_as_they_demand() {
        for instance in [Instance::PublicGood, Instance::GitHub] {
            assert!(tuf::anchor_version(instance.anchor()).is_ok_and(|version| version > 0));
        }
    }
}
