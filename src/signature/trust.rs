//! Whom to believe about certificates, logs and times.

use std::sync::{Arc, OnceLock};

use sigstore_trust_root::{SigstoreInstance, TrustedRoot};
use sigstore_verify::Verifier;

use super::trust_store::{Instance, TrustStore};
use crate::{
    model::{chain::chain, text},
    seam::files::FileError,
};

/// A Sigstore instance's keys and certificates; clones share what has been read.
#[derive(Clone, Debug)]
pub struct TrustMaterial(Arc<Source>);

#[derive(Debug)]
enum Source {
    Embedded(SigstoreInstance),
    Given(Box<TrustedRoot>),
    Stored {
        store: TrustStore,
        instance: Instance,
        read: OnceLock<Result<Box<TrustedRoot>, TrustError>>,
    },
}

/// A trusted root that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// What was given is not one.
    #[error("the trusted root is unusable: {0}")]
    Unusable(String),
    /// What TUF vouches for could not be brought up to date, or is expired and nobody may ask.
    #[error("the trusted root is not up to date: {0}")]
    Outdated(String),
    /// Nothing was ever fetched, and this program knows nothing of the instance.
    #[error("nothing is known yet of the Sigstore instance that {0} leads to")]
    Unknown(String),
    /// The cache cannot be read or written.
    #[error("the cache of trusted roots does not work: {}", chain(.0))]
    Cache(#[source] FileError),
    /// There is no place for a cache.
    #[error("there is no cache of trusted roots: set FULLSEND_CACHE_DIR, XDG_CACHE_HOME or HOME")]
    NoCache,
}

impl TrustError {
    /// Whether it says nothing about what was asked, and may be over on another try.
    pub fn is_unavailable(&self) -> bool {
        !matches!(self, Self::Unusable(_))
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Outdated(_) => Some("run `fullsend trust update` where its mirror is reachable"),
            Self::Unknown(_) => Some("run `fullsend trust update --mirror URL --root FILE` first"),
            Self::Unusable(_) | Self::Cache(_) | Self::NoCache => None,
        }
    }

    /// The error with its hint, as one sentence.
    pub(super) fn with_hint(&self) -> String {
        text::with_hint(self, self.hint())
    }
}

impl TrustMaterial {
    /// The public-good instance, as it was when this program was built.
    pub fn public_good() -> Self {
        Self(Arc::new(Source::Embedded(SigstoreInstance::PublicGood)))
    }

    /// GitHub's own instance, which signs the attestations of private repositories, as it was
    /// when this program was built.
    pub fn github() -> Self {
        Self(Arc::new(Source::Embedded(SigstoreInstance::GitHub)))
    }

    /// The instance on which Sigstore tries out its releases, as it was when this program was
    /// built.
    pub fn staging() -> Self {
        Self(Arc::new(Source::Embedded(SigstoreInstance::Staging)))
    }

    /// What a `trusted_root.json` describes.
    pub fn from_json(json: &str) -> Result<Self, TrustError> {
        let root = TrustedRoot::from_json(json).map_err(unusable)?;
        verifier(&root)?;
        Ok(Self(Arc::new(Source::Given(Box::new(root)))))
    }

    /// What `store` has of `instance`, read and verified when it is first needed.
    pub fn stored(store: &TrustStore, instance: Instance) -> Self {
        Self(Arc::new(Source::Stored {
            store: store.clone(),
            instance,
            read: OnceLock::new(),
        }))
    }

    /// Reads the root, and refreshes it where it is expired and that is allowed.
    ///
    /// To be awaited before anything is checked that needs it; without, an expired root stays one.
    pub(super) async fn prepare(&self) {
        let Source::Stored {
            store,
            instance,
            read,
        } = &*self.0
        else {
            return;
        };
        if read.get().is_none() {
            let root = store.root_or_refresh(instance).await.map(Box::new);
            let _ = read.set(root);
        }
    }

    /// The root; read when it is first needed, as a key without a log needs none.
    pub(super) fn root(&self) -> Result<TrustedRoot, String> {
        match &*self.0 {
            Source::Embedded(instance) => {
                let root = instance.embedded_trusted_root().map_err(unusable);
                root.map_err(|error| error.to_string())
            }
            Source::Given(root) => Ok(root.as_ref().clone()),
            Source::Stored {
                store,
                instance,
                read,
            } => {
                if let Some(root) = read.get() {
                    let root = root.as_ref().map_err(TrustError::with_hint)?;
                    return Ok(root.as_ref().clone());
                }
                // Only `prepare` may say for good that there is none.
                let root = store.root(instance);
                let root = root.map_err(|error| error.with_hint())?;
                let known = read.get_or_init(|| Ok(Box::new(root)));
                let root = known.as_ref().map_err(TrustError::with_hint)?;
                Ok(root.as_ref().clone())
            }
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "stands behind map_err, which hands errors over"
)]
pub(super) fn unusable(error: impl ToString) -> TrustError {
    TrustError::Unusable(error.to_string())
}

pub(super) fn verifier(root: &TrustedRoot) -> Result<Verifier, TrustError> {
    Verifier::new(root).map_err(unusable)
}
