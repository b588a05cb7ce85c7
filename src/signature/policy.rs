//! A rule of the policy with its keys read, ready to be held against signatures.

use super::{
    caps,
    key::{KeyError, PublicKey},
};
use crate::{
    config::{KeyRequirement, KeySource, KeylessRequirement, Requirement},
    seam::{environment::Environment, files::FileError, tree::Tree},
};

/// One signer that satisfies the rule by itself.
#[derive(Clone, Debug)]
pub(super) enum Accepted {
    Key { key: PublicKey, logged: bool },
    Keyless(Box<KeylessRequirement>),
}

/// The signers of one rule, any of whom satisfies it.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) accepted: Vec<Accepted>,
}

/// A policy that cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A key file cannot be read.
    #[error("could not read the public key")]
    File(#[from] FileError),
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
}

impl Policy {
    /// Reads the keys that `requirement` names; relative paths start in `tree`.
    pub fn load(
        requirement: &Requirement,
        tree: &Tree,
        environment: &Environment,
    ) -> Result<Self, PolicyError> {
        let mut accepted = Vec::new();
        collect(requirement, tree, environment, &mut accepted)?;
        Ok(Self { accepted })
    }
}

fn collect(
    requirement: &Requirement,
    tree: &Tree,
    environment: &Environment,
    accepted: &mut Vec<Accepted>,
) -> Result<(), PolicyError> {
    match requirement {
        Requirement::Key(KeyRequirement {
            source,
            insecure_ignore_tlog,
            trusted_root: _,
        }) => {
            let key = read_key(source, tree, environment)?;
            accepted.push(Accepted::Key {
                key,
                logged: !insecure_ignore_tlog,
            });
        }
        Requirement::Keyless(keyless) => {
            accepted.push(Accepted::Keyless(Box::new(keyless.clone())));
        }
        Requirement::All(alternatives)
        | Requirement::Threshold {
            of: alternatives, ..
        }
        | Requirement::Any(alternatives) => {
            for alternative in alternatives {
                collect(alternative, tree, environment, accepted)?;
            }
        }
    }
    Ok(())
}

fn read_key(
    source: &KeySource,
    tree: &Tree,
    environment: &Environment,
) -> Result<PublicKey, PolicyError> {
    let (place, pem) = match source {
        KeySource::File(path) => {
            let bytes = tree.read(path, caps::TRUST_FILE_BYTES)?;
            (
                tree.name(path),
                String::from_utf8_lossy(&bytes).into_owned(),
            )
        }
        KeySource::Env(name) => {
            let pem = environment
                .get(name)
                .ok_or_else(|| PolicyError::Unset(name.clone()))?;
            (format!("the environment variable {name}"), pem.to_owned())
        }
    };
    PublicKey::from_pem(&pem).map_err(|source| PolicyError::Key { place, source })
}
