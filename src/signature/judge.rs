//! Holds one candidate against the keys and certificates that a demand names.

use std::collections::BTreeMap;

use super::{
    claims::Owner,
    demand::{Accepted, AttestationDemand, Demand, accepts_type},
    engine::{CertifiedSigner, Refusal, claimed},
    evaluate::Finding,
    evidence::{Attestation, Evidence, Purpose, Signer},
};
use crate::{
    config::KeylessRequirement,
    model::{digest::Digest, verdict::Verdict},
    report::verification::{Format, LogEntry, Method, Signature},
};

/// A candidate as it was fetched.
#[derive(Debug)]
pub(super) enum Candidate {
    Readable(Box<Evidence>),
    Unreadable { format: Format, reason: String },
}

impl Candidate {
    /// Whether it is a signature, or an attestation of one of these types.
    pub(super) fn is_wanted(&self, attestations: &[AttestationDemand]) -> bool {
        let Self::Readable(evidence) = self else {
            return true;
        };
        match &evidence.purpose {
            Purpose::Signature => true,
            Purpose::Attestation(statement) => {
                accepts_type(attestations, &statement.predicate_type)
            }
        }
    }
}

/// A demand, about to be asked of many candidates.
pub(super) struct Judge<'a>(pub(super) &'a Demand);

/// Whom a candidate turned out to be by.
enum By {
    /// Of these leaves, and so proven.
    Leaves(Vec<usize>, Box<Proven>),
    /// Proven, and of no leaf, for this reason.
    Stranger(Box<Proven>, String),
    Invalid(String),
    Untrusted(String),
}

/// What is known of a proven signer.
struct Proven {
    identity: String,
    issuer: Option<String>,
    claims: BTreeMap<String, String>,
    log: Option<LogEntry>,
}

impl Judge<'_> {
    /// Judges a candidate that was found on `subject`; an error is what could not be asked.
    pub(super) fn judge(&self, candidate: &Candidate, subject: &Digest) -> Result<Finding, String> {
        let evidence = match candidate {
            Candidate::Readable(evidence) => evidence,
            Candidate::Unreadable { format, reason } => {
                let row = Signature::blank(*format, subject);
                return Ok(finding(
                    subject,
                    row.refused(Verdict::Invalid, reason.clone()),
                ));
            }
        };
        match &evidence.purpose {
            Purpose::Signature => {
                let leaves: Vec<usize> = self.0.signers.leaves.clone().collect();
                let by = self.by(evidence, &leaves, subject)?;
                Ok(finding_by(evidence, subject, by))
            }
            Purpose::Attestation(statement) => self.judge_attestation(evidence, statement, subject),
        }
    }

    fn judge_attestation(
        &self,
        evidence: &Evidence,
        attestation: &Attestation,
        subject: &Digest,
    ) -> Result<Finding, String> {
        let demanded: Vec<(usize, &AttestationDemand)> = self
            .0
            .attestations
            .iter()
            .enumerate()
            .filter(|(_, wanted)| wanted.predicate_type.accepts(&attestation.predicate_type))
            .collect();
        let leaves: Vec<usize> = demanded
            .iter()
            .flat_map(|(_, wanted)| wanted.signers.leaves.clone())
            .collect();
        let by = self.by(evidence, &leaves, subject)?;
        let mut finding = finding_by(evidence, subject, by);
        finding.row.predicate_type = Some(attestation.predicate_type.clone());
        if finding.row.verdict != Verdict::Verified {
            return Ok(finding);
        }
        let mut mismatch = None;
        for (number, wanted) in demanded {
            match wanted.check(&attestation.predicate) {
                Ok(()) => finding.meets.push(number),
                Err(reason) => mismatch = Some(reason),
            }
        }
        if let (true, Some(reason)) = (finding.meets.is_empty(), mismatch) {
            finding.row = finding.row.refused(Verdict::Untrusted, reason);
        }
        Ok(finding)
    }

    fn by(&self, evidence: &Evidence, leaves: &[usize], subject: &Digest) -> Result<By, String> {
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
    ) -> Result<By, String> {
        let mut invalid = None;
        let mut asked = false;
        let mut proven: Option<Box<Proven>> = None;
        let mut by = Vec::new();
        for &number in leaves {
            let leaf = &self.0.leaves[number];
            let Accepted::Key { key, logged } = &leaf.accepted else {
                continue;
            };
            asked = true;
            match self.0.engines[leaf.trust].check_key(evidence, key, subject, *logged) {
                Ok(log) => {
                    by.push(number);
                    proven.get_or_insert_with(|| {
                        Box::new(Proven {
                            identity: key.identity(),
                            issuer: None,
                            claims: BTreeMap::new(),
                            log,
                        })
                    });
                }
                Err(Refusal::Invalid(reason) | Refusal::Unproven(reason)) => {
                    invalid.get_or_insert(reason);
                }
                Err(Refusal::SomebodyElse) => {}
                Err(Refusal::Unavailable(error)) => return Err(error),
            }
        }
        Ok(match (proven, invalid) {
            (Some(proven), _) => By::Leaves(by, proven),
            (None, Some(reason)) => By::Invalid(reason),
            (None, None) if asked => By::Untrusted("no key of the policy made it".to_owned()),
            (None, None) => By::Untrusted("the policy accepts no key".to_owned()),
        })
    }

    /// Every instance that a leaf believes is asked; without such a leaf the command's is, so
    /// that the report can say who signed.
    fn by_certificate(
        &self,
        evidence: &Evidence,
        leaves: &[usize],
        subject: &Digest,
    ) -> Result<By, String> {
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
        let mut instances: Vec<usize> = keyless.iter().map(|&(_, trust, _)| trust).collect();
        instances.sort_unstable();
        instances.dedup();
        if instances.is_empty() {
            instances.push(0);
        }
        let mut refusal = None;
        for trust in instances {
            let of_instance: Vec<(usize, &KeylessRequirement)> = keyless
                .iter()
                .filter(|&&(_, own, _)| own == trust)
                .map(|&(number, _, keyless)| (number, keyless))
                .collect();
            match self.by_certificate_of(evidence, &of_instance, trust, subject)? {
                by @ By::Leaves(..) => return Ok(by),
                // Whom one instance proves says more than that another cannot.
                by @ By::Stranger(..) => refusal = Some(by),
                by => {
                    refusal.get_or_insert(by);
                }
            }
        }
        Ok(
            refusal
                .unwrap_or_else(|| By::Untrusted("the policy accepts no certificate".to_owned())),
        )
    }

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

impl From<CertifiedSigner> for Proven {
    fn from(signer: CertifiedSigner) -> Self {
        Self {
            identity: signer.owner.identity,
            issuer: Some(signer.owner.issuer),
            claims: signer.owner.shown_claims,
            log: signer.log,
        }
    }
}

fn finding(subject: &Digest, row: Signature) -> Finding {
    Finding {
        subject: subject.clone(),
        row,
        by: Vec::new(),
        meets: Vec::new(),
    }
}

fn finding_by(evidence: &Evidence, subject: &Digest, by: By) -> Finding {
    let method = match evidence.signer {
        Signer::Key { .. } => Method::Key,
        Signer::Certificate(_) => Method::Keyless,
    };
    let blank = Signature {
        method: Some(method),
        ..Signature::blank(evidence.format, subject)
    };
    let shown = |proven: Proven| Signature {
        verdict: Verdict::Verified,
        identity: Some(proven.identity),
        issuer: proven.issuer,
        claims: proven.claims,
        log: proven.log,
        ..blank.clone()
    };
    match by {
        By::Leaves(by, proven) => Finding {
            by,
            ..finding(subject, shown(*proven))
        },
        By::Stranger(proven, reason) => {
            let row = shown(*proven).refused(Verdict::Untrusted, reason);
            finding(subject, row)
        }
        By::Invalid(reason) => finding(subject, blank.refused(Verdict::Invalid, reason)),
        By::Untrusted(reason) => finding(subject, blank.refused(Verdict::Untrusted, reason)),
    }
}
