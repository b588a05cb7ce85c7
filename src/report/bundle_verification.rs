//! What `fullsend verify-bundle` says, for programs and for people.

use std::{collections::BTreeMap, fmt::Write as _};

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    signature::{LogEntry, Method},
    text::printable,
    verdict::Verdict,
};

/// The verdict on one bundle about one file.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BundleVerification {
    /// 1.
    pub schema_version: u8,
    /// The bundle's path as it was named.
    pub bundle: String,
    /// The file's path or the digest, as it was named.
    pub artifact: String,
    /// The file's SHA-256; null where it was not read, as the bundle is refused without it.
    pub digest: Option<String>,
    /// `verified`, `invalid`, `untrusted`, or `unavailable` without a usable trusted root.
    pub verdict: Verdict,
    /// Why it is not `verified`, for people.
    pub reason: Option<String>,
    /// What signed it; null where it could not be read.
    pub method: Option<Method>,
    /// What the signed statement is; null where the file itself is signed.
    pub predicate_type: Option<String>,
    /// The certificate's subject, or the SHA-256 of the key; null where nobody is proven.
    pub identity: Option<String>,
    /// The certificate's OIDC issuer; null for a key.
    pub issuer: Option<String>,
    /// The certificate's other claims, by their names in Fulcio's documentation.
    pub claims: BTreeMap<String, String>,
    /// The transparency log's entry; null where nothing is proven.
    pub log: Option<LogEntry>,
}

/// The text of `verification`, with a final newline.
pub fn text(verification: &BundleVerification) -> String {
    let claim = |name: &str| verification.claims.get(name).cloned();
    let logged = verification.log.as_ref().map(|log| {
        let at = log.logged_at.as_deref().unwrap_or("an unproven time");
        format!("at {at}, entry {}", log.index)
    });
    let rows = [
        ("reason", verification.reason.clone()),
        ("artifact", Some(verification.artifact.clone())),
        ("digest", verification.digest.clone()),
        ("type", verification.predicate_type.clone()),
        ("signer", verification.identity.clone()),
        ("issuer", verification.issuer.clone()),
        ("source", claim("source_repository_uri")),
        ("commit", claim("source_repository_digest")),
        ("logged", logged),
    ];
    let mut text = format!(
        "{}: {}\n",
        printable(&verification.bundle),
        verification.verdict
    );
    for (name, value) in rows {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {name:<9} {}", printable(&value));
        }
    }
    text
}
