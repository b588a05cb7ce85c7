//! One bundle about one file, as the command-line protocol of sigstore-conformance asks for it.
//!
//! Unlike an image's signature, a statement may be of any type: what is asked is whether the
//! signer signed this bundle for this file, and the answer names the type.

use sigstore_verify::{
    Error, Policy, PublicKeyVerificationPolicy, VerificationPolicy,
    crypto::{CertificateInfo, KeyAlgorithm, parse_certificate_info},
    types::{Bundle, SignatureContent, Statement, bundle::VerificationMaterialContent},
};

use super::{
    bundle_artifact::{BundleArtifact, BundleError, Input},
    caps,
    claims::Owner,
    engine::{self, Checked, Refusal, Sigstore, unproven},
    evidence::{self, EvidenceError},
    key::PublicKey,
    trust::TrustMaterial,
};
use crate::{
    document::json,
    model::{signature::Method, verdict::Verdict},
    report::bundle_verification::BundleVerification,
};

/// The largest bundle that is worth reading from a file.
pub const BUNDLE_BYTES: u64 = caps::BUNDLE_BYTES;

/// What is asked of a bundle.
#[derive(Debug)]
pub struct BundleRequest<'a> {
    /// Its text, of at most [`BUNDLE_BYTES`].
    pub bundle: &'a [u8],
    /// What it must be about.
    pub artifact: &'a BundleArtifact,
    /// Who must have signed it.
    pub signer: &'a BundleSigner,
    /// Whom to believe about certificates, logs and times.
    pub trust: &'a TrustMaterial,
}

/// Who must have signed.
#[derive(Debug)]
pub enum BundleSigner {
    /// The holder of this key.
    Key(PublicKey),
    /// The holder of a certificate with exactly these two.
    Certificate {
        /// The certificate's subject.
        identity: String,
        /// Who vouched for it.
        issuer: String,
    },
}

/// Says whether the signer signed the bundle for the artifact, and logged it.
///
/// The names of the bundle and of the artifact are left for the caller to fill in.
pub fn verify_bundle(request: &BundleRequest<'_>) -> Result<BundleVerification, BundleError> {
    let mut report = blank();
    let outcome = evidence::read_bundle(request.bundle)
        .map_err(Stop::from)
        .and_then(|bundle| Asked::read(request, &bundle, &mut report)?.answer(&mut report));
    let (verdict, reason) = match outcome {
        Ok(()) => (Verdict::Verified, None),
        Err(Stop::Verdict(verdict, reason)) => (verdict, Some(reason)),
        Err(Stop::Error(error)) => return Err(error),
    };
    Ok(BundleVerification {
        verdict,
        reason,
        ..report
    })
}

/// What ends a verification without success.
enum Stop {
    Verdict(Verdict, String),
    Error(BundleError),
}

impl From<BundleError> for Stop {
    fn from(error: BundleError) -> Self {
        Self::Error(error)
    }
}

impl From<EvidenceError> for Stop {
    fn from(error: EvidenceError) -> Self {
        Self::Verdict(Verdict::Invalid, error.to_string())
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(reason) | Refusal::Unproven(reason) => {
                Self::Verdict(Verdict::Invalid, reason)
            }
            Refusal::SomebodyElse => untrusted("somebody else made it"),
            Refusal::Unavailable(reason) => Self::Verdict(Verdict::Unavailable, reason),
        }
    }
}

fn untrusted(reason: impl Into<String>) -> Stop {
    Stop::Verdict(Verdict::Untrusted, reason.into())
}

/// A readable bundle and all that is asked of it.
struct Asked<'a> {
    bundle: &'a Bundle,
    input: Input<'a>,
    engine: Sigstore,
    by: By<'a>,
}

/// Who says to have signed, and who must have.
enum By<'a> {
    Key(&'a PublicKey),
    Certificate {
        claimed: Box<CertificateInfo>,
        identity: &'a str,
        issuer: &'a str,
    },
}

impl<'a> Asked<'a> {
    /// Looks at everything that needs neither keys nor the file.
    fn read(
        request: &BundleRequest<'a>,
        bundle: &'a Bundle,
        report: &mut BundleVerification,
    ) -> Result<Self, Stop> {
        report.method = Some(method(bundle));
        report.predicate_type = predicate_type(bundle)?;
        engine::logged(bundle)?;
        let by = By::read(request.signer, bundle)?;
        Ok(Self {
            input: Input::new(request.artifact, signs_whole_file(bundle, &by)?)?,
            engine: Sigstore::new(request.trust),
            bundle,
            by,
        })
    }

    fn answer(self, report: &mut BundleVerification) -> Result<(), Stop> {
        let outcome = match &self.by {
            By::Key(key) => self.by_key(key, report),
            By::Certificate {
                claimed,
                identity,
                issuer,
            } => self.by_certificate(claimed, identity, issuer, report),
        };
        report.digest = self.input.digest().map(|digest| digest.to_string());
        outcome
    }

    fn by_key(&self, key: &PublicKey, report: &mut BundleVerification) -> Result<(), Stop> {
        let policy = PublicKeyVerificationPolicy::new(key.der().clone());
        let hinted = match &self.bundle.verification_material.content {
            VerificationMaterialContent::PublicKey(named) => key.is_hinted_by(&named.hint),
            _ => false,
        };
        let Checked { result, log } = self.check(&policy, |error| match error {
            // Whose signature it is, a hint alone says; and it may be of any form or absent.
            Error::SignatureInvalid(_) if !hinted => untrusted("the key did not make it"),
            other => unproven(other).into(),
        })?;
        if !result.tlog_verified() {
            return Err(unproven("the transparency log was not checked").into());
        }
        report.identity = Some(key.identity());
        report.log = log;
        Ok(())
    }

    fn by_certificate(
        &self,
        claimed: &CertificateInfo,
        identity: &str,
        issuer: &str,
        report: &mut BundleVerification,
    ) -> Result<(), Stop> {
        let owner = Owner::of(claimed);
        let is_named = !(owner.identity.is_empty() || owner.issuer.is_empty());
        let is_asked_for = is_named && owner.identity == identity && owner.issuer == issuer;
        let mismatch = format!(
            "signed by {}, whom {} vouched for",
            owner.identity, owner.issuer
        );
        let anybody = VerificationPolicy::any_identity();
        // Whom an unproven certificate names is only a claim: where it is not even the signer's
        // that is asked for, nothing says that this signer's bundle is broken.
        let Checked { result, log } = self.check(&anybody, |error| {
            if is_asked_for {
                unproven(error).into()
            } else {
                untrusted(format!("{mismatch}; unproven too: {error}"))
            }
        })?;
        if !(result.certificate_verified() && result.sct_verified() && result.tlog_verified()) {
            return Err(unproven("certificate, SCT or transparency log was not checked").into());
        }
        report.identity = Some(owner.identity);
        report.issuer = Some(owner.issuer);
        report.claims = owner.shown_claims;
        report.log = log;
        if is_asked_for {
            Ok(())
        } else {
            Err(untrusted(mismatch))
        }
    }

    fn check(&self, policy: &dyn Policy, refuse: impl Fn(Error) -> Stop) -> Result<Checked, Stop> {
        self.engine.verify_by(self.bundle, |verifier| {
            self.input
                .verify(verifier, self.bundle, policy)
                .map_err(|error| match error {
                    Error::ArtifactRead(error) => BundleError::Read(error).into(),
                    other => refuse(other),
                })
        })
    }
}

impl<'a> By<'a> {
    fn read(signer: &'a BundleSigner, bundle: &Bundle) -> Result<Self, Stop> {
        match (signer, bundle.signing_certificate()) {
            (BundleSigner::Key(key), None) => Ok(Self::Key(key)),
            (BundleSigner::Key(_), Some(_)) => Err(untrusted(
                "a certificate's key made it, not the one asked for",
            )),
            (BundleSigner::Certificate { identity, issuer }, Some(certificate)) => {
                Ok(Self::Certificate {
                    claimed: Box::new(
                        parse_certificate_info(certificate).map_err(evidence::malformed)?,
                    ),
                    identity,
                    issuer,
                })
            }
            (BundleSigner::Certificate { .. }, None) => {
                Err(untrusted("a key made it, and no certificate says whose"))
            }
        }
    }

    fn algorithm(&self) -> Result<KeyAlgorithm, Stop> {
        match self {
            Self::Key(key) => {
                KeyAlgorithm::from_spki(key.der()).map_err(|error| unproven(error).into())
            }
            Self::Certificate { claimed, .. } => Ok(claimed.key_algorithm),
        }
    }
}

fn method(bundle: &Bundle) -> Method {
    match &bundle.verification_material.content {
        VerificationMaterialContent::PublicKey(_) => Method::Key,
        _ => Method::Keyless,
    }
}

/// The type of the statement in a bundle, if it holds one and not a file's signature.
fn predicate_type(bundle: &Bundle) -> Result<Option<String>, EvidenceError> {
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        return Ok(None);
    };
    let statement: Statement =
        json::parse(envelope.payload.as_bytes()).map_err(evidence::malformed)?;
    evidence::subjects(&statement)?;
    Ok(Some(statement.predicate_type))
}

/// Whether the signature is over the file's bytes and cannot be checked by a hash of them.
fn signs_whole_file(bundle: &Bundle, by: &By<'_>) -> Result<bool, Stop> {
    match bundle.content {
        SignatureContent::MessageSignature(_) => {
            let scheme = by.algorithm()?.default_signing_scheme();
            Ok(!scheme.supports_prehashed())
        }
        _ => Ok(false),
    }
}

fn blank() -> BundleVerification {
    BundleVerification {
        schema_version: 1,
        bundle: String::new(),
        artifact: String::new(),
        digest: None,
        verdict: Verdict::Invalid,
        reason: None,
        method: None,
        predicate_type: None,
        identity: None,
        issuer: None,
        claims: std::collections::BTreeMap::new(),
        log: None,
    }
}
