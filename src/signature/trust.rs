//! Whom to believe about certificates, logs and times.

use sigstore_trust_root::{SigstoreInstance, TrustedRoot};
use sigstore_verify::Verifier;

/// A Sigstore instance's keys and certificates.
#[derive(Clone, Debug)]
pub struct TrustMaterial(Source);

#[derive(Clone, Debug)]
enum Source {
    Embedded(SigstoreInstance),
    Given(Box<TrustedRoot>),
}

/// A trusted root that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the trusted root is unusable: {0}")]
pub struct TrustError(String);

impl TrustMaterial {
    /// The public-good instance, as it was when this program was built.
    pub fn public_good() -> Self {
        Self(Source::Embedded(SigstoreInstance::PublicGood))
    }

    /// GitHub's own instance, as it was when this program was built.
    pub fn github() -> Self {
        Self(Source::Embedded(SigstoreInstance::GitHub))
    }

    /// GitHub's own instance, as it was when this program was built.
    pub fn github() -> Self {
        Self(None)
    }

    /// What a `trusted_root.json` describes.
    pub fn from_json(json: &str) -> Result<Self, TrustError> {
        let root = TrustedRoot::from_json(json).map_err(|error| TrustError(error.to_string()))?;
        verifier(&root)?;
        Ok(Self(Source::Given(Box::new(root))))
    }

    /// The root; read when it is first needed, as a key without a log needs none.
    pub(super) fn root(&self) -> Result<TrustedRoot, TrustError> {
        match &self.0 {
            Source::Given(root) => Ok(root.as_ref().clone()),
            Source::Embedded(instance) => instance
                .embedded_trusted_root()
                .map_err(|error| TrustError(error.to_string())),
        }
    }
}

pub(super) fn verifier(root: &TrustedRoot) -> Result<Verifier, TrustError> {
    Verifier::new(root).map_err(|error| TrustError(error.to_string()))
}
