//! Legacy attestations, as cosign 1 and 2 write them under the tag `sha256-<hex>.att`.
//!
//! Source: cosign `specs/ATTESTATION_SPEC.md`. The layer is a DSSE envelope; what proves its signer
//! stands in the same annotations as beside a simple signature, and is lifted into the same kind
//! of bundle.

use std::collections::BTreeMap;

use sigstore_verify::{
    crypto::parse_certificate_info,
    types::{Bundle, DsseEnvelope, SignatureBytes},
};

use super::{
    evidence::{EvidenceError, IN_TOTO, Signer, malformed},
    simple_signing::Material,
};
use crate::document::json;

/// An attestation, read but not yet believed.
#[derive(Debug)]
pub(super) struct LegacyAttestation {
    pub(super) signer: Signer,
    /// The bytes under the signature.
    pub(super) message: Vec<u8>,
    pub(super) signature: SignatureBytes,
    /// The in-toto statement, in JSON.
    pub(super) statement: Vec<u8>,
    /// With log entry and time stamp; none where there is neither, or an entry that cannot be
    /// checked.
    pub(super) bundle: Option<Bundle>,
}

impl LegacyAttestation {
    /// Reads a layer with its annotations.
    ///
    /// The annotation `predicateType` is not looked at: nobody has signed it.
    pub(super) fn read(
        envelope: &[u8],
        annotations: &BTreeMap<String, String>,
    ) -> Result<Self, EvidenceError> {
        // As JSON first, which goes into the bundle as it is.
        let json: serde_json::Value = json::parse(envelope).map_err(malformed)?;
        let envelope: DsseEnvelope = json::parse(envelope).map_err(malformed)?;
        if envelope.payload_type != IN_TOTO {
            return Err(malformed(format!("the payload is not `{IN_TOTO}`")));
        }
        let material = Material::beside(envelope.signature.sig.clone(), annotations)?;
        let signer = match material.certificates.first() {
            Some(certificate) => Signer::Certificate(Box::new(
                parse_certificate_info(certificate).map_err(malformed)?,
            )),
            None => Signer::Key { hint: None },
        };
        Ok(Self {
            signer,
            message: envelope.pae(),
            statement: envelope.payload.as_bytes().to_vec(),
            bundle: material.lift_envelope(&json)?,
            signature: material.signature,
        })
    }
}

#[cfg(test)]
mod tests {
    use fullsend_testkit::signing::{
        AttestationEntry, Flaw, Identity, Signing, SigningKey, Sigstore,
    };

    use super::*;
    use crate::{
        model::digest::Digest,
        signature::{
            engine::{Refusal, Sigstore as Engine},
            evidence::Evidence,
            key::PublicKey,
            trust::TrustMaterial,
        },
    };

    const ENTRIES: [AttestationEntry; 2] = [AttestationEntry::Dsse, AttestationEntry::Intoto];

    fn digest() -> Digest {
        Digest::from_sha256([7; 32])
    }

    fn engine(pki: &Sigstore) -> Engine {
        Engine::new(&TrustMaterial::from_json(&pki.trusted_root()).unwrap())
    }

    fn ci() -> Identity {
        Identity::github("acme/agent", ".github/workflows/ci.yml", "refs/heads/main")
    }

    /// Reads what the kit made, after `change`.
    fn evidence(
        signing: &Signing<'_>,
        entry: AttestationEntry,
        change: impl Fn(&mut String, &mut BTreeMap<String, String>),
    ) -> Evidence {
        let mut made = signing.legacy_attestation(digest().as_str(), entry);
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let pairs = made.annotations.iter();
        let mut annotations = pairs
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        change(&mut made.envelope, &mut annotations);
        Evidence::from_legacy_attestation(made.envelope.as_bytes(), &annotations).unwrap()
    }

    fn as_made(_: &mut String, _: &mut BTreeMap<String, String>) {}

    #[test]
    fn a_certified_attestation_is_proven_with_its_log_entry() {
        let pki = Sigstore::new();
        let signing = Signing::keyless(&pki, ci());
        for entry in ENTRIES {
            let evidence = evidence(&signing, entry, as_made);
            let signer = engine(&pki)
                .check_certificate(&evidence, &digest())
                .unwrap();
            assert_eq!(signer.owner.identity, ci().name());
            assert!(signer.log.is_some_and(|log| log.logged_at.is_some()));
            let stranger = engine(&Sigstore::new()).check_certificate(&evidence, &digest());
            assert!(matches!(stranger, Err(Refusal::Unproven(_))));
        }
    }

    #[test]
    fn a_logged_key_is_bound_to_its_entry() {
        let (pki, key) = (Sigstore::new(), SigningKey::p256());
        let public = PublicKey::from_pem(&key.public_pem()).unwrap();
        let other = PublicKey::from_pem(&SigningKey::p256().public_pem()).unwrap();
        let signing = Signing::with_key(&key).logged_in(&pki);
        let stranger = SigningKey::p256();
        let elsewhere = Signing::with_key(&stranger).logged_in(&pki);
        for entry in ENTRIES {
            let good = evidence(&signing, entry, as_made);
            let engine = engine(&pki);
            let log = engine.check_key(&good, &public, &digest(), true).unwrap();
            assert!(log.is_some());
            let by_other = engine.check_key(&good, &other, &digest(), true);
            assert_eq!(by_other, Err(Refusal::SomebodyElse));
            let for_other = engine.check_key(&good, &public, &Digest::from_sha256([8; 32]), true);
            assert!(matches!(for_other, Err(Refusal::Invalid(_))));
            // The entry of another's signature of the same statement.
            let borrowed = elsewhere.legacy_attestation(digest().as_str(), entry);
            let name = "dev.sigstore.cosign/bundle";
            let borrowed = borrowed.annotations[name].as_str().unwrap().to_owned();
            let swapped = evidence(&signing, entry, |_, annotations| {
                annotations.insert(name.to_owned(), borrowed.clone());
            });
            let swapped = engine.check_key(&swapped, &public, &digest(), true);
            assert!(matches!(swapped, Err(Refusal::Unproven(_))));
        }
    }

    #[test]
    fn every_broken_proof_is_found() {
        let pki = Sigstore::new();
        for entry in ENTRIES {
            for flaw in [
                Flaw::LogBody,
                Flaw::LogSignature,
                Flaw::ForeignLog,
                Flaw::NoPromise,
                Flaw::LoggedAt(1_600_000_000),
                Flaw::NoSct,
                Flaw::Sct,
                Flaw::ForeignAuthority,
                Flaw::KeyUsage,
                Flaw::Signature,
                Flaw::ForeignKey,
            ] {
                let signing = Signing::keyless(&pki, ci()).flaw(flaw.clone());
                let evidence = evidence(&signing, entry, as_made);
                let checked = engine(&pki).check_certificate(&evidence, &digest());
                assert!(checked.is_err(), "{entry:?} {flaw:?}");
            }
        }
    }

    #[test]
    fn only_one_signature_of_a_statement_is_read() {
        let key = SigningKey::p256();
        let made = Signing::with_key(&key).legacy_attestation(digest().as_str(), ENTRIES[0]);
        let none = BTreeMap::new();
        let read = |envelope: &str| LegacyAttestation::read(envelope.as_bytes(), &none);
        assert!(read(&made.envelope).is_ok_and(|read| read.bundle.is_none()));
        let mut twice: serde_json::Value = serde_json::from_str(&made.envelope).unwrap();
        let signature = twice["signatures"][0].clone();
        twice["signatures"].as_array_mut().unwrap().push(signature);
        for bad in [
            twice.to_string(),
            made.envelope.replace("in-toto", "text"),
            "{}".to_owned(),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
