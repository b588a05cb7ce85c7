//! Holds one candidate against the keys and certificates that a demand names.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    claims::Owner,
    demand::{Accepted, AttestationDemand, Demand, accepts_type},
    engine::{CertifiedSigner, Refusal, claimed},
    evaluate::{Finding, Proven},
    evidence::{Attestation, Evidence, Purpose, Signer},
    key::PublicKey,
};
use crate::{
    config::KeylessRequirement,
    model::{
        digest::Digest,
        signature::{self, Format, Method},
        verdict::Verdict,
    },
};

/// A candidate as it was fetched.
#[derive(Debug)]
pub(super) enum Candidate {
    Readable(Box<Evidence>),
    Unreadable {
        format: Format,
        unread: Unread,
        reason: String,
    },
}

/// What a candidate would have been, could it be read.
#[derive(Debug)]
pub(super) enum Unread {
    Signature,
    /// Of this type, where it still says so.
    Attestation(Option<String>),
}

impl Candidate {
    /// Whether it is a signature, or an attestation of one of these types.
    pub(super) fn is_wanted(&self, attestations: &[AttestationDemand]) -> bool {
        let predicate_type = match self {
            Self::Readable(evidence) => match &evidence.purpose {
                Purpose::Signature => None,
                Purpose::Attestation(statement) => Some(&statement.predicate_type),
            },
            Self::Unreadable { unread, .. } => unread.predicate_type(),
        };
        predicate_type.is_none_or(|one| accepts_type(attestations, one))
    }
}

impl Unread {
    fn predicate_type(&self) -> Option<&String> {
        match self {
            Self::Attestation(predicate_type) => predicate_type.as_ref(),
            Self::Signature => None,
        }
    }
}

/// A demand, about to be asked of many candidates.
pub(super) struct Judge<'a>(pub(super) &'a Demand);

/// What came of a candidate.
pub(super) struct Judged {
    /// None where nothing is known of it.
    pub(super) finding: Option<Finding>,
    /// What could not be asked, and might have made it count, or count for more.
    pub(super) missing: Option<String>,
}

/// Whom a candidate turned out to be by.
enum By {
    /// Of these leaves, and so proven.
    Leaves(Vec<usize>, Box<Proven>),
    /// Proven, and of no leaf, for this reason.
    Stranger(Box<Proven>, String),
    Invalid(String),
    Untrusted(String),
}

impl Judge<'_> {
    /// Judges a candidate that was found on `subject`.
    pub(super) fn judge(&self, candidate: &Candidate, subject: &Digest) -> Judged {
        let evidence = match candidate {
            Candidate::Readable(evidence) => evidence,
            Candidate::Unreadable {
                format,
                unread,
                reason,
            } => {
                let finding = Finding {
                    predicate_type: unread.predicate_type().cloned(),
                    is_attestation: matches!(unread, Unread::Attestation(_)),
                    ..Finding::new(subject, *format)
                };
                return Judged {
                    finding: Some(finding.refused(Verdict::Invalid, reason.clone())),
                    missing: None,
                };
            }
        };
        let (by, missing) = self.by(evidence, &self.leaves_for(evidence), subject);
        let finding = by.map(|by| {
            let finding = finding_by(evidence, subject, by);
            match &evidence.purpose {
                Purpose::Signature => finding,
                Purpose::Attestation(statement) => self.attestation(finding, statement),
            }
        });
        Judged { finding, missing }
    }

    /// Those that may make it count.
    fn leaves_for(&self, evidence: &Evidence) -> Vec<usize> {
        let statement = match &evidence.purpose {
            Purpose::Signature => return self.0.signers.leaves.clone().collect(),
            Purpose::Attestation(statement) => statement,
        };
        let demanded = self.demanded(statement);
        let leaves: BTreeSet<usize> = demanded
            .flat_map(|(_, wanted)| wanted.signers.leaves.clone())
            .collect();
        leaves.into_iter().collect()
    }

    /// The demand's attestations that are of this type.
    fn demanded<'s>(
        &'s self,
        attestation: &'s Attestation,
    ) -> impl Iterator<Item = (usize, &'s AttestationDemand)> {
        let demanded = self.0.attestations.iter().enumerate();
        demanded.filter(|(_, wanted)| wanted.predicate_type.accepts(&attestation.predicate_type))
    }

    /// Holds the predicate against each demand whose signer has made it.
    fn attestation(&self, mut finding: Finding, attestation: &Attestation) -> Finding {
        finding.is_attestation = true;
        finding.predicate_type = Some(attestation.predicate_type.clone());
        for (number, wanted) in self.demanded(attestation) {
            if !finding
                .by
                .iter()
                .any(|leaf| wanted.signers.leaves.contains(leaf))
            {
                continue;
            }
            match wanted.check(&attestation.predicate) {
                Ok(()) => finding.meets.push(number),
                Err(reason) => finding.fails.push((number, reason)),
            }
        }
        match (finding.meets.as_slice(), finding.fails.as_slice()) {
            ([], [(_, reason), ..]) => {
                let reason = reason.clone();
                finding.refused(Verdict::Untrusted, reason)
            }
            _ => finding,
        }
    }

    fn by(
        &self,
        evidence: &Evidence,
        leaves: &[usize],
        subject: &Digest,
    ) -> (Option<By>, Option<String>) {
        match &evidence.signer {
            Signer::Key { .. } => self.by_key(evidence, leaves, subject),
            Signer::Certificate(_) => self.by_certificate(evidence, leaves, subject),
        }
    }

    fn by_key(
        &self,
        evidence: &Evidence,
        leaves: &[usize],
        subject: &Digest,
    ) -> (Option<By>, Option<String>) {
        let mut refused = By::Untrusted("the policy accepts no key".to_owned());
        let mut missing = None;
        let mut proven: Option<Box<Proven>> = None;
        let mut by = Vec::new();
        for &number in leaves {
            let leaf = &self.0.leaves[number];
            let Accepted::Key { key, logged } = &leaf.accepted else {
                continue;
            };
            match self.0.engines[leaf.trust].check_key(evidence, key, subject, *logged) {
                Ok(log) => {
                    by.push(number);
                    let known = proven.get_or_insert_with(|| Box::new(Proven::from(key)));
                    known.log = known.log.take().or(log);
                }
                Err(Refusal::Invalid(reason) | Refusal::Unproven(reason)) => {
                    refused = refused.or(By::Invalid(reason));
                }
                Err(Refusal::SomebodyElse) => {
                    refused = refused.or(By::Untrusted("no key of the policy made it".to_owned()));
                }
                Err(Refusal::Unavailable(error)) => missing = Some(error),
            }
        }
        match (proven, &missing) {
            (Some(proven), _) => (Some(By::Leaves(by, proven)), missing),
            (None, Some(_)) => (None, missing),
            (None, None) => (Some(refused), None),
        }
    }

    /// Every instance that a leaf believes is asked; without such a leaf the command's is, so
    /// that the report can say who signed.
    fn by_certificate(
        &self,
        evidence: &Evidence,
        leaves: &[usize],
        subject: &Digest,
    ) -> (Option<By>, Option<String>) {
        let keyless: Vec<(usize, usize, &KeylessRequirement)> = leaves
            .iter()
            .filter_map(|&number| {
                let leaf = &self.0.leaves[number];
                match &leaf.accepted {
                    Accepted::Keyless(keyless) => Some((number, leaf.trust, &**keyless)),
                    Accepted::Key { .. } => None,
                }
            })
            .collect();
        let nobody = By::Untrusted("the policy accepts no certificate".to_owned());
        if keyless.is_empty() {
            let by = self.by_certificate_of(evidence, &[], 0, subject);
            return (Some(by.unwrap_or(nobody)), None);
        }
        let instances: BTreeSet<usize> = keyless.iter().map(|&(_, trust, _)| trust).collect();
        let mut by = nobody;
        let mut missing = None;
        for trust in instances {
            let of_instance: Vec<(usize, &KeylessRequirement)> = keyless
                .iter()
                .filter(|&&(_, own, _)| own == trust)
                .map(|&(number, _, keyless)| (number, keyless))
                .collect();
            match self.by_certificate_of(evidence, &of_instance, trust, subject) {
                Ok(one) => by = by.or(one),
                Err(error) => missing = Some(error),
            }
        }
        let is_known = missing.is_none() || matches!(by, By::Leaves(..) | By::Stranger(..));
        (is_known.then_some(by), missing)
    }

    /// Whom one instance proves; an error is what could not be asked.
    fn by_certificate_of(
        &self,
        evidence: &Evidence,
        leaves: &[(usize, &KeylessRequirement)],
        trust: usize,
        subject: &Digest,
    ) -> Result<By, String> {
        Ok(
            match self.0.engines[trust].check_certificate(evidence, subject) {
                Ok(signer) => match accepted(leaves, &signer.owner) {
                    Ok(by) => By::Leaves(by, Box::new(Proven::from(signer))),
                    Err(mismatch) => By::Stranger(Box::new(Proven::from(signer)), mismatch),
                },
                Err(Refusal::Invalid(reason)) => By::Invalid(reason),
                Err(Refusal::SomebodyElse) => By::Untrusted("somebody else made it".to_owned()),
                Err(Refusal::Unavailable(error)) => return Err(error),
                // Whom an unproven certificate names is only a claim. Where the claim is an accepted
                // signer's, something is wrong with that signer's signature; else nobody known made
                // it.
                Err(Refusal::Unproven(reason)) => {
                    match claimed(evidence).map(|owner| accepted(leaves, &owner)) {
                        Some(Ok(_)) => By::Invalid(reason),
                        Some(Err(mismatch)) => {
                            By::Untrusted(format!("{mismatch}; unproven too: {reason}"))
                        }
                        None => By::Untrusted(reason),
                    }
                }
            },
        )
    }
}

/// The leaves that accept `owner`, or why the last one does not.
fn accepted(leaves: &[(usize, &KeylessRequirement)], owner: &Owner) -> Result<Vec<usize>, String> {
    let mut mismatch = "the policy accepts no certificate".to_owned();
    let mut by = Vec::new();
    for (number, keyless) in leaves {
        match keyless.accepts(&owner.issuer, &owner.identity, &owner.claims) {
            Ok(()) => by.push(*number),
            Err(error) => mismatch = error.to_string(),
        }
    }
    if by.is_empty() { Err(mismatch) } else { Ok(by) }
}

impl By {
    /// What two answers come to: the leaves of both, else what says more.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Leaves(mut by, proven), Self::Leaves(more, _)) => {
                by.extend(more);
                Self::Leaves(by, proven)
            }
            (one, other) if one.weight() > other.weight() => one,
            (_, other) => other,
        }
    }

    fn weight(&self) -> u8 {
        match self {
            Self::Untrusted(_) => 0,
            Self::Invalid(_) => 1,
            // Whom one instance proves says more than that another cannot.
            Self::Stranger(..) => 2,
            Self::Leaves(..) => 3,
        }
    }
}

impl From<&PublicKey> for Proven {
    fn from(key: &PublicKey) -> Self {
        Self {
            signer: key.signer(),
            claims: BTreeMap::new(),
            log: None,
        }
    }
}

impl From<CertifiedSigner> for Proven {
    fn from(signer: CertifiedSigner) -> Self {
        Self {
            signer: signature::Signer::Certificate {
                issuer: signer.owner.issuer,
                subject: signer.owner.identity,
            },
            claims: signer.owner.shown_claims,
            log: signer.log,
        }
    }
}

fn finding_by(evidence: &Evidence, subject: &Digest, by: By) -> Finding {
    let method = match evidence.signer {
        Signer::Key { .. } => Method::Key,
        Signer::Certificate(_) => Method::Keyless,
    };
    let finding = Finding {
        method: Some(method),
        ..Finding::new(subject, evidence.format)
    };
    match by {
        By::Leaves(by, proven) => finding.verified(*proven, by),
        By::Stranger(proven, reason) => finding
            .verified(*proven, Vec::new())
            .refused(Verdict::Untrusted, reason),
        By::Invalid(reason) => finding.refused(Verdict::Invalid, reason),
        By::Untrusted(reason) => finding.refused(Verdict::Untrusted, reason),
    }
}
