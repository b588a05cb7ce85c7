//! A Sigstore of one's own: certificate authority, certificate log, Rekor, and the trusted root
//! that describes them.

use serde_json::{Value, json};

use super::{
    Flaw, Identity, SigningKey,
    certificate::{Authority, Issued},
    log::{Body, LogEntry, Rekor},
};
use crate::base64;

/// 2020-01-01: from when on everything is valid.
pub(super) const SINCE: i64 = 1_577_836_800;
/// 2100-01-01: until when certificate authorities are valid.
pub(super) const UNTIL: i64 = 4_102_444_800;

/// A Sigstore instance that lives in memory, different at every start.
#[derive(Debug)]
pub struct Sigstore {
    authority: Authority,
    certificates: SigningKey,
    rekor: Rekor,
}

impl Default for Sigstore {
    fn default() -> Self {
        Self {
            authority: Authority::new(),
            certificates: SigningKey::p256(),
            rekor: Rekor::new(),
        }
    }
}

impl Sigstore {
    /// Makes all the keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns `trusted_root.json`: all that a verifier needs to accept what this instance vouches
    /// for.
    pub fn trusted_root(&self) -> String {
        let chain = self.authority.chain();
        let chain: Vec<Value> = chain
            .iter()
            .map(|der| json!({"rawBytes": base64(der)}))
            .collect();
        let authority = json!({
            "subject": {"organization": "fullsend test kit", "commonName": "test intermediate"},
            "uri": "https://fulcio.test",
            "certChain": {"certificates": chain},
            "validFor": {"start": SINCE_TEXT},
        });
        let root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [listed("https://rekor.test", self.rekor.key())],
            "certificateAuthorities": [authority],
            "ctlogs": [listed("https://ctfe.test", &self.certificates)],
            "timestampAuthorities": [],
        });
        root.to_string()
    }

    pub(super) fn certify(&self, key: &SigningKey, identity: &Identity, flaws: &[Flaw]) -> Issued {
        if flaws.contains(&Flaw::ForeignAuthority) {
            return Authority::new().certify(key, identity, &self.certificates, flaws);
        }
        self.authority
            .certify(key, identity, &self.certificates, flaws)
    }

    pub(super) fn log(&self, body: &Body, flaws: &[Flaw]) -> LogEntry {
        if flaws.contains(&Flaw::ForeignLog) {
            return Rekor::new().append(body, flaws);
        }
        self.rekor.append(body, flaws)
    }
}

const SINCE_TEXT: &str = "2020-01-01T00:00:00Z";

fn listed(url: &str, key: &SigningKey) -> Value {
    json!({
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": base64(key.public_der()),
            "keyDetails": key.details(),
            "validFor": {"start": SINCE_TEXT},
        },
        "logId": {"keyId": base64(key.id())},
    })
}
