//! A rule of the policy with its keys read, ready to be held against signatures.

use std::{fmt, ops::Range, path::Path};

use super::{
    caps,
    engine::Sigstore,
    key::{KeyError, PublicKey},
    policy::Policy,
    trust::{TrustError, TrustMaterial},
};
use crate::{
    checkout::TreeError,
    config::{
        AttestationRequirement, Condition, Coverage, KeyRequirement, KeySource, KeylessRequirement,
        PredicateType, Requirement, RootSource, Rule,
    },
    model::image::Repository,
    seam::environment::Environment,
};

/// A rule of the policy that cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A key or a trusted root cannot be read.
    #[error("could not read what the policy names")]
    File(#[from] TreeError),
    /// The variable that should hold the key is not set.
    #[error("the environment variable {0}, which should hold the public key, is not set")]
    Unset(String),
    /// What was read is no usable public key.
    #[error("{place}: {source}")]
    Key {
        /// The file or variable.
        place: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// What was read is no usable trusted root.
    #[error("a trusted root that the policy names")]
    Trust(#[from] TrustError),
}

/// What one rule demands.
#[derive(Debug)]
pub(super) struct Demand {
    /// Every key and certificate that the rule names, those for attestations last.
    pub(super) leaves: Vec<Leaf>,
    /// The Sigstore instances that the leaves believe; the command's first.
    pub(super) engines: Vec<Sigstore>,
    /// Who must have signed the image.
    pub(super) signers: Signers,
    pub(super) attestations: Vec<AttestationDemand>,
    pub(super) coverage: Coverage,
    /// Where the signatures are, if not beside the image.
    pub(super) signature_repository: Option<Repository>,
}

/// One key or certificate.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) accepted: Accepted,
    /// Which of the demand's Sigstore instances it believes.
    pub(super) trust: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Accepted {
    Key { key: PublicKey, logged: bool },
    Keyless(Box<KeylessRequirement>),
}

/// A tree over leaves, and which of them are in it.
#[derive(Clone, Debug)]
pub(super) struct Signers {
    pub(super) tree: Tally,
    pub(super) leaves: Range<usize>,
}

/// How the leaves' signatures are counted; leaves by their number.
#[derive(Clone, Debug)]
pub(super) enum Tally {
    Leaf(usize),
    Any(Vec<Self>),
    All(Vec<Self>),
    Threshold { count: usize, of: Vec<Self> },
}

/// An attestation that the image must have.
#[derive(Debug)]
pub(super) struct AttestationDemand {
    pub(super) predicate_type: PredicateType,
    pub(super) conditions: Vec<Condition>,
    pub(super) signers: Signers,
}

/// Whether one of the demanded attestations is of this type.
pub(super) fn accepts_type(demanded: &[AttestationDemand], predicate_type: &str) -> bool {
    let mut demanded = demanded.iter();
    demanded.any(|wanted| wanted.predicate_type.accepts(predicate_type))
}

impl AttestationDemand {
    /// Whether the predicate holds what is asked of it; an error is the first that does not fit.
    pub(super) fn check(&self, predicate: &serde_json::Value) -> Result<(), String> {
        let mut conditions = self.conditions.iter();
        conditions.try_for_each(|condition| {
            let held = condition.holds(predicate);
            held.map_err(|mismatch| mismatch.to_string())
        })
    }
}

impl Demand {
    /// Brings the Sigstore instances up to date on which a verdict may depend.
    pub(super) async fn prepare(&self) {
        for leaf in self.leaves.iter().filter(|leaf| leaf.needs_trust()) {
            self.engines[leaf.trust].prepare().await;
        }
    }

    /// Whether what holds for one image of an index may not hold for another, though the index is
    /// signed.
    pub(super) fn is_about_one_image(&self) -> bool {
        self.coverage == Coverage::Both || !self.attestations.is_empty()
    }

    /// Reads the keys and roots that `rule`, one of the policy's, names.
    pub(super) fn load(
        rule: &Rule,
        policy: &Policy,
        environment: &Environment,
    ) -> Result<Self, PolicyError> {
        let mut loader = Loader {
            policy,
            environment,
            leaves: Vec::new(),
            roots: vec![(None, policy.trust.clone())],
        };
        let signers = loader.signers(&rule.requirement)?;
        let attestations = rule
            .attestations
            .iter()
            .map(|wanted| loader.attestation(wanted, &signers))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            leaves: loader.leaves,
            engines: loader
                .roots
                .iter()
                .map(|(_, trust)| Sigstore::new(trust))
                .collect(),
            signers,
            attestations,
            coverage: rule.coverage,
            signature_repository: rule.signature_repository.clone(),
        })
    }
}

struct Loader<'a> {
    policy: &'a Policy,
    environment: &'a Environment,
    leaves: Vec<Leaf>,
    /// Each instance once; the command's has no source.
    roots: Vec<(Option<RootSource>, TrustMaterial)>,
}

impl Loader<'_> {
    fn signers(&mut self, requirement: &Requirement) -> Result<Signers, PolicyError> {
        let first = self.leaves.len();
        let tree = self.tally(requirement)?;
        Ok(Signers {
            tree,
            leaves: first..self.leaves.len(),
        })
    }

    fn attestation(
        &mut self,
        wanted: &AttestationRequirement,
        signers: &Signers,
    ) -> Result<AttestationDemand, PolicyError> {
        let own = wanted.by.as_ref().map(|by| self.signers(by)).transpose()?;
        Ok(AttestationDemand {
            predicate_type: wanted.predicate_type.clone(),
            conditions: wanted.conditions.clone(),
            signers: own.unwrap_or_else(|| signers.clone()),
        })
    }

    fn tally(&mut self, requirement: &Requirement) -> Result<Tally, PolicyError> {
        let mut each = |members: &[Requirement]| -> Result<Vec<Tally>, PolicyError> {
            members.iter().map(|member| self.tally(member)).collect()
        };
        Ok(match requirement {
            Requirement::Any(members) => Tally::Any(each(members)?),
            Requirement::All(members) => Tally::All(each(members)?),
            Requirement::Threshold { count, of } => Tally::Threshold {
                count: *count,
                of: each(of)?,
            },
            Requirement::Key(wanted) => {
                let accepted = Accepted::Key {
                    key: self.key(wanted)?,
                    logged: !wanted.insecure_ignore_tlog,
                };
                self.leaf(accepted, wanted.trusted_root.as_ref())?
            }
            Requirement::Keyless(wanted) => {
                let accepted = Accepted::Keyless(Box::new(wanted.clone()));
                self.leaf(accepted, wanted.trusted_root.as_ref())?
            }
        })
    }

    fn leaf(
        &mut self,
        accepted: Accepted,
        root: Option<&RootSource>,
    ) -> Result<Tally, PolicyError> {
        let trust = self.trust(root)?;
        self.leaves.push(Leaf { accepted, trust });
        Ok(Tally::Leaf(self.leaves.len() - 1))
    }

    /// The number of an instance, which is read once.
    fn trust(&mut self, source: Option<&RootSource>) -> Result<usize, PolicyError> {
        let files = &self.policy.files;
        let known = self
            .roots
            .iter()
            .position(|(known, _)| known.as_ref() == source);
        if let Some(known) = known {
            return Ok(known);
        }
        let trust = match source {
            None => self.policy.trust.clone(),
            Some(source) => {
                let read = |path: &Path| -> Result<_, PolicyError> {
                    Ok(files.read(path, caps::TRUST_FILE_BYTES)?)
                };
                self.policy.store.material(source, read)?
            }
        };
        self.roots.push((source.cloned(), trust));
        Ok(self.roots.len() - 1)
    }

    fn key(&self, wanted: &KeyRequirement) -> Result<PublicKey, PolicyError> {
        let (place, pem) = match &wanted.source {
            KeySource::File(path) => {
                let bytes = self.policy.files.read(path, caps::TRUST_FILE_BYTES)?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                (self.policy.files.name(path), text)
            }
            KeySource::Env(name) => {
                let pem = self.environment.get(name);
                let pem = pem.ok_or_else(|| PolicyError::Unset(name.clone()))?;
                (format!("the environment variable {name}"), pem.to_owned())
            }
        };
        let key = PublicKey::from_pem(&pem).and_then(|key| {
            if !wanted.insecure_ignore_tlog {
                key.check_loggable()?;
            }
            Ok(key)
        });
        key.map_err(|source| PolicyError::Key { place, source })
    }
}

impl Leaf {
    /// Whether only certificates or a log can prove its signer.
    fn needs_trust(&self) -> bool {
        match &self.accepted {
            Accepted::Key { logged, .. } => *logged,
            Accepted::Keyless(_) => true,
        }
    }
}

/// The signer, as a message names who has not signed.
impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.accepted {
            Accepted::Key { key, .. } => write!(f, "the key {}", &key.identity()[..16]),
            Accepted::Keyless(keyless) => f.write_str(&keyless.expected_subject()),
        }
    }
}
