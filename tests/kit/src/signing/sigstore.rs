//! A Sigstore of one's own: certificate authority, certificate log, Rekor of both generations,
//! timestamp authority, and the trusted root that describes them.

use serde_json::{Value, json};

use super::{
    Flaw, Identity, SigningKey,
    certificate::{Authority, Issued},
    log::{Body, Generation, LogEntry, Rekor, V2_NAME},
    timestamp::TimestampAuthority,
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
    rekor_v2: Rekor,
    timestamps: TimestampAuthority,
    has_logs: bool,
}

impl Default for Sigstore {
    fn default() -> Self {
        Self {
            authority: Authority::new(),
            certificates: SigningKey::p256(),
            rekor: Rekor::new(Generation::V1),
            rekor_v2: Rekor::new(Generation::V2),
            timestamps: TimestampAuthority::new(),
            has_logs: true,
        }
    }
}

impl Sigstore {
    /// Makes all the keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an instance as GitHub's own is: it logs neither certificates nor signatures, and
    /// only its timestamps say when.
    pub fn without_logs() -> Self {
        Self {
            has_logs: false,
            ..Self::default()
        }
    }

    /// Returns `trusted_root.json`: all that a verifier needs to accept what this instance vouches
    /// for.
    pub fn trusted_root(&self) -> String {
        let v2_url = format!("https://{V2_NAME}");
        let mut root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [
                listed("https://rekor.test", self.rekor.key()),
                listed(&v2_url, self.rekor_v2.key()),
            ],
            "certificateAuthorities": [authority("https://fulcio.test", &self.authority.chain())],
            "ctlogs": [listed("https://ctfe.test", &self.certificates)],
            "timestampAuthorities": [authority("https://tsa.test", &self.timestamps.chain())],
        });
        if !self.has_logs {
            root["tlogs"] = json!([]);
            root["ctlogs"] = json!([]);
        }
        root.to_string()
    }

    pub(super) fn certify(&self, key: &SigningKey, identity: &Identity, flaws: &[Flaw]) -> Issued {
        let mut flaws = flaws.to_vec();
        if !self.has_logs {
            flaws.push(Flaw::NoSct);
        }
        if flaws.contains(&Flaw::ForeignAuthority) {
            return Authority::new().certify(key, identity, &self.certificates, &flaws);
        }
        self.authority
            .certify(key, identity, &self.certificates, &flaws)
    }

    /// Logs `body`, if there is a log.
    pub(super) fn log(
        &self,
        body: &Body,
        generation: Generation,
        flaws: &[Flaw],
    ) -> Option<LogEntry> {
        self.has_logs.then(|| self.append(body, generation, flaws))
    }

    fn append(&self, body: &Body, generation: Generation, flaws: &[Flaw]) -> LogEntry {
        if flaws.contains(&Flaw::ForeignLog) {
            return Rekor::new(generation).append(body, flaws);
        }
        match generation {
            Generation::V1 => self.rekor.append(body, flaws),
            Generation::V2 => self.rekor_v2.append(body, flaws),
        }
    }

    pub(super) fn timestamp(&self, signature: &[u8], flaws: &[Flaw]) -> Vec<u8> {
        if flaws.contains(&Flaw::ForeignTimestamp) {
            return TimestampAuthority::new().stamp(signature, flaws);
        }
        self.timestamps.stamp(signature, flaws)
    }
}

fn authority(uri: &str, chain: &[Vec<u8>]) -> Value {
    let certificate = |der| json!({"rawBytes": base64(der)});
    let certificates: Vec<Value> = chain.iter().map(certificate).collect();
    json!({
        "subject": {"organization": "fullsend test kit", "commonName": "test"},
        "uri": uri,
        "certChain": {"certificates": certificates},
        "validFor": {"start": SINCE_TEXT},
    })
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
