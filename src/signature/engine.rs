//! The cryptographic checks, behind our own trait as the library under them breaks often.

use sigstore_trust_root::{SigstoreInstance, TrustedRoot};
use sigstore_verify::{
    PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier,
    crypto::{FulcioCiClaims, VerificationKey},
    types::{Artifact, Bundle, Sha256Hash},
};

use super::{
    evidence::{Evidence, Signer},
    key::PublicKey,
};
use crate::{
    model::digest::Digest,
    report::verification::{Format, LogEntry},
};

/// What a check of one signature against one signer concludes.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// The signer did sign, or claims to have, and the check fails.
    Invalid(String),
    /// Somebody else signed.
    SomebodyElse(String),
}

/// A certificate's owner, proven.
#[derive(Debug)]
pub(super) struct CertifiedSigner {
    pub(super) identity: String,
    pub(super) issuer: String,
    pub(super) claims: FulcioCiClaims,
    pub(super) log: Option<LogEntry>,
}

/// Checks signatures; says nothing about whether a signer is welcome.
pub(super) trait Engine {
    /// Checks that `key` signed for `digest`, in the transparency log too where `logged`.
    fn check_key(
        &self,
        evidence: &Evidence,
        key: &PublicKey,
        digest: &Digest,
        logged: bool,
    ) -> Result<Option<LogEntry>, Refusal>;

    /// Checks the certificate, its time stamps, the log and the signature for `digest`.
    fn check_certificate(
        &self,
        evidence: &Evidence,
        digest: &Digest,
    ) -> Result<CertifiedSigner, Refusal>;
}

/// The engine by `sigstore-verify`.
pub(super) struct Sigstore {
    verifier: Verifier,
}

/// A trusted root that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the trusted root is unusable: {0}")]
pub struct TrustedRootError(String);

impl Sigstore {
    /// Trusts what `trusted_root` (JSON) describes, or else the public-good instance as it was
    /// when this program was built.
    pub(super) fn new(trusted_root: Option<&str>) -> Result<Self, TrustedRootError> {
        let root = match trusted_root {
            Some(json) => TrustedRoot::from_json(json),
            None => SigstoreInstance::PublicGood.embedded_trusted_root(),
        };
        let root = root.map_err(|error| TrustedRootError(error.to_string()))?;
        let verifier = Verifier::new(&root).map_err(|error| TrustedRootError(error.to_string()))?;
        Ok(Self { verifier })
    }

    /// What the library calls the artifact: the payload of a legacy signature, else the image.
    fn artifact<'a>(evidence: &'a Evidence, digest: &Digest) -> Artifact<'a> {
        match evidence.format {
            Format::Legacy => Artifact::from_blob(&evidence.message),
            Format::Bundle => Artifact::from(Sha256Hash::from(digest.sha256())),
        }
    }
}

impl Engine for Sigstore {
    fn check_key(
        &self,
        evidence: &Evidence,
        key: &PublicKey,
        digest: &Digest,
        logged: bool,
    ) -> Result<Option<LogEntry>, Refusal> {
        let Signer::Key { hint } = &evidence.signer else {
            return Err(Refusal::SomebodyElse(
                "signed with a certificate, not a key".to_owned(),
            ));
        };
        let hinted = hint.as_deref().is_some_and(|hint| key.is_hinted_by(hint));
        let holds = VerificationKey::from_spki(key.der())
            .and_then(|key| key.verify(&evidence.message, &evidence.signature));
        match holds {
            Ok(()) => {}
            Err(_) if hinted => return invalid("the signature does not hold"),
            Err(_) => {
                return Err(Refusal::SomebodyElse(
                    "no key of the policy made it".to_owned(),
                ));
            }
        }
        check_binding(evidence, digest)?;
        if !logged {
            return Ok(None);
        }
        let bundle = logged_bundle(evidence)?;
        let policy = PublicKeyVerificationPolicy::new(key.der().clone());
        let result = self
            .verifier
            .verify(Self::artifact(evidence, digest), bundle, &policy)
            .map_err(|error| Refusal::Invalid(error.to_string()))?;
        if !result.tlog_verified() {
            return invalid("the transparency log was not checked");
        }
        Ok(log_entry(bundle, &result))
    }

    fn check_certificate(
        &self,
        evidence: &Evidence,
        digest: &Digest,
    ) -> Result<CertifiedSigner, Refusal> {
        let Signer::Certificate(certificate) = &evidence.signer else {
            return Err(Refusal::SomebodyElse(
                "signed with a key, not a certificate".to_owned(),
            ));
        };
        VerificationKey::from_spki(&certificate.public_key)
            .and_then(|key| key.verify(&evidence.message, &evidence.signature))
            .or_else(|_| invalid("the signature does not hold"))?;
        check_binding(evidence, digest)?;
        let bundle = logged_bundle(evidence)?;
        let result = self
            .verifier
            .verify(
                Self::artifact(evidence, digest),
                bundle,
                &VerificationPolicy::any_identity(),
            )
            .map_err(|error| Refusal::Invalid(error.to_string()))?;
        if !(result.certificate_verified() && result.sct_verified() && result.tlog_verified()) {
            return invalid("certificate, SCT or transparency log was not checked");
        }
        let (Some(identity), Some(issuer)) = (result.identity(), result.issuer()) else {
            return invalid("the certificate names no identity and issuer");
        };
        Ok(CertifiedSigner {
            identity: identity.to_string(),
            issuer: issuer.to_owned(),
            claims: result
                .certificate()
                .map(|info| info.ci_claims.clone())
                .unwrap_or_default(),
            log: log_entry(bundle, &result),
        })
    }
}

fn invalid<T>(reason: &str) -> Result<T, Refusal> {
    Err(Refusal::Invalid(reason.to_owned()))
}

fn check_binding(evidence: &Evidence, digest: &Digest) -> Result<(), Refusal> {
    if evidence.is_for(digest) {
        return Ok(());
    }
    let named: Vec<&str> = evidence.names.iter().map(Digest::as_str).take(3).collect();
    Err(Refusal::Invalid(format!(
        "signed for another image: {}",
        named.join(", ")
    )))
}

fn logged_bundle(evidence: &Evidence) -> Result<&Bundle, Refusal> {
    evidence
        .bundle
        .as_ref()
        .filter(|bundle| !bundle.verification_material.tlog_entries.is_empty())
        .ok_or_else(|| Refusal::Invalid("it is in no transparency log".to_owned()))
}

fn log_entry(bundle: &Bundle, result: &VerificationResult) -> Option<LogEntry> {
    let entry = bundle.verification_material.tlog_entries.first()?;
    let logged_at = result
        .integrated_time()
        .or_else(|| result.verified_timestamps().first().copied());
    Some(LogEntry {
        id: hex::encode(entry.log_id.key_id.as_bytes()),
        index: entry.log_index.get(),
        logged_at: logged_at.map(|time| time.to_string()),
    })
}
