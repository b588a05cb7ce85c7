//! One thing wrong in an otherwise good bundle.

use fullsend_testkit::signing::Flaw;

use super::*;

/// 2023, when no certificate of these tests was valid.
const LONG_AGO: i64 = 1_700_000_000;

fn expect(desk: &Desk, signing: &Signing<'_>, who: &[&str], table: &[(Flaw, i32)]) {
    desk.expect(&about_content(signing), who, VERIFIED, "without a flaw");
    for (flaw, expected) in table {
        let bundle = about_content(&signing.clone().flaw(flaw.clone()));
        desk.expect(&bundle, who, *expected, flaw);
    }
}

fn elsewhere() -> Flaw {
    Flaw::Digest(digest_of(b"another file"))
}

#[test]
fn of_a_key() {
    let desk = Desk::new();
    let table = [
        (elsewhere(), INVALID),
        // A statement of any type is the signer's: the answer names it.
        (
            Flaw::Type("https://slsa.dev/provenance/v1".into()),
            VERIFIED,
        ),
        (Flaw::Signature, INVALID),
        (Flaw::ForeignKey, INVALID),
        (Flaw::LogBody, INVALID),
        (Flaw::ForeignLog, INVALID),
        (Flaw::LogSignature, INVALID),
        (Flaw::InclusionProof, INVALID),
        (Flaw::NoInclusionProof, INVALID),
        (Flaw::Timestamp, INVALID),
        (Flaw::ForeignTimestamp, INVALID),
        (Flaw::NoTimestamp, VERIFIED),
    ];
    expect(&desk, &desk.keyed().timestamped(), &BY_KEY, &table);
}

#[test]
fn of_a_certificate() {
    let desk = Desk::new();
    let table = [
        (elsewhere(), INVALID),
        (Flaw::Signature, INVALID),
        (Flaw::ForeignKey, INVALID),
        (Flaw::LogBody, INVALID),
        (Flaw::LoggedAt(LONG_AGO), INVALID),
        (Flaw::ForeignLog, INVALID),
        (Flaw::LogSignature, INVALID),
        (Flaw::InclusionProof, INVALID),
        (Flaw::NoInclusionProof, INVALID),
        (Flaw::NoSct, INVALID),
        (Flaw::Sct, INVALID),
        (Flaw::ForeignAuthority, INVALID),
        (Flaw::KeyUsage, INVALID),
        (Flaw::Timestamp, INVALID),
        (Flaw::TimestampedAt(LONG_AGO), INVALID),
        (Flaw::ForeignTimestamp, INVALID),
        // Rekor v1 has promised a time of its own; and with a proof and a stamp, it need not.
        (Flaw::NoTimestamp, VERIFIED),
        (Flaw::NoPromise, VERIFIED),
    ];
    expect(&desk, &desk.keyless(), &BY_CI, &table);
}

#[test]
fn in_rekor_v2() {
    let desk = Desk::new();
    let table = [
        (elsewhere(), INVALID),
        (Flaw::Signature, INVALID),
        (Flaw::LogBody, INVALID),
        (Flaw::ForeignLog, INVALID),
        (Flaw::LogSignature, INVALID),
        (Flaw::InclusionProof, INVALID),
        (Flaw::NoInclusionProof, INVALID),
        (Flaw::NoTimestamp, INVALID),
        (Flaw::Timestamp, INVALID),
        (Flaw::TimestampedAt(LONG_AGO), INVALID),
        (Flaw::ForeignTimestamp, INVALID),
        (Flaw::NoSct, INVALID),
        (Flaw::ForeignAuthority, INVALID),
    ];
    let signing = Signing::keyless(&desk.pki, ci()).rekor_v2();
    expect(&desk, &signing, &BY_CI, &table);
}

#[test]
fn of_a_stranger_is_the_strangers() {
    let desk = Desk::new();
    let stranger = Identity::github("evil/agent", ".github/workflows/x.yml", "refs/heads/main");
    let signing = Signing::keyless(&desk.pki, stranger);
    desk.expect(&about_content(&signing), &BY_CI, UNTRUSTED, "good");
    for flaw in [Flaw::NoSct, Flaw::ForeignAuthority, Flaw::ForeignLog] {
        let bundle = about_content(&signing.clone().flaw(flaw.clone()));
        desk.expect(&bundle, &BY_CI, UNTRUSTED, flaw);
    }
}

#[test]
fn swapped_parts_are_refused() {
    let desk = Desk::new();
    let parts = [
        "/dsseEnvelope",
        "/dsseEnvelope/payload",
        "/dsseEnvelope/signatures",
        "/verificationMaterial/certificate",
        "/verificationMaterial/tlogEntries",
        "/verificationMaterial/timestampVerificationData",
        "/verificationMaterial/tlogEntries/0/canonicalizedBody",
        "/verificationMaterial/tlogEntries/0/inclusionProof",
        "/verificationMaterial/tlogEntries/0/inclusionPromise",
    ];
    let other = desk
        .keyless()
        .attestation(&digest_of(CONTENT))
        .json()
        .clone();
    let ours = about_content(&desk.keyless());
    for part in parts {
        let swapped = with(&ours, part, other.pointer(part).unwrap().clone());
        desk.expect(&swapped, &BY_CI, INVALID, part);
    }
    let entry = other["verificationMaterial"]["tlogEntries"][0].clone();
    let mut both = ours;
    let entries = both["verificationMaterial"]["tlogEntries"].as_array_mut();
    entries.unwrap().push(entry);
    desk.expect(&both, &BY_CI, INVALID, "another's log entry too");
}
