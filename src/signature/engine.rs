//! The cryptographic checks. What they find leaves in our own types, as the library under them
//! breaks often.

use std::{fmt, sync::OnceLock};

use jiff::Timestamp;
use sigstore_trust_root::{TransparencyLog, TrustedRoot};
use sigstore_verify::{
    Policy, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier,
    crypto::VerificationKey,
    types::{Artifact, Bundle, KindVersion, Sha256Hash, SignatureContent, TransparencyLogEntry},
};

use super::{
    claims::Owner,
    evidence::{Evidence, Signer},
    key::PublicKey,
    trust::{self, TrustMaterial},
};
use crate::model::{digest::Digest, signature::LogEntry};

/// Why a signature does not hold as a signer's.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// It is broken, or the signer's and for another image.
    Invalid(String),
    /// The bytes are signed, and whatever should prove by whom and when does not.
    Unproven(String),
    /// Somebody else signed.
    SomebodyElse,
    /// There is no usable trust root to check it against, which says nothing about it.
    Unavailable(String),
}

/// A certificate's owner, proven.
#[derive(Debug)]
pub(super) struct CertifiedSigner {
    pub(super) owner: Owner,
    pub(super) log: Option<LogEntry>,
}

/// What the library found, and the log's entry as far as somebody vouches for it.
pub(super) struct Checked {
    pub(super) result: VerificationResult,
    pub(super) log: Option<LogEntry>,
}

/// Whom the certificate that came along names, believed or not; none for a key's signature.
pub(super) fn claimed(evidence: &Evidence) -> Option<Owner> {
    match &evidence.signer {
        Signer::Certificate(certificate) => Some(Owner::of(certificate)),
        Signer::Key { .. } => None,
    }
}

/// Checks signatures against one trust root; says nothing about whether a signer is welcome.
///
/// Made once and used for many signatures. The trust root is read when it is first needed: a key
/// without a log needs none.
pub(super) struct Sigstore {
    trust: TrustMaterial,
    verifier: OnceLock<(TrustedRoot, Verifier)>,
}

impl fmt::Debug for Sigstore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Sigstore")
            .field(&self.trust)
            .finish()
    }
}

impl Sigstore {
    pub(super) fn new(trust: &TrustMaterial) -> Self {
        Self {
            trust: trust.clone(),
            verifier: OnceLock::new(),
        }
    }

    /// Brings the trust root up to date where it is expired and that is allowed; to be awaited
    /// before a certificate or a log is checked.
    pub(super) async fn prepare(&self) {
        self.trust.prepare().await;
    }

    /// What cannot be read now may be there after [`Self::prepare`], and so is not remembered.
    fn verifier(&self) -> Result<&(TrustedRoot, Verifier), Refusal> {
        if let Some(known) = self.verifier.get() {
            return Ok(known);
        }
        let root = self.trust.root().map_err(Refusal::Unavailable)?;
        let verifier = trust::verifier(&root);
        let verifier = verifier.map_err(|error| Refusal::Unavailable(error.to_string()))?;
        Ok(self.verifier.get_or_init(|| (root, verifier)))
    }

    /// Verifies all that the library verifies, and the windows of the logs.
    ///
    /// The library minds a log's window where the log has promised a time itself (Rekor v1), and
    /// takes a checkpoint by a key whose window has ended (Rekor v2). A retired key that leaks
    /// must vouch for nothing new: so what has no promise is verified once more, by those logs
    /// alone whose window holds every proven time, or is still open where no time is proven.
    fn verify(
        &self,
        artifact: &Artifact<'_>,
        bundle: &Bundle,
        policy: &dyn Policy,
    ) -> Result<Checked, Refusal> {
        self.verify_by(bundle, |verifier| {
            verifier
                .verify(artifact.clone(), bundle, policy)
                .map_err(unproven)
        })
    }

    /// The same where the library is asked in another way, up to three times.
    pub(super) fn verify_by<E: From<Refusal>>(
        &self,
        bundle: &Bundle,
        check: impl Fn(&Verifier) -> Result<VerificationResult, E>,
    ) -> Result<Checked, E> {
        let (root, verifier) = self.verifier()?;
        let result = check(verifier)?;
        let entries = &bundle.verification_material.tlog_entries;
        // Rekor v2 makes no promises: the library checks one that is there and forgets its time.
        let promised = entries.iter().all(|one| {
            one.kind_version != KindVersion::HashedRekordV002
                && one.inclusion_promise.is_some()
                && one.integrated_time.is_some()
        });
        if promised {
            let log = log_entry(bundle, &result);
            return Ok(Checked { result, log });
        }
        let mut times = result.verified_timestamps().to_vec();
        if times.is_empty() {
            times.push(Timestamp::now());
        }
        let by_logs = |wanted: &dyn Fn(&TransparencyLog) -> bool| {
            let mut root = root.clone();
            root.tlogs.retain(wanted);
            check(&trust::verifier(&root).map_err(unproven)?)
        };
        let then = |log: &TransparencyLog| {
            let window = log.public_key.valid_for;
            window.is_none_or(|window| times.iter().all(|time| window.contains(*time)))
        };
        let result = by_logs(&then)?;
        // A proof vouches for neither the log's name in the entry nor, in Rekor v1, its number:
        // they are reported only if that log alone suffices.
        let named = entries.first().filter(|entry| {
            entry.kind_version == KindVersion::HashedRekordV002
                && by_logs(&|log| then(log) && log.log_id.key_id == entry.log_id.key_id).is_ok()
        });
        let log = named.and_then(|_| log_entry(bundle, &result));
        Ok(Checked { result, log })
    }

    /// What the library calls the artifact: the payload of simple signing, else the image.
    fn artifact<'e>(evidence: &'e Evidence, bundle: &Bundle, digest: &Digest) -> Artifact<'e> {
        match bundle.content {
            SignatureContent::MessageSignature(_) => Artifact::from_blob(&evidence.message),
            _ => Artifact::from(Sha256Hash::from(digest.sha256())),
        }
    }

    /// Checks that `key` signed for `digest`, in the transparency log too where `logged`.
    pub(super) fn check_key(
        &self,
        evidence: &Evidence,
        key: &PublicKey,
        digest: &Digest,
        logged: bool,
    ) -> Result<Option<LogEntry>, Refusal> {
        let Signer::Key { hint } = &evidence.signer else {
            return Err(Refusal::SomebodyElse);
        };
        let hinted = hint.as_deref().is_some_and(|hint| key.is_hinted_by(hint));
        if !key.has_signed(&evidence.message, &evidence.signature, evidence.format) {
            return if hinted {
                invalid("the signature does not hold")
            } else {
                Err(Refusal::SomebodyElse)
            };
        }
        check_binding(evidence, digest)?;
        if !logged {
            return Ok(None);
        }
        let (root, _) = self.verifier()?;
        if root.tlogs.is_empty() {
            return Err(unproven("the trusted root knows no transparency log"));
        }
        let bundle = logged_bundle(evidence)?;
        let policy = PublicKeyVerificationPolicy::new(key.der().clone());
        let artifact = Self::artifact(evidence, bundle, digest);
        let checked = self.verify(&artifact, bundle, &policy)?;
        if !checked.result.tlog_verified() {
            return Err(unproven("the transparency log was not checked"));
        }
        Ok(checked.log)
    }

    /// Checks the certificate, its time stamps, the log and the signature for `digest`.
    ///
    /// The trusted root says what there must be: logs that it lists are demanded, and only an
    /// instance that has none, as GitHub's own, may prove by its time stamps alone when the
    /// certificate was used.
    pub(super) fn check_certificate(
        &self,
        evidence: &Evidence,
        digest: &Digest,
    ) -> Result<CertifiedSigner, Refusal> {
        let Signer::Certificate(certificate) = &evidence.signer else {
            return Err(Refusal::SomebodyElse);
        };
        VerificationKey::from_spki(&certificate.public_key)
            .and_then(|key| key.verify(&evidence.message, &evidence.signature))
            .or_else(|_| invalid("the signature does not hold"))?;
        check_binding(evidence, digest)?;
        let (root, _) = self.verifier()?;
        let (is_logged, is_ct_logged) = (!root.tlogs.is_empty(), !root.ctlogs.is_empty());
        let mut anybody = VerificationPolicy::any_identity();
        if !is_ct_logged {
            anybody = anybody.skip_sct();
        }
        let bundle = if is_logged {
            logged_bundle(evidence)?
        } else {
            anybody = anybody.skip_tlog_unsafe();
            stamped_bundle(evidence)?
        };
        let artifact = Self::artifact(evidence, bundle, digest);
        let Checked { result, log } = self.verify(&artifact, bundle, &anybody)?;
        let times = result.verified_timestamps();
        if !result.certificate_verified() || times.is_empty() {
            return Err(unproven("the certificate was not checked"));
        }
        if is_ct_logged && !result.sct_verified() {
            return Err(unproven("the certificate's SCT was not checked"));
        }
        if is_logged && !result.tlog_verified() {
            return Err(unproven("the transparency log was not checked"));
        }
        let owner = result.certificate().map(Owner::of);
        let named = |owner: &Owner| !(owner.identity.is_empty() || owner.issuer.is_empty());
        let Some(owner) = owner.filter(named) else {
            return Err(unproven("the certificate names no identity and issuer"));
        };
        Ok(CertifiedSigner { owner, log })
    }
}

fn invalid<T>(reason: &str) -> Result<T, Refusal> {
    Err(Refusal::Invalid(reason.to_owned()))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "stands behind map_err, which hands errors over"
)]
pub(super) fn unproven(reason: impl ToString) -> Refusal {
    Refusal::Unproven(reason.to_string())
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
    let bundle = evidence.bundle.as_ref();
    logged(bundle.ok_or_else(|| unproven(UNLOGGED))?)
}

const UNLOGGED: &str = "it is in no transparency log";

/// The bundle, if each of its log entries comes with something that the log has signed.
///
/// The library checks the proofs and promises that are there and demands one among all entries:
/// one that has neither would ride along unchecked, and be reported.
pub(super) fn logged(bundle: &Bundle) -> Result<&Bundle, Refusal> {
    if bundle.verification_material.tlog_entries.is_empty() {
        return Err(unproven(UNLOGGED));
    }
    let signed_by_log = |entry: &TransparencyLogEntry| {
        entry.inclusion_proof.is_some() || entry.inclusion_promise.is_some()
    };
    let entries = &bundle.verification_material.tlog_entries;
    if entries.iter().all(signed_by_log) {
        Ok(bundle)
    } else {
        Err(unproven("a log entry has neither a proof nor a promise"))
    }
}

/// The bundle of an instance without logs, if it has time stamps and no log entry, which nobody
/// could vouch for.
fn stamped_bundle(evidence: &Evidence) -> Result<&Bundle, Refusal> {
    let bundle = evidence.bundle.as_ref();
    let bundle = bundle.filter(|bundle| {
        let material = &bundle.verification_material;
        !material
            .timestamp_verification_data
            .rfc3161_timestamps
            .is_empty()
    });
    let bundle = bundle.ok_or_else(|| {
        unproven("it has no time stamp, and its trusted root knows no transparency log")
    })?;
    if bundle.verification_material.tlog_entries.is_empty() {
        Ok(bundle)
    } else {
        Err(unproven(
            "it is in a log that its trusted root does not know",
        ))
    }
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
