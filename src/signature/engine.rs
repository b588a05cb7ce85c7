//! The cryptographic checks. What they find leaves in our own types, as the library under them
//! breaks often.

use std::{fmt, sync::OnceLock};

use sigstore_trust_root::{TransparencyLog, TrustedRoot};
use sigstore_verify::{
    Policy, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier,
    crypto::{SigningScheme, VerificationKey, verify_signature},
    types::{Artifact, Bundle, Sha256Hash, TransparencyLogEntry},
};

use super::{
    claims::Owner,
    evidence::{Evidence, Signer},
    key::PublicKey,
    trust::{self, TrustMaterial},
};
use crate::{
    model::digest::Digest,
    report::verification::{Format, LogEntry},
};

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
    verifier: OnceLock<Result<(TrustedRoot, Verifier), String>>,
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

    fn verifier(&self) -> Result<&(TrustedRoot, Verifier), Refusal> {
        let read = || {
            let root = self.trust.root()?;
            let verifier = trust::verifier(&root).map_err(|error| error.to_string())?;
            Ok((root, verifier))
        };
        let unavailable = |error: &String| Refusal::Unavailable(error.clone());
        self.verifier
            .get_or_init(read)
            .as_ref()
            .map_err(unavailable)
    }

    /// Verifies all that the library verifies, and the windows of the logs.
    ///
    /// The library minds a log's window where the log has promised a time itself (Rekor v1), and
    /// takes a checkpoint by a key whose window has ended (Rekor v2). A retired key that leaks
    /// must vouch for nothing new: so what has no promise is verified once more, by those logs
    /// alone whose window holds every proven time.
    fn verify(
        &self,
        artifact: Artifact<'_>,
        bundle: &Bundle,
        policy: &dyn Policy,
    ) -> Result<VerificationResult, Refusal> {
        let (root, verifier) = self.verifier()?;
        let result = verifier
            .verify(artifact.clone(), bundle, policy)
            .map_err(unproven)?;
        let entries = &bundle.verification_material.tlog_entries;
        let promised = entries.iter().all(|one| one.inclusion_promise.is_some());
        let times = result.verified_timestamps();
        let then = |log: &TransparencyLog| {
            let window = log.public_key.valid_for;
            window.is_none_or(|window| times.iter().all(|time| window.contains(*time)))
        };
        if promised || root.tlogs.iter().all(then) {
            return Ok(result);
        }
        let mut root_then = root.clone();
        root_then.tlogs.retain(then);
        let verifier = trust::verifier(&root_then).map_err(unproven)?;
        verifier.verify(artifact, bundle, policy).map_err(unproven)
    }

    /// What the library calls the artifact: the payload of a legacy signature, else the image.
    fn artifact<'e>(evidence: &'e Evidence, digest: &Digest) -> Artifact<'e> {
        match evidence.format {
            Format::Legacy => Artifact::from_blob(&evidence.message),
            Format::Bundle => Artifact::from(Sha256Hash::from(digest.sha256())),
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
        if !made_by(key, evidence) {
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
        let bundle = logged_bundle(evidence)?;
        let policy = PublicKeyVerificationPolicy::new(key.der().clone());
        let result = self.verify(Self::artifact(evidence, digest), bundle, &policy)?;
        if !result.tlog_verified() {
            return Err(unproven("the transparency log was not checked"));
        }
        Ok(log_entry(bundle, &result))
    }

    /// Checks the certificate, its time stamps, the log and the signature for `digest`.
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
        let bundle = logged_bundle(evidence)?;
        let anybody = VerificationPolicy::any_identity();
        let result = self.verify(Self::artifact(evidence, digest), bundle, &anybody)?;
        if !(result.certificate_verified() && result.sct_verified() && result.tlog_verified()) {
            return Err(unproven(
                "certificate, SCT or transparency log was not checked",
            ));
        }
        let owner = result.certificate().map(Owner::of);
        let named = |owner: &Owner| !(owner.identity.is_empty() || owner.issuer.is_empty());
        let Some(owner) = owner.filter(named) else {
            return Err(unproven("the certificate names no identity and issuer"));
        };
        Ok(CertifiedSigner {
            owner,
            log: log_entry(bundle, &result),
        })
    }
}

/// Whether `key` signed the message, over the hash that goes with its curve.
///
/// cosign 2 signs over SHA-256 with every ECDSA key, in the only format that it had.
fn made_by(key: &PublicKey, evidence: &Evidence) -> bool {
    let verified = |scheme| {
        let (message, signature) = (&evidence.message, &evidence.signature);
        verify_signature(key.der(), message, signature, scheme).is_ok()
    };
    let Ok(own) = VerificationKey::from_spki(key.der()).map(|key| key.scheme()) else {
        return false;
    };
    let legacy_p384 = own == SigningScheme::EcdsaP384Sha384 && evidence.format == Format::Legacy;
    verified(own) || (legacy_p384 && verified(SigningScheme::EcdsaP384Sha256))
}

fn invalid<T>(reason: &str) -> Result<T, Refusal> {
    Err(Refusal::Invalid(reason.to_owned()))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "stands behind map_err, which hands errors over"
)]
fn unproven(reason: impl ToString) -> Refusal {
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

/// The bundle, if each of its log entries comes with something that the log has signed.
///
/// The library checks the proofs and promises that are there and demands one among all entries:
/// one that has neither would ride along unchecked, and be reported.
fn logged_bundle(evidence: &Evidence) -> Result<&Bundle, Refusal> {
    let bundle = evidence
        .bundle
        .as_ref()
        .filter(|bundle| !bundle.verification_material.tlog_entries.is_empty())
        .ok_or_else(|| unproven("it is in no transparency log"))?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const P384: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEhJ3gLOXYF6ord17SEeeR+UpVJM3k/lgD
s/4QLjXX2Swp2yqOaiQ+O5fkhWFIFEQr+wIFjqZInVrhg8eY5lhLcxT+YaToMXzm
9aMOXEcB1NkEhjE+zOR0Ehv35gL7nLai
-----END PUBLIC KEY-----
";
    const PAYLOAD: &str = r#"{"critical":{"image":{"docker-manifest-digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"type":"cosign container image signature"}}"#;

    /// Signatures of the payload by `openssl dgst`.
    #[test]
    fn a_p384_key_signs_over_its_own_hash_and_as_cosign_2_did() {
        let key = PublicKey::from_pem(P384).unwrap();
        for (signature, expected) in [
            (
                "MGUCME+PWXPgKDOybwH9onMyJwL5zr5kQgSl72FkvrNvrH8nKUPT9Uy+dQ4iwCAiKq33CAIxAP5uDjVm9xFJz9mfI8UoLRpSYNnJgA1FNh98Kph91egjy70JMl7Mma/FowLM/urpHg==",
                true,
            ),
            (
                "MGYCMQCleg9sEGNOfCRMK/G1LTOiZQNB1TGsY/vNdANzeYha/BrUFluVo1QMJ0wHuhBgc+cCMQCuHgHJiqro38RUGqCnGnA34qqZNaUOevLUCaxP9UVfBzVuUSzpC2amRxdDLSyt+UI=",
                true,
            ),
            (
                "MGUCMFlj4Y5A/gqEkJMcjOHGq3+MXNs+38zxgIDxvJJ2k+FQLk9LB00coDJt4F2ITKmEyAIxAJDIDBRq43gJtJxfSVMr2PvRzbWSvCbpSu3rkk25Q7aDuv8qt52x3K/Xk/BdPHQXJQ==",
                false,
            ),
        ] {
            let name = "dev.cosignproject.cosign/signature".to_owned();
            let annotations = BTreeMap::from([(name, signature.to_owned())]);
            let evidence = Evidence::from_simple_signing(PAYLOAD.as_bytes(), &annotations);
            assert_eq!(made_by(&key, &evidence.unwrap()), expected);
        }
    }
}
