//! What is known of a signature, whoever reports it.

use schemars::JsonSchema;
use serde::Serialize;

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

/// Who made a signature, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The holder of the key whose DER has this SHA-256.
    Key([u8; 32]),
    /// Whom a certificate names.
    Certificate {
        /// The OIDC issuer that vouched for the subject.
        issuer: String,
        /// The subject.
        subject: String,
    },
}
