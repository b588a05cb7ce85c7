//! One thing wrong in an otherwise good signature: no format lets it pass, and each says which
//! verdict it is.

use Verdict::{Invalid, Unsigned, Untrusted, Verified};
use fullsend_testkit::signing::{Flaw, SLSA_PREDICATE};

use super::*;

/// 2023, when no certificate of these tests was valid.
const LONG_AGO: i64 = 1_700_000_000;

#[derive(Clone, Copy, Debug)]
enum Form {
    Referrer,
    Fallback,
    Legacy,
}
use Form::{Fallback, Legacy, Referrer};

async fn expect(signing: Signing<'_>, asked: &Asked, form: Form, table: &[(Flaw, Verdict)]) {
    for (flaw, expected) in table {
        let scene = Scene::new();
        let signing = signing.clone().flaw(flaw.clone());
        match form {
            Referrer => drop(scene.bundle(&signing.bundle(scene.digest()))),
            Fallback => drop(scene.fallback(&signing.bundle(scene.digest()))),
            Legacy => scene.legacy(&legacy(&signing, scene.digest())),
        }
        let verification = scene.verify(asked).await;
        assert_verdict(&verification, *expected, (form, flaw));
    }
}

fn another() -> Flaw {
    Flaw::Digest(elsewhere())
}

fn attestation() -> Flaw {
    Flaw::Type(SLSA_PREDICATE.to_owned())
}

fn nonsense() -> Flaw {
    Flaw::Type(String::new())
}

#[tokio::test]
async fn by_a_key_in_no_log() {
    let key = SigningKey::p256();
    let asked = Asked::key(&key);
    // A bundle's hint says whose it should be; a legacy signature that no key validates is
    // anybody's.
    for (form, broken) in [
        (Referrer, Invalid),
        (Fallback, Invalid),
        (Legacy, Untrusted),
    ] {
        let table = [
            (another(), Invalid),
            (attestation(), Unsigned),
            (nonsense(), Unsigned),
            (Flaw::Signature, broken),
            (Flaw::ForeignKey, broken),
        ];
        expect(Signing::with_key(&key), &asked, form, &table).await;
    }
}

#[tokio::test]
async fn by_a_key_in_the_log() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    let asked = Asked::logged_key(&key, &pki);
    let signing = Signing::with_key(&key).logged_in(&pki).timestamped();
    for (form, broken) in [
        (Referrer, Invalid),
        (Fallback, Invalid),
        (Legacy, Untrusted),
    ] {
        let table = [
            (another(), Invalid),
            (attestation(), Unsigned),
            (Flaw::Signature, broken),
            (Flaw::ForeignKey, broken),
            (Flaw::LogBody, Invalid),
            (Flaw::ForeignLog, Invalid),
            (Flaw::LogSignature, Invalid),
            (Flaw::Timestamp, Invalid),
            (Flaw::ForeignTimestamp, Invalid),
            // A key lasts: when it signed is of no concern, nor is a stamp needed.
            (Flaw::LoggedAt(LONG_AGO), Verified),
            (Flaw::NoTimestamp, Verified),
        ];
        expect(signing.clone(), &asked, form, &table).await;
    }
    let bundle_only = [
        (Flaw::InclusionProof, Invalid),
        (Flaw::NoInclusionProof, Invalid),
        // The inclusion proof is enough.
        (Flaw::NoPromise, Verified),
    ];
    expect(signing.clone(), &asked, Referrer, &bundle_only).await;
    expect(signing, &asked, Legacy, &[(Flaw::NoPromise, Invalid)]).await;
}

#[tokio::test]
async fn by_a_certificate() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    for form in [Referrer, Fallback, Legacy] {
        let table = [
            (another(), Invalid),
            (attestation(), Unsigned),
            (nonsense(), Unsigned),
            (Flaw::Signature, Invalid),
            (Flaw::ForeignKey, Invalid),
            (Flaw::LogBody, Invalid),
            (Flaw::LoggedAt(LONG_AGO), Invalid),
            (Flaw::ForeignLog, Invalid),
            (Flaw::LogSignature, Invalid),
            (Flaw::NoPromise, Invalid),
            (Flaw::NoSct, Invalid),
            (Flaw::Sct, Invalid),
            (Flaw::ForeignAuthority, Invalid),
            (Flaw::KeyUsage, Invalid),
        ];
        expect(Signing::keyless(&pki, ci()), &asked, form, &table).await;
    }
    let proof = [
        (Flaw::InclusionProof, Invalid),
        (Flaw::NoInclusionProof, Invalid),
    ];
    expect(Signing::keyless(&pki, ci()), &asked, Referrer, &proof).await;
}

#[tokio::test]
async fn in_the_time_stamp() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    for form in [Referrer, Fallback, Legacy] {
        let table = [
            (Flaw::Timestamp, Invalid),
            (Flaw::TimestampedAt(LONG_AGO), Invalid),
            (Flaw::ForeignTimestamp, Invalid),
            // Rekor v1 has promised a time of its own.
            (Flaw::NoTimestamp, Verified),
        ];
        let signing = Signing::keyless(&pki, ci()).timestamped();
        expect(signing, &asked, form, &table).await;
    }
}

#[tokio::test]
async fn in_rekor_v2() {
    let pki = Sigstore::new();
    let signing = Signing::keyless(&pki, ci()).rekor_v2();
    let table = [
        (another(), Invalid),
        (attestation(), Unsigned),
        (Flaw::Signature, Invalid),
        (Flaw::LogBody, Invalid),
        (Flaw::ForeignLog, Invalid),
        (Flaw::LogSignature, Invalid),
        (Flaw::InclusionProof, Invalid),
        (Flaw::NoInclusionProof, Invalid),
        (Flaw::NoTimestamp, Invalid),
        (Flaw::Timestamp, Invalid),
        (Flaw::TimestampedAt(LONG_AGO), Invalid),
        (Flaw::ForeignTimestamp, Invalid),
        (Flaw::NoSct, Invalid),
        (Flaw::ForeignAuthority, Invalid),
    ];
    for form in [Referrer, Fallback] {
        let asked = Asked::keyless(&pki, &ci());
        expect(signing.clone(), &asked, form, &table).await;
    }
}

#[tokio::test]
async fn a_stranger_is_untrusted_with_or_without_a_flaw() {
    let pki = Sigstore::new();
    let stranger = Identity::github("evil/agent", ".github/workflows/x.yml", "refs/heads/main");
    let asked = Asked::keyless(&pki, &ci());
    for form in [Referrer, Fallback, Legacy] {
        let table = [
            (Flaw::NoSct, Untrusted),
            (Flaw::ForeignAuthority, Untrusted),
            (Flaw::ForeignLog, Untrusted),
            (Flaw::LoggedAt(LONG_AGO), Untrusted),
        ];
        expect(
            Signing::keyless(&pki, stranger.clone()),
            &asked,
            form,
            &table,
        )
        .await;
    }
}

#[tokio::test]
async fn a_certificate_that_had_ended() {
    let pki = Sigstore::new();
    let ended = ci().valid(LONG_AGO, Duration::from_mins(10));
    let asked = Asked::keyless(&pki, &ci());
    for form in [Referrer, Legacy] {
        let table = [
            (Flaw::LoggedAt(LONG_AGO + 60), Verified),
            (Flaw::LoggedAt(LONG_AGO + 601), Invalid),
            (Flaw::LoggedAt(LONG_AGO - 1), Invalid),
        ];
        expect(Signing::keyless(&pki, ended.clone()), &asked, form, &table).await;
    }
}
