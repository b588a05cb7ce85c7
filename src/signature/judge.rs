//! Holds one candidate against the signers that a policy accepts.

use std::collections::BTreeMap;

use super::{
    claims::Owner,
    engine::{CertifiedSigner, Refusal, Sigstore, claimed},
    evidence::{Evidence, Signer},
    key::PublicKey,
    policy::{Accepted, Policy},
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

/// Judges one candidate for `digest`.
pub(super) fn judge(
    candidate: &Candidate,
    digest: &Digest,
    policy: &Policy,
    engine: &Sigstore,
) -> Signature {
    match candidate {
        Candidate::Unreadable { format, reason } => {
            let blank = blank(*format, None);
            Signature {
                verdict: Verdict::Invalid,
                reason: Some(reason.clone()),
                ..blank
            }
        }
        Candidate::Readable(evidence) => match &evidence.signer {
            Signer::Key { .. } => judge_key(evidence, digest, policy, engine),
            Signer::Certificate(_) => judge_certificate(evidence, digest, policy, engine),
        },
    }
}

fn judge_key(
    evidence: &Evidence,
    digest: &Digest,
    policy: &Policy,
    engine: &Sigstore,
) -> Signature {
    let blank = blank(evidence.format, Some(Method::Key));
    let mut invalid = None;
    let mut asked = false;
    for accepted in &policy.accepted {
        let Accepted::Key { key, logged } = accepted else {
            continue;
        };
        asked = true;
        match engine.check_key(evidence, key, digest, *logged) {
            Ok(log) => return by_key(blank, key, log),
            Err(
                Refusal::Invalid(reason) | Refusal::Unproven(reason) | Refusal::Unavailable(reason),
            ) => invalid = Some(reason),
            Err(Refusal::SomebodyElse) => {}
        }
    }
    let untrusted = if asked {
        "no key of the policy made it"
    } else {
        "the policy accepts no key"
    };
    refused(blank, invalid, untrusted.to_owned())
}

fn by_key(blank: Signature, key: &PublicKey, log: Option<LogEntry>) -> Signature {
    Signature {
        verdict: Verdict::Verified,
        identity: Some(key.identity()),
        log,
        ..blank
    }
}

fn judge_certificate(
    evidence: &Evidence,
    digest: &Digest,
    policy: &Policy,
    engine: &Sigstore,
) -> Signature {
    let blank = blank(evidence.format, Some(Method::Keyless));
    let keyless: Vec<&KeylessRequirement> = policy
        .accepted
        .iter()
        .filter_map(|accepted| match accepted {
            Accepted::Keyless(keyless) => Some(&**keyless),
            Accepted::Key { .. } => None,
        })
        .collect();
    let accepts = |owner: &Owner| {
        let mut refusal = "the policy accepts no certificate".to_owned();
        for keyless in &keyless {
            match keyless.accepts(&owner.issuer, &owner.identity, &owner.claims) {
                Ok(()) => return Ok(()),
                Err(mismatch) => refusal = mismatch.to_string(),
            }
        }
        Err(refusal)
    };
    match engine.check_certificate(evidence, digest) {
        Ok(signer) => {
            let mismatch = accepts(&signer.owner).err();
            by_certificate(evidence.format, signer, mismatch)
        }
        Err(Refusal::Invalid(reason) | Refusal::Unavailable(reason)) => {
            refused(blank, Some(reason), String::new())
        }
        Err(Refusal::SomebodyElse) => refused(blank, None, "somebody else made it".to_owned()),
        // Whom an unproven certificate names is only a claim. Where the claim is an accepted
        // signer's, something is wrong with that signer's signature; else nobody known made it.
        Err(Refusal::Unproven(reason)) => {
            let claimed = claimed(evidence);
            match claimed.as_ref().map_or(Ok(()), accepts) {
                Ok(()) => refused(blank, Some(reason), String::new()),
                Err(mismatch) => {
                    refused(blank, None, format!("{mismatch}; unproven too: {reason}"))
                }
            }
        }
    }
}

/// The signature of a proven signer, who is accepted unless there is a `mismatch`.
fn by_certificate(format: Format, signer: CertifiedSigner, mismatch: Option<String>) -> Signature {
    Signature {
        verdict: match mismatch {
            None => Verdict::Verified,
            Some(_) => Verdict::Untrusted,
        },
        claims: signer.owner.shown_claims,
        identity: Some(signer.owner.identity),
        issuer: Some(signer.owner.issuer),
        log: signer.log,
        reason: mismatch,
        ..blank(format, Some(Method::Keyless))
    }
}

fn blank(format: Format, method: Option<Method>) -> Signature {
    Signature {
        format,
        method,
        verdict: Verdict::Untrusted,
        identity: None,
        issuer: None,
        claims: BTreeMap::new(),
        log: None,
        reason: None,
    }
}

fn refused(blank: Signature, invalid: Option<String>, untrusted: String) -> Signature {
    match invalid {
        Some(reason) => Signature {
            verdict: Verdict::Invalid,
            reason: Some(reason),
            ..blank
        },
        None => Signature {
            verdict: Verdict::Untrusted,
            reason: Some(untrusted),
            ..blank
        },
    }
}
