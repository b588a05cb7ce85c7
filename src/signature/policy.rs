//! Everything that decides whether an image is accepted.

use crate::{
    checkout::Tree,
    config::{DenySource, DenyUnavailable, Rule},
};

use super::{trust::TrustMaterial, trust_store::TrustStore};

/// Everything that decides whether an image is accepted.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whose signatures are accepted; the first rule that matches an image decides.
    pub rules: Vec<Rule>,
    /// Where the keys and lists are that the configuration names.
    pub files: Tree,
    /// Whom to believe about certificates and logs where a rule does not say.
    pub trust: TrustMaterial,
    /// Where the trusted roots are that a rule names.
    pub store: TrustStore,
    /// Where the deny list is.
    pub deny: Option<DenySource>,
    /// What happens when it cannot be fetched.
    pub deny_unavailable: DenyUnavailable,
}
