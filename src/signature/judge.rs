//! Holds one candidate against the signers that a policy accepts.

use std::collections::BTreeMap;

use sigstore_verify::crypto::{CertificateInfo, FulcioCiClaims};

use super::{
    engine::{CertifiedSigner, Engine, Refusal},
    evidence::{Evidence, Signer},
    key::PublicKey,
    policy::{Accepted, Policy},
};
use crate::{
    config::{Claims, KeylessRequirement},
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
    engine: &dyn Engine,
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
            Signer::Certificate(certificate) => {
                judge_certificate(evidence, certificate, digest, policy, engine)
            }
        },
    }
}

fn judge_key(
    evidence: &Evidence,
    digest: &Digest,
    policy: &Policy,
    engine: &dyn Engine,
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
            Err(Refusal::Invalid(reason) | Refusal::Unproven(reason)) => invalid = Some(reason),
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
    certificate: &CertificateInfo,
    digest: &Digest,
    policy: &Policy,
    engine: &dyn Engine,
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
    let accepts = |issuer: &str, identity: &str, claims: &FulcioCiClaims| {
        let claims = source_claims(claims);
        let mut refusal = "the policy accepts no certificate".to_owned();
        for keyless in &keyless {
            match keyless.accepts(issuer, identity, &claims) {
                Ok(()) => return Ok(()),
                Err(mismatch) => refusal = mismatch.to_string(),
            }
        }
        Err(refusal)
    };
    match engine.check_certificate(evidence, digest) {
        Ok(signer) => {
            let mismatch = accepts(&signer.issuer, &signer.identity, &signer.claims).err();
            by_certificate(evidence.format, signer, mismatch)
        }
        Err(Refusal::Invalid(reason)) => refused(blank, Some(reason), String::new()),
        Err(Refusal::SomebodyElse) => refused(blank, None, "somebody else made it".to_owned()),
        // Whom an unproven certificate names is only a claim. Where the claim is an accepted
        // signer's, something is wrong with that signer's signature; else nobody known made it.
        Err(Refusal::Unproven(reason)) => {
            let identity = certificate.identity.as_ref();
            let identity = identity.map_or("", |name| name.as_str());
            let issuer = certificate.issuer.as_deref().unwrap_or_default();
            match accepts(issuer, identity, &certificate.ci_claims) {
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
        claims: shown_claims(&signer.claims),
        identity: Some(signer.identity),
        issuer: Some(signer.issuer),
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

/// The claims that a policy compares; certificates before 2023 have only the deprecated ones.
fn source_claims(claims: &FulcioCiClaims) -> Claims {
    let old = &claims.deprecated_github;
    let either = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
    Claims {
        source_repository: either(&claims.source_repository_uri, &old.workflow_repository),
        source_ref: either(&claims.source_repository_ref, &old.workflow_ref),
        trigger: either(&claims.build_trigger, &old.workflow_trigger),
    }
}

/// The claims that reports show, by their names in Fulcio's `docs/oid-info.md`.
fn shown_claims(claims: &FulcioCiClaims) -> BTreeMap<String, String> {
    [
        ("build_signer_uri", &claims.build_signer_uri),
        ("build_signer_digest", &claims.build_signer_digest),
        ("runner_environment", &claims.runner_environment),
        ("source_repository_uri", &claims.source_repository_uri),
        ("source_repository_digest", &claims.source_repository_digest),
        ("source_repository_ref", &claims.source_repository_ref),
        (
            "source_repository_identifier",
            &claims.source_repository_identifier,
        ),
        (
            "source_repository_owner_uri",
            &claims.source_repository_owner_uri,
        ),
        ("build_config_uri", &claims.build_config_uri),
        ("build_config_digest", &claims.build_config_digest),
        ("build_trigger", &claims.build_trigger),
        ("run_invocation_uri", &claims.run_invocation_uri),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
    .collect()
}
