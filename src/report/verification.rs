//! The JSON that `fullsend verify` prints.

use std::{collections::BTreeMap, fmt::Display};

use schemars::JsonSchema;
use serde::Serialize;

use super::run::ConfigFile;
use crate::model::{
    signature::{Format, LogEntry, Method},
    verdict::Verdict,
};

/// The verdict on an image and on each of its signatures.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Verification {
    /// 1.
    pub schema_version: u8,
    /// The image as it was asked for.
    pub image: String,
    /// The digest that the image resolved to: of an index, where there is one.
    pub digest: Option<String>,
    /// The digest of the platform's manifest; null where all platforms were asked for.
    pub manifest_digest: Option<String>,
    /// The platform of that manifest, `linux/amd64`, or `all`.
    pub platform: Option<String>,
    /// The verdict on the image.
    pub verdict: Verdict,
    /// The policy rule that applied, counted from 0; null where none matched the image.
    pub rule: Option<usize>,
    /// Why the verdict is not `verified`, for people.
    pub reason: Option<String>,
    /// Every signature that was found.
    pub signatures: Vec<Signature>,
    /// Every attestation that was found of a type that the rule demands.
    pub attestations: Vec<Signature>,
    /// The digests that are vouched for, outermost first: an accepted signature of an index
    /// vouches for what it lists. Empty unless verified.
    pub proven_digests: Vec<String>,
    /// Each image of an index where all platforms were asked for; empty otherwise.
    pub manifests: Vec<PlatformVerdict>,
    /// Where the policy was read from.
    pub policy: ConfigFile,
}

/// The verdict on one image of an index.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlatformVerdict {
    /// The digest of its manifest.
    pub digest: String,
    /// What it runs on; null where nothing says.
    pub platform: Option<String>,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Why the verdict is not `verified`.
    pub reason: Option<String>,
}

/// One signature or attestation and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Signature {
    /// The digest of the manifest on which it was found.
    pub subject: String,
    /// What an attestation says, by its in-toto predicate type; null for a signature.
    pub predicate_type: Option<String>,
    /// How it is stored.
    pub format: Format,
    /// What signed it; null where it could not be read.
    pub method: Option<Method>,
    /// `verified`, `invalid` or `untrusted`.
    pub verdict: Verdict,
    /// The certificate's subject, or the SHA-256 of the key; null where nobody is proven.
    pub identity: Option<String>,
    /// The certificate's OIDC issuer; null for a key.
    pub issuer: Option<String>,
    /// The certificate's other claims, by their names in Fulcio's documentation.
    pub claims: BTreeMap<String, String>,
    /// The transparency log's entry; null where none was checked.
    pub log: Option<LogEntry>,
    /// Why it does not count; null where it does.
    pub reason: Option<String>,
}

impl Verification {
    /// A verdict on `image`, as it was asked for, of which nothing else is known.
    pub fn blank(image: impl Display, verdict: Verdict) -> Self {
        Self {
            schema_version: 1,
            image: image.to_string(),
            digest: None,
            manifest_digest: None,
            platform: None,
            verdict,
            rule: None,
            reason: None,
            signatures: Vec::new(),
            attestations: Vec::new(),
            proven_digests: Vec::new(),
            manifests: Vec::new(),
            policy: ConfigFile::default(),
        }
    }

    /// The signature that satisfied the policy, or the first of several that did so together.
    ///
    /// An accepted signer's may also lie where the rule's `signed` does not count it: that one is
    /// taken only where nothing is proven.
    pub fn accepted(&self) -> Option<&Signature> {
        let mut accepted = self
            .signatures
            .iter()
            .filter(|signature| signature.verdict == Verdict::Verified);
        let first = accepted.clone().next();
        let counts = |one: &&Signature| self.proven_digests.contains(&one.subject);
        accepted.find(counts).or(first)
    }
}
