//! The JSON that `fullsend verify` prints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::verdict::Verdict;

/// The verdict on an image and on each of its signatures.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Verification {
    /// 1.
    pub schema_version: u8,
    /// The image as it was asked for.
    pub image: String,
    /// The digest that the image resolved to: of an index, where there is one.
    pub digest: Option<String>,
    /// The digest of the platform's manifest.
    pub manifest_digest: Option<String>,
    /// The platform of that manifest, `linux/amd64`.
    pub platform: Option<String>,
    /// The verdict on the image.
    pub verdict: Verdict,
    /// The policy rule that applied, counted from 0; null where none matched the image.
    pub rule: Option<usize>,
    /// Why the verdict is not `verified`, for people.
    pub reason: Option<String>,
    /// Every signature that was found.
    pub signatures: Vec<Signature>,
}

/// One signature and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Signature {
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

/// How a signature is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A Sigstore bundle, as cosign 3 writes it.
    Bundle,
    /// Simple signing, as cosign 1 and 2 write it.
    Legacy,
}

/// What a signature was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A long-lived key.
    Key,
    /// A short-lived certificate on an OIDC identity.
    Keyless,
}

/// An entry of a transparency log.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LogEntry {
    /// The log's key identifier in hexadecimal.
    pub id: String,
    /// The entry's number.
    pub index: u64,
    /// When the log took it in, RFC 3339; null where no time is proven.
    pub logged_at: Option<String>,
}

impl Verification {
    /// The signature that satisfied the policy.
    pub fn accepted(&self) -> Option<&Signature> {
        self.signatures
            .iter()
            .find(|signature| signature.verdict == Verdict::Verified)
    }
}
