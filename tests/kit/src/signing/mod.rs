//! Cosign-format signatures, by key and keyless, with a whole Sigstore in memory.
//!
//! ```
//! use fullsend_testkit::signing::{Identity, Signing, SigningKey, Sigstore};
//!
//! let digest = fullsend_testkit::digest_of(b"a manifest");
//! let key = SigningKey::p256();
//! let plain = Signing::with_key(&key).bundle(&digest);
//!
//! let pki = Sigstore::new();
//! let ci = Identity::github("acme/agent", ".github/workflows/release.yml", "refs/tags/v1.0.0");
//! let keyless = Signing::keyless(&pki, ci).legacy(&digest, "registry.test/agent");
//! let trusted_root = pki.trusted_root();
//! # let _ = (plain, keyless, trusted_root);
//! ```
//!
//! Real cosign accepts all of it: `tests/kit/interop.sh` has the commands.

mod bundle;
mod certificate;
mod der;
mod flaw;
mod identity;
mod key;
mod legacy;
mod legacy_attestation;
mod log;
mod sigstore;
mod timestamp;

pub use bundle::{Bundle, Referrer, SIGN_PREDICATE, SLSA_PREDICATE};
pub use flaw::Flaw;
pub use identity::{Identity, San, claim};
pub use key::{BadKey, SigningKey};
pub use legacy::{Artefact, LegacySignature};
pub use legacy_attestation::{AttestationEntry, LegacyAttestation};
pub use sigstore::Sigstore;

use std::borrow::Cow;

use certificate::Issued;
use log::{Generation, LogEntry, Logged};

/// Signs manifests with one signer; each call makes a new signature.
#[derive(Debug, Clone)]
pub struct Signing<'a> {
    signer: Signer<'a>,
    pki: Option<&'a Sigstore>,
    generation: Generation,
    timestamped: bool,
    flaws: Vec<Flaw>,
}

#[derive(Debug, Clone)]
enum Signer<'a> {
    Key(&'a SigningKey),
    Keyless(&'a Sigstore, Box<Identity>),
}

/// What others say about when the signature was made.
struct Proof {
    entry: Option<LogEntry>,
    timestamp: Option<Vec<u8>>,
}

/// Who signed, as the formats carry it, and with what.
struct Credentials<'a> {
    key: Cow<'a, SigningKey>,
    issued: Option<Issued>,
}

impl Credentials<'_> {
    /// Returns what Rekor v2 keeps of the signer.
    fn verifier(&self) -> serde_json::Value {
        let details = self.key.details();
        match &self.issued {
            Some(issued) => serde_json::json!({
                "keyDetails": details,
                "x509Certificate": {"rawBytes": crate::base64(&issued.der)},
            }),
            None => serde_json::json!({
                "keyDetails": details,
                "publicKey": {"rawBytes": crate::base64(self.key.public_der())},
            }),
        }
    }

    /// Returns what Rekor v1 keeps of the signer: the certificate, else the public key.
    fn verifier_pem(&self) -> String {
        match &self.issued {
            Some(issued) => issued.pem(),
            None => self.key.public_pem(),
        }
    }
}

impl<'a> Signing<'a> {
    /// Signs with `key`, in no transparency log.
    pub fn with_key(key: &'a SigningKey) -> Self {
        Self {
            signer: Signer::Key(key),
            pki: None,
            generation: Generation::V1,
            timestamped: false,
            flaws: Vec::new(),
        }
    }

    /// Signs with a fresh key that `pki` certifies for `identity`, logged in its Rekor.
    pub fn keyless(pki: &'a Sigstore, identity: Identity) -> Self {
        Self {
            signer: Signer::Keyless(pki, Box::new(identity)),
            pki: Some(pki),
            generation: Generation::V1,
            timestamped: false,
            flaws: Vec::new(),
        }
    }

    /// Logs the signature in the Rekor of `pki`.
    #[must_use]
    pub fn logged_in(mut self, pki: &'a Sigstore) -> Self {
        self.pki = Some(pki);
        self
    }

    /// Adds an RFC 3161 timestamp of the instance that also logs the signature.
    #[must_use]
    pub fn timestamped(mut self) -> Self {
        self.timestamped = true;
        self
    }

    /// Logs in Rekor v2 instead, which tells no time, and so adds a timestamp. For P-256 keys; a
    /// legacy signature stays in v1, as cosign's do.
    #[must_use]
    pub fn rekor_v2(mut self) -> Self {
        self.generation = Generation::V2;
        self.timestamped()
    }

    /// Breaks the signature in one way; several flaws add up.
    #[must_use]
    pub fn flaw(mut self, flaw: Flaw) -> Self {
        self.flaws.push(flaw);
        self
    }

    /// Signs `digest` as cosign 3 does: a v0.3 bundle around an in-toto statement.
    pub fn bundle(&self, digest: &str) -> Bundle {
        let predicate = self.false_type().unwrap_or(SIGN_PREDICATE);
        self.statement(digest, predicate, "{}")
    }

    /// Attests SLSA provenance for `digest`: well signed, and never a signature of the image.
    pub fn attestation(&self, digest: &str) -> Bundle {
        self.statement(digest, SLSA_PREDICATE, bundle::PROVENANCE)
    }

    /// Signs a statement about `digest` with any predicate; `predicate` is JSON.
    pub fn statement(&self, digest: &str, predicate_type: &str, predicate: &str) -> Bundle {
        let payload = bundle::statement(self.subject(digest), predicate_type, predicate);
        let credentials = self.credentials();
        let pae = bundle::pre_authentication_encoding(payload.as_bytes());
        let signature = self.sign(&credentials, &pae);
        let logged = match self.generation {
            Generation::V1 => Logged::Dsse(self.logged_content(payload.as_bytes())),
            Generation::V2 => Logged::HashedRekordV2(self.logged_content(&pae)),
        };
        let proof = self.prove(&credentials, &signature, &logged);
        Bundle::new(&payload, predicate_type, &signature, &credentials, &proof)
    }

    /// Signs `digest` as cosign 1 and 2 do: simple signing, with the repository's name in it.
    pub fn legacy(&self, digest: &str, docker_reference: &str) -> LegacySignature {
        let critical_type = self.false_type().unwrap_or(legacy::CRITICAL_TYPE);
        let payload = legacy::payload(self.subject(digest), docker_reference, critical_type);
        let credentials = self.credentials();
        let signature = self.sign(&credentials, payload.as_bytes());
        let logged = Logged::HashedRekord(self.logged_content(payload.as_bytes()));
        let proof = self.prove(&credentials, &signature, &logged);
        LegacySignature::new(payload, &signature, &credentials, &proof)
    }

    /// Attests SLSA provenance for `digest` as cosign 1 and 2 do: an envelope as a layer, logged
    /// as `entry`.
    pub fn legacy_attestation(&self, digest: &str, entry: AttestationEntry) -> LegacyAttestation {
        let payload = bundle::statement(self.subject(digest), SLSA_PREDICATE, bundle::PROVENANCE);
        let credentials = self.credentials();
        let pae = bundle::pre_authentication_encoding(payload.as_bytes());
        let signature = self.sign(&credentials, &pae);
        let envelope = legacy_attestation::envelope(&payload, &signature);
        let content = self.logged_content(payload.as_bytes());
        let logged = match entry {
            AttestationEntry::Dsse => Logged::Dsse(content),
            AttestationEntry::Intoto => Logged::Intoto(content),
        };
        let proof = self.prove(&credentials, &signature, &logged);
        LegacyAttestation::new(envelope, &credentials, &proof)
    }

    fn subject<'d>(&'d self, digest: &'d str) -> &'d str {
        let wrong = self.flaws.iter().find_map(|flaw| match flaw {
            Flaw::Digest(text) => Some(text.as_str()),
            _ => None,
        });
        wrong.unwrap_or(digest)
    }

    fn false_type(&self) -> Option<&str> {
        self.flaws.iter().find_map(|flaw| match flaw {
            Flaw::Type(text) => Some(text.as_str()),
            _ => None,
        })
    }

    fn credentials(&self) -> Credentials<'_> {
        match &self.signer {
            Signer::Key(key) => Credentials {
                key: Cow::Borrowed(key),
                issued: None,
            },
            Signer::Keyless(pki, identity) => {
                let key = SigningKey::p256();
                let issued = Some(pki.certify(&key, identity, &self.flaws));
                Credentials {
                    key: Cow::Owned(key),
                    issued,
                }
            }
        }
    }

    fn sign(&self, credentials: &Credentials<'_>, message: &[u8]) -> Vec<u8> {
        if self.flaws.contains(&Flaw::ForeignKey) {
            return SigningKey::p256().sign(message);
        }
        let mut signature = credentials.key.sign(message);
        if self.flaws.contains(&Flaw::Signature)
            && let Some(last) = signature.last_mut()
        {
            *last ^= 1;
        }
        signature
    }

    fn logged_content<'c>(&self, content: &'c [u8]) -> &'c [u8] {
        if self.flaws.contains(&Flaw::LogBody) {
            b"another artefact"
        } else {
            content
        }
    }

    fn prove(&self, credentials: &Credentials<'_>, signature: &[u8], logged: &Logged<'_>) -> Proof {
        let body = logged.body(signature, credentials);
        let stamped = self.timestamped && !self.flaws.contains(&Flaw::NoTimestamp);
        let stamping = self.pki.filter(|_| stamped);
        Proof {
            entry: self
                .pki
                .and_then(|pki| pki.log(&body, logged.generation(), &self.flaws)),
            timestamp: stamping.map(|pki| pki.timestamp(signature, &self.flaws)),
        }
    }
}
