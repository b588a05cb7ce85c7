//! The verdict as it is reported; nothing is decided here.

use std::time::Duration;

use super::{
    evaluate::{Chain, Decision, Finding, overall},
    resolve::{Resolved, Wanted},
};
use crate::{
    config::Denied,
    model::{
        digest::Digest, image::ImageReference, platform::Platform, signature::Signer,
        verdict::Verdict,
    },
    report::verification::{PlatformVerdict, Signature, Verification},
};

/// The verdict on an image, with what a launch needs of it.
#[derive(Debug)]
pub struct Judgement {
    /// The verdict as it is reported.
    pub verification: Verification,
    /// The digests that may run, the one to pull first; empty unless verified.
    ///
    /// An index is among them only where whatever a runtime picks from it is as good as the image
    /// that was judged.
    pub proven: Vec<Digest>,
    /// The entry of the deny list that denies it.
    pub denied: Option<Denied>,
    /// How long the image's name took to resolve.
    pub resolve_time: Duration,
    /// How long the signatures took.
    pub verify_time: Duration,
}

impl Judgement {
    /// A verdict without a look at the image's signatures.
    pub fn refused(image: &ImageReference, verdict: Verdict, reason: String) -> Self {
        Self {
            verification: Verification {
                reason: Some(reason),
                ..Verification::blank(image, verdict)
            },
            proven: Vec::new(),
            denied: None,
            resolve_time: Duration::ZERO,
            verify_time: Duration::ZERO,
        }
    }

    /// The same, denied by `entry`.
    pub(super) fn deny(mut self, entry: &Denied) -> Self {
        self.verification.verdict = Verdict::Denied;
        self.verification.reason = Some(entry.reason.clone());
        self.verification.proven_digests.clear();
        self.proven.clear();
        self.denied = Some(entry.clone());
        self
    }
}

/// What was found for an image, and what it comes to.
pub(super) struct Found<'a> {
    pub(super) image: &'a ImageReference,
    pub(super) wanted: &'a Wanted,
    pub(super) resolved: &'a Resolved,
    pub(super) findings: &'a [Finding],
    /// One for each chain of `resolved`.
    pub(super) decisions: &'a [Decision],
}

impl Found<'_> {
    /// The judgement that vouches for the digests `proven`.
    pub(super) fn judgement(&self, proven: Vec<Digest>, verify_time: Duration) -> Judgement {
        Judgement {
            verification: Verification {
                proven_digests: proven.iter().map(Digest::to_string).collect(),
                ..self.verification()
            },
            proven,
            denied: None,
            resolve_time: self.resolved.time,
            verify_time,
        }
    }

    fn verification(&self) -> Verification {
        let chains = self.resolved.chains.as_slice();
        let (verdict, reason) = overall(chains, self.decisions);
        let report = Verification {
            digest: Some(self.resolved.digest.to_string()),
            reason,
            signatures: self.rows(false),
            attestations: self.rows(true),
            ..Verification::blank(self.image, verdict)
        };
        match (self.wanted, chains) {
            (Wanted::Platform(_), [chain, ..]) => Verification {
                manifest_digest: chain.manifest().map(Digest::to_string),
                platform: chain.platform.as_ref().map(Platform::to_string),
                ..report
            },
            _ => Verification {
                platform: Some("all".to_owned()),
                manifests: chains
                    .iter()
                    .zip(self.decisions)
                    .filter_map(platform_verdict)
                    .collect(),
                ..report
            },
        }
    }

    fn rows(&self, attestations: bool) -> Vec<Signature> {
        let all = self.findings.iter();
        all.filter(|finding| finding.is_attestation == attestations)
            .map(row)
            .collect()
    }
}

fn row(finding: &Finding) -> Signature {
    let proven = finding.proven.as_ref();
    let (identity, issuer) = match proven.map(|proven| &proven.signer) {
        Some(Signer::Key(sha256)) => (Some(hex::encode(sha256)), None),
        Some(Signer::Certificate { issuer, subject }) => {
            (Some(subject.clone()), Some(issuer.clone()))
        }
        None => (None, None),
    };
    Signature {
        subject: finding.subject.to_string(),
        predicate_type: finding.predicate_type.clone(),
        format: finding.format,
        method: finding.method,
        verdict: finding.verdict,
        identity,
        issuer,
        claims: proven
            .map(|proven| proven.claims.clone())
            .unwrap_or_default(),
        log: proven.and_then(|proven| proven.log.clone()),
        reason: finding.reason.clone(),
    }
}

fn platform_verdict((chain, decision): (&Chain, &Decision)) -> Option<PlatformVerdict> {
    Some(PlatformVerdict {
        digest: chain.manifest()?.to_string(),
        platform: chain.platform.as_ref().map(Platform::to_string),
        verdict: decision.verdict,
        reason: decision.reason.clone(),
    })
}
