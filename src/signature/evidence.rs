//! One candidate signature, read but not yet believed.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};
use sigstore_verify::{
    crypto::{CertificateInfo, parse_certificate_info},
    types::{
        Bundle, SignatureBytes, SignatureContent, Statement, bundle::VerificationMaterialContent,
    },
};

use super::{caps, legacy_attestation::LegacyAttestation, simple_signing};
use crate::{
    document::json,
    model::{digest::Digest, signature::Format, text::excerpt},
};

/// The predicate type that makes a DSSE statement a signature; every other is an attestation.
///
/// Source: cosign `specs/BUNDLE_SPEC.md`.
pub(super) const SIGN_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";
pub(super) const IN_TOTO: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];

/// Who a candidate says has signed it.
#[derive(Debug)]
pub(super) enum Signer {
    /// A key that the verifier must already have; the hint is unauthenticated.
    Key { hint: Option<String> },
    /// The key in a certificate that came along.
    Certificate(Box<CertificateInfo>),
}

/// What a candidate is.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The image's signature.
    Signature,
    /// A statement about the image, which never is its signature.
    Attestation(Attestation),
}

/// What an attestation says.
#[derive(Debug)]
pub(super) struct Attestation {
    pub(super) predicate_type: String,
    pub(super) predicate: serde_json::Value,
}

/// A candidate with everything that its checks need.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) purpose: Purpose,
    pub(super) format: Format,
    pub(super) signer: Signer,
    /// The bytes under the signature.
    pub(super) message: Vec<u8>,
    pub(super) signature: SignatureBytes,
    /// The digests that the signed statement names.
    pub(super) names: Vec<Digest>,
    /// With log entries and time stamps; none for a legacy signature that was never logged.
    pub(super) bundle: Option<Bundle>,
}

/// Why a candidate cannot be read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum EvidenceError {
    /// It says itself that it is something else than a signature of an image.
    #[error("not a signature but {0}")]
    NoSignature(String),
    #[error("malformed: {0}")]
    Malformed(String),
    /// It says that it is an attestation of this type, and breaks off there.
    #[error("malformed: {reason}")]
    Attestation {
        predicate_type: String,
        reason: String,
    },
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "stands behind map_err, which hands errors over"
)]
pub(super) fn malformed(reason: impl ToString) -> EvidenceError {
    EvidenceError::Malformed(reason.to_string())
}

impl EvidenceError {
    /// The same, where it is known that `purpose` is what broke.
    fn about(self, purpose: &Purpose) -> Self {
        match (self, purpose) {
            (Self::Malformed(reason), Purpose::Attestation(attestation)) => Self::Attestation {
                predicate_type: attestation.predicate_type.clone(),
                reason,
            },
            (error, _) => error,
        }
    }
}

impl Evidence {
    /// Reads a Sigstore bundle as cosign 3 writes it: a DSSE envelope around an in-toto statement.
    pub(super) fn from_bundle(json: &[u8]) -> Result<Self, EvidenceError> {
        let bundle = read_bundle(json)?;
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
            return Err(malformed(
                "the bundle signs a blob, not an in-toto statement",
            ));
        };
        if envelope.payload_type != IN_TOTO {
            return Err(malformed(format!("the payload is not `{IN_TOTO}`")));
        }
        let (purpose, names) = read_statement(envelope.payload.as_bytes())?;
        let signer = signer(&bundle).map_err(|error| error.about(&purpose))?;
        Ok(Self {
            purpose,
            format: Format::Bundle,
            signer,
            message: envelope.pae(),
            signature: envelope.signature.sig.clone(),
            names,
            bundle: Some(bundle),
        })
    }

    /// Reads a simple-signing payload with its annotations, as cosign 1 and 2 write them.
    pub(super) fn from_simple_signing(
        payload: &[u8],
        annotations: &BTreeMap<String, String>,
    ) -> Result<Self, EvidenceError> {
        let named = simple_signing::named_digest(payload)?;
        let material = simple_signing::Material::read(annotations)?;
        let bundle = material.lift(payload)?;
        Ok(Self {
            purpose: Purpose::Signature,
            format: Format::Legacy,
            signer: match &material.certificates.first() {
                Some(certificate) => Signer::Certificate(Box::new(
                    parse_certificate_info(certificate).map_err(malformed)?,
                )),
                None => Signer::Key { hint: None },
            },
            message: payload.to_vec(),
            signature: material.signature,
            names: vec![named],
            bundle,
        })
    }

    /// Reads an attestation's envelope with its annotations, as cosign 1 and 2 write them.
    pub(super) fn from_legacy_attestation(
        envelope: &[u8],
        annotations: &BTreeMap<String, String>,
    ) -> Result<Self, EvidenceError> {
        let read = LegacyAttestation::read(envelope, annotations)?;
        let (purpose, names) = read_statement(&read.statement)?;
        if matches!(purpose, Purpose::Signature) {
            return Err(malformed("a signature among attestations"));
        }
        Ok(Self {
            purpose,
            format: Format::Legacy,
            signer: read.signer,
            message: read.message,
            signature: read.signature,
            names,
            bundle: read.bundle,
        })
    }

    /// Whether the signed text names `digest`, and so vouches for that image and no other.
    pub(super) fn is_for(&self, digest: &Digest) -> bool {
        self.names.contains(digest)
    }
}

/// The parts of which a bundle has one each; the library takes the first and leaves the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alternatives {
    verification_material: SignerAlternatives,
    message_signature: Option<IgnoredAny>,
    dsse_envelope: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignerAlternatives {
    public_key: Option<IgnoredAny>,
    certificate: Option<IgnoredAny>,
    x509_certificate_chain: Option<IgnoredAny>,
}

impl Alternatives {
    fn are_clear(&self) -> bool {
        let signer = &self.verification_material;
        let signers = [
            &signer.public_key,
            &signer.certificate,
            &signer.x509_certificate_chain,
        ];
        let one_of =
            |parts: &[&Option<IgnoredAny>]| parts.iter().flat_map(|part| *part).count() == 1;
        one_of(&signers) && one_of(&[&self.message_signature, &self.dsse_envelope])
    }
}

/// Reads any Sigstore bundle that has no more to check than a good one, and one meaning.
pub(super) fn read_bundle(json: &[u8]) -> Result<Bundle, EvidenceError> {
    let bundle: Bundle = json::parse(json).map_err(malformed)?;
    let alternatives: Alternatives = serde_json::from_slice(json).map_err(malformed)?;
    if !alternatives.are_clear() {
        return Err(malformed("the bundle has two signers or two contents"));
    }
    let material = &bundle.verification_material;
    let stamps = &material.timestamp_verification_data.rfc3161_timestamps;
    bounded(
        "log entries",
        material.tlog_entries.len(),
        caps::LOG_ENTRIES,
    )?;
    bounded("time stamps", stamps.len(), caps::TIMESTAMPS)?;
    Ok(bundle)
}

pub(super) fn bounded(what: &str, count: usize, cap: usize) -> Result<(), EvidenceError> {
    if count > cap {
        return Err(malformed(format!(
            "{count} {what}, where at most {cap} are read"
        )));
    }
    Ok(())
}

fn signer(bundle: &Bundle) -> Result<Signer, EvidenceError> {
    if let VerificationMaterialContent::PublicKey(key) = &bundle.verification_material.content {
        return Ok(Signer::Key {
            hint: Some(key.hint.clone()).filter(|hint| !hint.is_empty()),
        });
    }
    let certificate = bundle
        .signing_certificate()
        .ok_or_else(|| malformed("the bundle has neither a key hint nor a certificate"))?;
    Ok(Signer::Certificate(Box::new(
        parse_certificate_info(certificate).map_err(malformed)?,
    )))
}

/// What an in-toto statement is for, and the digests that it names.
fn read_statement(bytes: &[u8]) -> Result<(Purpose, Vec<Digest>), EvidenceError> {
    let statement: Statement = json::parse(bytes).map_err(malformed)?;
    let predicate_type = &statement.predicate_type;
    let names = subjects(&statement);
    if predicate_type == SIGN_PREDICATE {
        return Ok((Purpose::Signature, names?));
    }
    // It says what it is, and that is no signature: a broken one is not a broken signature.
    let purpose = Purpose::Attestation(Attestation {
        predicate_type: statement.predicate_type,
        predicate: statement.predicate,
    });
    let names = names.map_err(|error| error.about(&purpose))?;
    Ok((purpose, names))
}

/// The SHA-256 digests that a statement is about.
pub(super) fn subjects(statement: &Statement) -> Result<Vec<Digest>, EvidenceError> {
    if !STATEMENT_TYPES.contains(&statement.type_.as_str()) {
        return Err(malformed(format!(
            "`{}` is not an in-toto statement",
            excerpt(&statement.type_)
        )));
    }
    bounded("subjects", statement.subject.len(), caps::SUBJECTS)?;
    let sha256 = |subject: &sigstore_verify::types::Subject| {
        subject
            .digest
            .sha256
            .as_ref()
            .map(|hash| Digest::from_sha256(*hash.as_bytes()))
    };
    Ok(statement.subject.iter().filter_map(sha256).collect())
}
