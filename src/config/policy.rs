//! Whose signatures are accepted on which images.

mod attestation;
mod rule;
mod signer;
mod source;
#[cfg(test)]
mod tests;
mod threshold;

pub(super) use attestation::{MAX_ATTESTATIONS, MAX_CONDITIONS, MAX_TEXT, MAX_VALUES};
pub use rule::parse_repository;
pub(super) use rule::rules;
pub(super) use signer::MAX_MEMBERS;
pub use source::{KeySource, RootSource};

use super::{
    attestation::AttestationRequirement,
    identity::{Identity, KeylessRequirement},
    pattern::NamePattern,
    value::printable,
};
use crate::model::image::Repository;

/// What is asked of the images whose name matches; the first rule that matches decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which images.
    pub pattern: NamePattern,
    /// Who must have signed them.
    pub requirement: Requirement,
    /// Which attestations they must have besides.
    pub attestations: Vec<AttestationRequirement>,
    /// Which manifests of a multi-platform image must be signed.
    pub coverage: Coverage,
    /// Where the signatures are, if not beside the image.
    pub signature_repository: Option<Repository>,
}

impl Rule {
    /// Asks for signatures by `requirement` and for nothing more.
    pub fn new(pattern: NamePattern, requirement: Requirement) -> Self {
        Self {
            pattern,
            requirement,
            attestations: Vec::new(),
            coverage: Coverage::default(),
            signature_repository: None,
        }
    }

    /// What is allowed, but probably not meant; one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let attestations = self.attestations.iter();
        let signers = attestations.filter_map(|attestation| attestation.by.as_ref());
        std::iter::once(&self.requirement)
            .chain(signers)
            .flat_map(Requirement::warnings)
            .map(|text| format!("the rule for `{}`: {}", self.pattern, printable(&text)))
            .collect()
    }
}

/// The first of `rules` that decides about images of `repository`, and its index.
pub fn rule_for<'a>(rules: &'a [Rule], repository: &Repository) -> Option<(usize, &'a Rule)> {
    rules
        .iter()
        .enumerate()
        .find(|(_, rule)| rule.pattern.matches(repository))
}

/// Which manifests of a multi-platform image must be signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// The index, which vouches for all that it lists, or the platform's own manifest.
    #[default]
    Either,
    /// The index.
    Index,
    /// The platform's own manifest.
    Manifest,
    /// Both of them.
    Both,
}

impl Coverage {
    const NAMES: [&str; 4] = ["either", "index", "manifest", "both"];
}

/// What a signature must be.
#[expect(
    clippy::large_enum_variant,
    reason = "a policy has a handful of these, and no box in every match is worth more"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// By this key.
    Key(KeyRequirement),
    /// By a certificate with this identity.
    Keyless(KeylessRequirement),
    /// Any one of these; never empty.
    Any(Vec<Self>),
    /// Every one of these; never empty. One signature may serve several.
    All(Vec<Self>),
    /// At least `count` of these, each by a signer of its own: a key or a certificate's subject
    /// counts once, however often it signed.
    Threshold {
        /// How many; from 1 to the length of `of`.
        count: usize,
        /// Keys, certificates, or `any` of such; never empty.
        of: Vec<Self>,
    },
}

impl Requirement {
    /// How many keys and certificates it names.
    fn signers(&self) -> usize {
        match self {
            Self::Key(_) | Self::Keyless(_) => 1,
            Self::Any(members) | Self::All(members) | Self::Threshold { of: members, .. } => {
                members.iter().map(Self::signers).sum()
            }
        }
    }

    /// What is allowed, but probably not meant.
    fn warnings(&self) -> Vec<String> {
        match self {
            Self::Keyless(keyless) => match keyless.identity() {
                Identity::Regexp(regexp) => regexp.warnings(),
                Identity::Exact(_) | Identity::GitHub { .. } | Identity::GitLab { .. } => {
                    Vec::new()
                }
            },
            Self::Any(members) | Self::All(members) | Self::Threshold { of: members, .. } => {
                members.iter().flat_map(Self::warnings).collect()
            }
            Self::Key(_) => Vec::new(),
        }
    }
}

/// A signature by a lasting key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequirement {
    /// Where the public key is.
    pub source: KeySource,
    /// Whether the signature may be in no transparency log.
    pub insecure_ignore_tlog: bool,
    /// Whose logs are believed; the command's where absent.
    pub trusted_root: Option<RootSource>,
}
