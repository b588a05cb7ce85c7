//! What the signing kit writes, judged by `sigstore-verify`: every good form is accepted, every
//! broken one refused.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of an integration test are test code too"
)]

use std::time::Duration;

use fullsend_testkit::digest_of;
use fullsend_testkit::signing::{
    Bundle, Flaw, Identity, LegacySignature, Signing, SigningKey, Sigstore,
};
use serde_json::{Value, json};
use sigstore_verify::types::{DerPublicKey, Sha256Hash};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult};
use sigstore_verify::{Verifier, trust_root::TrustedRoot};

type Verdict = Result<VerificationResult, sigstore_verify::Error>;

fn verifier(pki: &Sigstore) -> Verifier {
    Verifier::new(&TrustedRoot::from_json(&pki.trusted_root()).unwrap()).unwrap()
}

fn image() -> String {
    digest_of(b"a manifest")
}

fn ci() -> Identity {
    Identity::github(
        "acme/agent",
        ".github/workflows/release.yml",
        "refs/tags/v1.0.0",
    )
}

fn parse(json: &Value) -> sigstore_verify::types::Bundle {
    sigstore_verify::types::Bundle::from_json(&json.to_string()).unwrap()
}

fn hash(digest: &str) -> Sha256Hash {
    Sha256Hash::from_hex(digest.trim_start_matches("sha256:")).unwrap()
}

fn keyless(pki: &Sigstore, identity: &Identity, bundle: &Value, digest: &str) -> Verdict {
    let policy = VerificationPolicy::new(identity.name(), identity.issuer());
    verifier(pki).verify(hash(digest), &parse(bundle), &policy)
}

fn keyed(pki: &Sigstore, key: &SigningKey, bundle: &Value, digest: &str) -> Verdict {
    let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.public_der()));
    verifier(pki).verify(hash(digest), &parse(bundle), &policy)
}

fn bundle_verdict(pki: &Sigstore, bundle: &Bundle) -> Verdict {
    keyless(pki, &ci(), bundle.json(), &image())
}

/// Makes a v0.1 bundle of a legacy signature.
fn lift(signature: &LegacySignature) -> Value {
    let text = |name: &str| signature.annotations[name].as_str().unwrap();
    let chain = format!(
        "{}{}",
        text("dev.sigstore.cosign/certificate"),
        text("dev.sigstore.cosign/chain")
    );
    let certificates: Vec<Value> = chain
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|pem| {
            pem.replace("-----END CERTIFICATE-----", "")
                .replace('\n', "")
        })
        .map(|raw| json!({"rawBytes": raw}))
        .collect();
    let entry: Value = serde_json::from_str(text("dev.sigstore.cosign/bundle")).unwrap();
    let payload = &entry["Payload"];
    let id = payload["logID"].as_str().unwrap();
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": {
            "x509CertificateChain": {"certificates": certificates},
            "tlogEntries": [{
                "logIndex": payload["logIndex"].to_string(),
                "logId": {"keyId": base64_of_hex(id)},
                "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
                "integratedTime": payload["integratedTime"].to_string(),
                "inclusionPromise": {"signedEntryTimestamp": entry["SignedEntryTimestamp"]},
                "canonicalizedBody": payload["body"],
            }],
        },
        "messageSignature": {
            "messageDigest": {
                "algorithm": "SHA2_256",
                "digest": base64_of_hex(digest_of(signature.payload.as_bytes()).trim_start_matches("sha256:")),
            },
            "signature": text("dev.cosignproject.cosign/signature"),
        },
    })
}

fn base64_of_hex(hex: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    STANDARD.encode((0..hex.len()).step_by(2).map(byte).collect::<Vec<_>>())
}

#[test]
fn a_keyless_bundle_is_accepted() {
    let pki = Sigstore::new();
    let gitlab = Identity::gitlab("acme/agent", ".gitlab-ci.yml", "refs/tags/v1.0.0");
    let mail = Identity::email("a@example.test", "https://accounts.example.test");
    for identity in [ci(), gitlab, mail] {
        let bundle = Signing::keyless(&pki, identity.clone()).bundle(&image());
        let verdict = keyless(&pki, &identity, bundle.json(), &image()).unwrap();
        assert!(verdict.certificate_verified() && verdict.sct_verified());
        assert!(verdict.tlog_verified());
    }
}

#[test]
fn the_claims_are_where_fulcio_has_them() {
    let pki = Sigstore::new();
    let bundle = Signing::keyless(&pki, ci()).bundle(&image());
    let verdict = bundle_verdict(&pki, &bundle).unwrap();
    let claims = format!("{:?}", verdict.certificate().unwrap().ci_claims);
    for expected in ["https://github.com/acme/agent", "refs/tags/v1.0.0", "push"] {
        assert!(claims.contains(expected), "{expected} not in {claims}");
    }
}

#[test]
fn a_legacy_keyless_signature_is_accepted_once_lifted() {
    let pki = Sigstore::new();
    let signature = Signing::keyless(&pki, ci()).legacy(&image(), "registry.test/agent");
    let payload = digest_of(signature.payload.as_bytes());
    let mut bundle = lift(&signature);
    let policy = VerificationPolicy::new(ci().name(), ci().issuer()).skip_tlog_unsafe();
    verifier(&pki)
        .verify(hash(&payload), &parse(&bundle), &policy)
        .unwrap();
    bundle["messageSignature"]["signature"] = json!("AAAA");
    assert!(keyless(&pki, &ci(), &bundle, &payload).is_err());
}

#[test]
fn a_logged_key_bundle_is_accepted() {
    let pki = Sigstore::new();
    for key in [
        SigningKey::p256(),
        SigningKey::p384(),
        SigningKey::ed25519(),
    ] {
        let bundle = Signing::with_key(&key).logged_in(&pki).bundle(&image());
        keyed(&pki, &key, bundle.json(), &image()).unwrap();
        assert!(keyed(&pki, &SigningKey::p256(), bundle.json(), &image()).is_err());
    }
}

#[test]
fn rekor_v2_and_timestamps_are_accepted() {
    let pki = Sigstore::new();
    let v1 = Signing::keyless(&pki, ci()).timestamped().bundle(&image());
    assert_eq!(
        bundle_verdict(&pki, &v1)
            .unwrap()
            .verified_timestamps()
            .len(),
        2
    );
    let v2 = Signing::keyless(&pki, ci()).rekor_v2().bundle(&image());
    bundle_verdict(&pki, &v2).unwrap();
    let key = SigningKey::p256();
    let by_key = Signing::with_key(&key).logged_in(&pki).rekor_v2();
    keyed(&pki, &key, by_key.bundle(&image()).json(), &image()).unwrap();
}

#[test]
fn each_flaw_in_rekor_v2_is_refused() {
    let pki = Sigstore::new();
    let flaws = [
        (Flaw::LogBody, "hash mismatch"),
        (Flaw::ForeignLog, "No matching Rekor key"),
        (Flaw::LogSignature, "No valid Rekor signature"),
        (Flaw::InclusionProof, "root hash mismatch"),
        (Flaw::NoTimestamp, "timestamp"),
        (Flaw::Timestamp, "timestamp"),
        (Flaw::ForeignTimestamp, "timestamp"),
        (Flaw::TimestampedAt(1_700_000_000), "CertNotValidYet"),
    ];
    for (flaw, reason) in flaws {
        let signing = Signing::keyless(&pki, ci()).rekor_v2().flaw(flaw.clone());
        let error = bundle_verdict(&pki, &signing.bundle(&image())).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(reason), "{flaw:?}: {error}");
    }
}

#[test]
fn each_flaw_is_refused() {
    let pki = Sigstore::new();
    let flaws = [
        (
            Flaw::Digest(digest_of(b"other")),
            "does not match any subject",
        ),
        (Flaw::Signature, "DSSE signature verification failed"),
        (Flaw::ForeignKey, "DSSE signature verification failed"),
        (Flaw::LogBody, "DSSE payload hash mismatch"),
        (Flaw::LoggedAt(1_700_000_000), "CertNotValidYet"),
        (Flaw::ForeignLog, "No log key"),
        (Flaw::LogSignature, "SET verification failed"),
        (Flaw::InclusionProof, "root hash mismatch"),
        (Flaw::NoInclusionProof, "must have an inclusion proof"),
        (Flaw::NoPromise, "No verified timestamp"),
        (Flaw::NoSct, "missing SCT extension"),
        (Flaw::Sct, "SCT signature verification failed"),
        (Flaw::ForeignAuthority, "chain validation failed"),
        (Flaw::KeyUsage, "RequiredEkuNotFound"),
    ];
    for (flaw, reason) in flaws {
        let signing = Signing::keyless(&pki, ci()).flaw(flaw.clone());
        let error = bundle_verdict(&pki, &signing.bundle(&image())).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(reason), "{flaw:?}: {error}");
    }
}

#[test]
fn a_certificate_that_had_ended_is_refused() {
    let pki = Sigstore::new();
    let ended = ci().valid(1_700_000_000, Duration::from_mins(10));
    let late = Signing::keyless(&pki, ended.clone()).bundle(&image());
    assert!(bundle_verdict(&pki, &late).is_err());
    let then = Signing::keyless(&pki, ended).flaw(Flaw::LoggedAt(1_700_000_100));
    bundle_verdict(&pki, &then.bundle(&image())).unwrap();
}

#[test]
fn another_instance_is_not_trusted() {
    let bundle = Signing::keyless(&Sigstore::new(), ci()).bundle(&image());
    assert!(bundle_verdict(&Sigstore::new(), &bundle).is_err());
}

#[test]
fn an_attestation_is_well_signed_and_no_signature() {
    let pki = Sigstore::new();
    let bundle = Signing::keyless(&pki, ci()).attestation(&image());
    bundle_verdict(&pki, &bundle).unwrap();
    assert!(payload(&bundle).contains(r#""predicateType":"https://slsa.dev/provenance/v1""#));
}

#[test]
fn payloads_are_spelled_as_cosign_spells_them() {
    let key = SigningKey::p256();
    let digest = image();
    let hex = digest.trim_start_matches("sha256:");
    let bundle = Signing::with_key(&key).bundle(&digest);
    let statement = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"HEX"},"annotations":{}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}"#;
    assert_eq!(payload(&bundle), statement.replace("HEX", hex));
    let legacy = Signing::with_key(&key).legacy(&digest, "registry.test/agent");
    let simple = r#"{"critical":{"identity":{"docker-reference":"registry.test/agent"},"image":{"docker-manifest-digest":"sha256:HEX"},"type":"cosign container image signature"},"optional":null}"#;
    assert_eq!(legacy.payload, simple.replace("HEX", hex));
}

#[test]
fn a_false_type_is_signed_well() {
    let pki = Sigstore::new();
    let signing = Signing::keyless(&pki, ci()).flaw(Flaw::Type("something else".into()));
    let bundle = signing.bundle(&image());
    bundle_verdict(&pki, &bundle).unwrap();
    assert!(payload(&bundle).contains(r#""predicateType":"something else""#));
    let legacy = signing.legacy(&image(), "registry.test/agent");
    assert!(legacy.payload.contains(r#""type":"something else""#));
}

fn payload(bundle: &Bundle) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = bundle.json()["dsseEnvelope"]["payload"].as_str().unwrap();
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}
