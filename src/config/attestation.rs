//! What a rule demands of attestations: their type, their signer and single values of their
//! predicate.

use super::{policy::Requirement, value::ValueError};

/// An attestation that an image must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationRequirement {
    /// What it must say.
    pub predicate_type: PredicateType,
    /// Who must have signed it; whoever may sign the image where absent.
    pub by: Option<Requirement>,
    /// What its predicate must hold, all of it.
    pub conditions: Vec<Condition>,
}

/// The kind of an attestation: one or more predicate types that say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredicateType {
    /// As it was written: one of cosign's short names, or the URI.
    pub name: String,
    /// The URIs that are accepted.
    pub uris: Vec<String>,
}

impl std::str::FromStr for PredicateType {
    type Err = ValueError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        Ok(Self {
            name: written.to_owned(),
            uris: vec![written.to_owned()],
        })
    }
}

/// One value of a predicate and what it must equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Where the value stands, each an RFC 6901 pointer into the predicate; the first that
    /// points to anything counts.
    pub pointers: Vec<String>,
    /// What it must be: any one of these.
    pub expected: Vec<serde_json::Value>,
}

impl Condition {
    /// Pending.
    pub fn holds(&self, _: &serde_json::Value) -> Result<(), String> {
        Ok(())
    }
}
