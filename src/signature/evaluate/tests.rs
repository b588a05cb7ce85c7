//! Tables of findings made by hand, and what they come to.

use Verdict::{Invalid, Unavailable, Unsigned, Untrusted, Verified};

use super::*;
use crate::signature::{demand::Accepted, key::PublicKey};

/// Digests: of the index, of the one in it, and of the image.
const LINKS: [u8; 3] = [1, 2, 3];
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

fn digest(number: u8) -> Digest {
    Digest::from_sha256([number; 32])
}

fn leaf() -> Leaf {
    let key = fullsend_testkit::signing::SigningKey::p256();
    let key = PublicKey::from_pem(&key.public_pem()).unwrap();
    Leaf {
        accepted: Accepted::Key { key, logged: false },
        trust: 0,
    }
}

/// A demand of four leaves, of which the last two are for attestations.
fn demand(tree: Tally, coverage: Coverage) -> Demand {
    Demand {
        leaves: std::iter::repeat_with(leaf).take(4).collect(),
        engines: Vec::new(),
        signers: Signers { tree, leaves: 0..2 },
        attestations: Vec::new(),
        coverage,
        signature_repository: None,
    }
}

fn chain(links: &[u8], is_complete: bool) -> Chain {
    Chain {
        links: links.iter().copied().map(digest).collect(),
        is_complete,
        platform: None,
    }
}

/// A signature of a link, by a leaf and in the name of somebody.
fn signed(subject: u8, by: usize, name: &str) -> Finding {
    let proven = Proven {
        signer: Signer::Certificate {
            issuer: "https://issuer.test".to_owned(),
            subject: name.to_owned(),
        },
        claims: BTreeMap::new(),
        log: None,
    };
    Finding::new(&digest(subject), Format::Bundle).verified(proven, vec![by])
}

fn refused(subject: u8, verdict: Verdict) -> Finding {
    let finding = Finding::new(&digest(subject), Format::Bundle);
    finding.refused(verdict, format!("it is {verdict}"))
}

fn attested(subject: u8, by: usize, meets: &[usize]) -> Finding {
    let mut finding = signed(subject, by, "a");
    finding.is_attestation = true;
    finding.predicate_type = Some(PROVENANCE.to_owned());
    finding.meets = meets.to_vec();
    finding
}

fn decide(demand: &Demand, findings: &[Finding], missing: &[u8], chain: &Chain) -> Decision {
    let reason = |number: &u8| (digest(*number), "out of reach".to_owned());
    let missing: Vec<_> = missing.iter().map(reason).collect();
    let facts = Facts {
        demand,
        findings,
        missing: &missing,
    };
    facts.decide(chain)
}

fn leaves(numbers: [usize; 2]) -> Vec<Tally> {
    numbers.map(Tally::Leaf).to_vec()
}

#[test]
fn trees_over_two_leaves() {
    let any = || Tally::Any(leaves([0, 1]));
    let all = || Tally::All(leaves([0, 1]));
    let of = |count| Tally::Threshold {
        count,
        of: leaves([0, 1]),
    };
    let by = |by: &[(usize, &str)]| -> Vec<Finding> {
        by.iter()
            .map(|(leaf, name)| signed(3, *leaf, name))
            .collect()
    };
    for (tree, findings, expected) in [
        (any(), by(&[]), Unsigned),
        (any(), by(&[(1, "b")]), Verified),
        (all(), by(&[(0, "a")]), Untrusted),
        (all(), by(&[(0, "a"), (1, "b")]), Verified),
        (all(), by(&[(0, "a"), (1, "a")]), Verified),
        (of(1), by(&[(1, "b")]), Verified),
        (of(2), by(&[(0, "a"), (0, "b")]), Untrusted),
        (of(2), by(&[(0, "a"), (1, "a")]), Untrusted),
        (of(2), by(&[(0, "a"), (1, "b")]), Verified),
        (
            of(2),
            by(&[(0, "https://h/w@1"), (1, "https://h/w@2")]),
            Untrusted,
        ),
        (
            of(2),
            by(&[(0, "https://h/v@1"), (1, "https://h/w@1")]),
            Verified,
        ),
        (of(2), by(&[(0, "x@h.test"), (1, "x@i.test")]), Verified),
        // An attestation's leaf is none of the image's.
        (any(), by(&[(2, "c"), (3, "d")]), Untrusted),
    ] {
        let demand = demand(tree, Coverage::Either);
        let decision = decide(&demand, &findings, &[], &chain(&[3], true));
        assert_eq!(
            decision.verdict, expected,
            "{:?} {findings:?}",
            demand.signers
        );
        assert_ne!(decision.reason.as_deref(), Some(""));
        assert_eq!(decision.proven.is_empty(), expected != Verified);
    }
}

#[test]
fn the_order_of_refusals() {
    let all = demand(Tally::All(leaves([0, 1])), Coverage::Either);
    let part = || signed(3, 0, "a");
    let of = |verdict| refused(3, verdict);
    for (findings, missing, expected) in [
        (vec![], &[] as &[u8], Unsigned),
        (vec![], &[3], Unavailable),
        (vec![of(Untrusted), of(Invalid)], &[], Untrusted),
        (vec![of(Invalid)], &[], Invalid),
        (vec![of(Invalid), of(Untrusted)], &[3], Unavailable),
        (vec![part()], &[], Untrusted),
        (vec![part()], &[3], Unavailable),
        (vec![part(), of(Invalid)], &[], Invalid),
        (vec![part(), of(Invalid), of(Untrusted)], &[], Untrusted),
        (vec![part(), signed(3, 1, "b")], &[3], Verified),
        // Of an image that is not on the way.
        (vec![signed(9, 0, "a"), signed(9, 1, "b")], &[], Unsigned),
        (vec![part()], &[9], Untrusted),
    ] {
        let decision = decide(&all, &findings, missing, &chain(&[3], true));
        assert_eq!(decision.verdict, expected, "{findings:?} {missing:?}");
    }
}

#[test]
fn coverage_and_what_it_proves() {
    use Coverage::{Both, Either, Index, Manifest};
    for (coverage, subjects, is_complete, expected, from) in [
        (Either, &[1_u8][..], true, Verified, 0),
        (Either, &[2][..], true, Verified, 1),
        (Either, &[3][..], true, Verified, 2),
        (Either, &[1][..], false, Verified, 0),
        (Index, &[2][..], true, Verified, 1),
        (Index, &[3][..], true, Untrusted, 0),
        (Index, &[3][..], false, Verified, 2),
        (Manifest, &[3][..], true, Verified, 2),
        (Manifest, &[1, 2][..], true, Untrusted, 0),
        (Manifest, &[1, 2, 3][..], false, Untrusted, 0),
        (Both, &[1, 3][..], true, Verified, 0),
        (Both, &[2, 3][..], true, Verified, 1),
        (Both, &[1, 2][..], true, Untrusted, 0),
        (Both, &[3][..], true, Untrusted, 0),
        (Both, &[1, 2, 3][..], false, Untrusted, 0),
    ] {
        let demand = demand(Tally::Leaf(0), coverage);
        let findings: Vec<Finding> = subjects.iter().map(|&link| signed(link, 0, "a")).collect();
        let decision = decide(&demand, &findings, &[], &chain(&LINKS, is_complete));
        assert_eq!(decision.verdict, expected, "{coverage:?} {subjects:?}");
        let proven: Vec<Digest> = match expected {
            Verified => LINKS[from..].iter().copied().map(digest).collect(),
            _ => Vec::new(),
        };
        assert_eq!(decision.proven, proven, "{coverage:?} {subjects:?}");
    }
}

#[test]
fn attestations_count_for_what_they_meet_and_by_whom() {
    let mut demand = demand(Tally::Leaf(0), Coverage::Either);
    for leaf in [2, 3] {
        demand.attestations.push(AttestationDemand {
            predicate_type: "slsaprovenance1".parse().unwrap(),
            conditions: Vec::new(),
            signers: Signers {
                tree: Tally::Leaf(leaf),
                leaves: leaf..leaf + 1,
            },
        });
    }
    let failing = || Finding {
        fails: vec![(1, "the predicate's `/a` is 1, not 2".to_owned())],
        ..attested(1, 3, &[])
    };
    for (findings, expected, reason) in [
        (vec![], Untrusted, "it has no attestation"),
        (
            vec![attested(3, 2, &[0]), attested(1, 3, &[1])],
            Verified,
            "",
        ),
        (vec![attested(3, 2, &[0])], Untrusted, "no signature by"),
        (
            vec![attested(3, 2, &[0, 1]), attested(3, 2, &[1])],
            Untrusted,
            "no signature by",
        ),
        (
            vec![attested(3, 2, &[0]), failing()],
            Untrusted,
            "is 1, not 2",
        ),
        (
            vec![attested(9, 2, &[0]), attested(9, 3, &[1])],
            Untrusted,
            "has no attestation",
        ),
    ] {
        let with_signature: Vec<Finding> =
            findings.into_iter().chain([signed(1, 0, "a")]).collect();
        let decision = decide(&demand, &with_signature, &[], &chain(&LINKS, true));
        assert_eq!(decision.verdict, expected, "{with_signature:?}");
        let said = decision.reason.unwrap_or_default();
        assert!(said.contains(reason), "{said}");
        // However well attested, it is not signed.
        let alone: Vec<Finding> = with_signature
            .into_iter()
            .filter(|finding| finding.is_attestation)
            .map(|finding| Finding {
                by: vec![0, 1, 2, 3],
                ..finding
            })
            .collect();
        let decision = decide(&demand, &alone, &[], &chain(&LINKS, true));
        assert_eq!(decision.verdict, Unsigned);
    }
}

#[test]
fn what_cannot_be_read_may_have_been_the_attestation() {
    let mut demand = demand(Tally::Leaf(0), Coverage::Either);
    demand.attestations.push(AttestationDemand {
        predicate_type: "slsaprovenance1".parse().unwrap(),
        conditions: Vec::new(),
        signers: demand.signers.clone(),
    });
    let unread = Finding {
        is_attestation: true,
        ..refused(3, Invalid)
    };
    let decision = decide(
        &demand,
        &[signed(3, 0, "a"), unread],
        &[],
        &chain(&[3], true),
    );
    assert_eq!(decision.verdict, Invalid);
}
