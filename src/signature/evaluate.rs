//! From what was found to the verdict: pure, and the only place that decides.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    demand::{AttestationDemand, Demand, Leaf, Signers, Tally},
    matching,
};
use crate::{
    config::Coverage,
    model::{
        digest::Digest,
        platform::Platform,
        signature::{Format, LogEntry, Method, Signer},
        verdict::Verdict,
    },
};

/// A signature or attestation, checked, and whom it is by.
#[derive(Debug)]
pub(super) struct Finding {
    /// The manifest that it vouches for.
    pub(super) subject: Digest,
    pub(super) format: Format,
    /// What it says that it was made with; none where it cannot be read.
    pub(super) method: Option<Method>,
    /// What an attestation says that it is; none for a signature, and where it cannot be read.
    pub(super) predicate_type: Option<String>,
    /// Verified, invalid or untrusted.
    pub(super) verdict: Verdict,
    /// Why it is not verified.
    pub(super) reason: Option<String>,
    /// Who made it, where that is proven.
    pub(super) proven: Option<Proven>,
    /// The demand's leaves that it is by.
    pub(super) by: Vec<usize>,
    /// Whether it is an attestation, and so never the image's signature.
    pub(super) is_attestation: bool,
    /// The demand's attestations that it is; none for a signature.
    pub(super) meets: Vec<usize>,
    /// The demand's attestations that it would be, did its predicate not fail them, and why.
    pub(super) fails: Vec<(usize, String)>,
}

/// What is known of a proven signer.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) signer: Signer,
    /// The certificate's other claims, by the names that reports have for them.
    pub(super) claims: BTreeMap<String, String>,
    pub(super) log: Option<LogEntry>,
}

/// From the manifest that the image's name stands for, through nested indexes, to one image.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// The digests, outermost first; a lone image's has one link.
    pub(super) links: Vec<Digest>,
    /// Whether the last link is an image: an index may have none for the platform.
    pub(super) is_complete: bool,
    pub(super) platform: Option<Platform>,
}

/// What was found for one image and what it comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) verdict: Verdict,
    /// Why the verdict is not `verified`.
    pub(super) reason: Option<String>,
    /// The digests of the chain that are vouched for; empty unless verified.
    pub(super) proven: Vec<Digest>,
}

/// Everything that was found, and what could not be looked at.
pub(super) struct Facts<'a> {
    pub(super) demand: &'a Demand,
    pub(super) findings: &'a [Finding],
    /// Each with the manifest that it would have vouched for.
    pub(super) missing: &'a [(Digest, String)],
}

impl Finding {
    /// One on `subject` of which nothing else is known yet.
    pub(super) fn new(subject: &Digest, format: Format) -> Self {
        Self {
            subject: subject.clone(),
            format,
            method: None,
            predicate_type: None,
            verdict: Verdict::Untrusted,
            reason: None,
            proven: None,
            by: Vec::new(),
            is_attestation: false,
            meets: Vec::new(),
            fails: Vec::new(),
        }
    }

    /// The same by a proven signer, whom these leaves of the demand accept.
    pub(super) fn verified(self, proven: Proven, by: Vec<usize>) -> Self {
        Self {
            verdict: Verdict::Verified,
            proven: Some(proven),
            by,
            ..self
        }
    }

    /// The same, not counted for this reason.
    pub(super) fn refused(self, verdict: Verdict, reason: String) -> Self {
        Self {
            verdict,
            reason: Some(reason),
            ..self
        }
    }
}

impl Chain {
    /// The image; none where an index has none for the platform.
    pub(super) fn manifest(&self) -> Option<&Digest> {
        self.links.last().filter(|_| self.is_complete)
    }

    fn indexes(&self) -> &[Digest] {
        match self.links.len() {
            0 | 1 => &self.links,
            length if self.is_complete => &self.links[..length - 1],
            _ => &self.links,
        }
    }
}

impl Facts<'_> {
    /// Whether the demand is met for the image at the end of `chain`.
    pub(super) fn decide(&self, chain: &Chain) -> Decision {
        let signed = match self.signed(chain) {
            Ok(proven) => proven,
            Err(refusal) => return self.refuse(chain, refusal),
        };
        for (number, wanted) in self.demand.attestations.iter().enumerate() {
            if let Err(refusal) = self.attested(number, wanted, chain) {
                return self.refuse(chain, refusal);
            }
        }
        Decision {
            verdict: Verdict::Verified,
            reason: None,
            proven: signed.to_vec(),
        }
    }

    /// The links that are vouched for, or why there are none.
    fn signed<'c>(&self, chain: &'c Chain) -> Result<&'c [Digest], Refusal> {
        let links = &chain.links;
        let first_signed = |links: &[Digest]| links.iter().position(|link| self.is_signed(link));
        match self.demand.coverage {
            Coverage::Either => first_signed(links)
                .map(|at| &links[at..])
                .ok_or_else(|| self.unsigned(chain, links)),
            Coverage::Index => first_signed(chain.indexes())
                .map(|at| &links[at..])
                .ok_or_else(|| self.unsigned(chain, chain.indexes())),
            Coverage::Manifest => {
                let manifest = chain.manifest().ok_or_else(no_image)?;
                if !self.is_signed(manifest) {
                    return Err(self.unsigned(chain, std::slice::from_ref(manifest)));
                }
                Ok(&links[links.len() - 1..])
            }
            Coverage::Both => {
                let manifest = chain.manifest().ok_or_else(no_image)?;
                let at = first_signed(chain.indexes())
                    .ok_or_else(|| self.unsigned(chain, chain.indexes()).of("the index"))?;
                if !self.is_signed(manifest) {
                    let refusal = self.unsigned(chain, std::slice::from_ref(manifest));
                    return Err(refusal.of(&format!("the platform's manifest {manifest}")));
                }
                Ok(&links[at..])
            }
        }
    }

    fn is_signed(&self, link: &Digest) -> bool {
        let of_link = self.signatures(std::slice::from_ref(link));
        is_met(&self.demand.signers.tree, &of_link)
    }

    fn signatures(&self, subjects: &[Digest]) -> Vec<&Finding> {
        let are =
            |finding: &&Finding| !finding.is_attestation && subjects.contains(&finding.subject);
        self.findings.iter().filter(are).collect()
    }

    /// Why none of `subjects`, which are those of the chain that count, is signed.
    fn unsigned(&self, chain: &Chain, subjects: &[Digest]) -> Refusal {
        let found = self.signatures(subjects);
        let refusal = refusal(&self.demand.signers, &self.demand.leaves, &found);
        let elsewhere = !self.signatures(&chain.links).is_empty();
        let coverage = "what is signed is not what the rule's `signed` names";
        let elsewhere = elsewhere.then(|| Refusal::untrusted(coverage));
        refusal.or(elsewhere).unwrap_or(Refusal {
            verdict: Verdict::Unsigned,
            reason: None,
        })
    }

    /// An attestation may be of any link: SBOMs lie with the image, provenance with the index.
    fn attested(
        &self,
        number: usize,
        wanted: &AttestationDemand,
        chain: &Chain,
    ) -> Result<(), Refusal> {
        let of_chain = |finding: &&Finding| chain.links.contains(&finding.subject);
        let all: Vec<&Finding> = self.findings.iter().filter(of_chain).collect();
        let met: Vec<&Finding> = all
            .iter()
            .copied()
            .filter(|finding| finding.meets.contains(&number))
            .collect();
        if is_met(&wanted.signers.tree, &met) {
            return Ok(());
        }
        let of_type: Vec<&Finding> = all
            .into_iter()
            .filter(|finding| {
                let found = finding.predicate_type.as_deref();
                // What cannot be read may have been the one.
                let accepts = |found| wanted.predicate_type.accepts(found);
                finding.is_attestation && found.is_none_or(accepts)
            })
            .collect();
        let name = &wanted.predicate_type.name;
        let mut fails = of_type.iter().flat_map(|finding| &finding.fails);
        let refusal = match fails.find(|(failed, _)| *failed == number) {
            Some((_, mismatch)) => Some(Refusal::untrusted(mismatch)),
            None => refusal(&wanted.signers, &self.demand.leaves, &of_type),
        };
        Err(match refusal {
            Some(refusal) => refusal.of(&format!("the attestation `{name}`")),
            None => Refusal::untrusted(&format!("it has no attestation `{name}`")),
        })
    }

    /// What is missing matters only where what is there does not suffice.
    fn refuse(&self, chain: &Chain, refusal: Refusal) -> Decision {
        let mut missing = self.missing.iter();
        let missing = missing.find(|(subject, _)| chain.links.contains(subject));
        let (verdict, reason) = match missing {
            Some((_, missing)) => (Verdict::Unavailable, Some(missing.clone())),
            None => (refusal.verdict, refusal.reason),
        };
        Decision {
            verdict,
            reason,
            proven: Vec::new(),
        }
    }
}

/// What the decisions on the images of `chains` come to together, and why that is not `verified`.
pub(super) fn overall(chains: &[Chain], decisions: &[Decision]) -> (Verdict, Option<String>) {
    // Verdicts are in the order in which they count, but that one good image of several makes no
    // good index.
    let worst = chains
        .iter()
        .zip(decisions)
        .filter(|(_, decision)| decision.verdict != Verdict::Verified)
        .min_by_key(|(_, decision)| decision.verdict);
    let Some((chain, decision)) = worst else {
        return (Verdict::Verified, None);
    };
    let reason = match decisions {
        [_] => decision.reason.clone(),
        _ => Some(refused_platform(chain, decision)),
    };
    (decision.verdict, reason)
}

/// Which of several images is not good, and why.
fn refused_platform(chain: &Chain, decision: &Decision) -> String {
    let reason = decision.reason.as_deref().unwrap_or("no signature");
    match &chain.platform {
        Some(platform) => format!("{platform}: {reason}"),
        None => reason.to_owned(),
    }
}

struct Refusal {
    verdict: Verdict,
    reason: Option<String>,
}

impl Refusal {
    fn untrusted(reason: &str) -> Self {
        Self {
            verdict: Verdict::Untrusted,
            reason: Some(reason.to_owned()),
        }
    }

    fn of(self, what: &str) -> Self {
        let reason = self.reason.as_deref().unwrap_or("no signature");
        Self {
            reason: Some(format!("{what}: {reason}")),
            ..self
        }
    }
}

fn no_image() -> Refusal {
    Refusal::untrusted("the index has no image for the platform, whose signature is asked for")
}

/// Why `found` does not meet `signers`, by the contract's order; none where nothing was found.
fn refusal(signers: &Signers, leaves: &[Leaf], found: &[&Finding]) -> Option<Refusal> {
    let first = |verdict| found.iter().find(|finding| finding.verdict == verdict);
    let because = |finding: &&Finding| finding.reason.clone();
    let untrusted = first(Verdict::Untrusted).map(|finding| (Verdict::Untrusted, because(finding)));
    let invalid = first(Verdict::Invalid).map(|finding| (Verdict::Invalid, because(finding)));
    // Some have signed and others are wanted too: who is missing says more than a stranger does.
    let partly = found
        .iter()
        .any(|finding| finding.verdict == Verdict::Verified)
        .then(|| {
            (
                Verdict::Untrusted,
                Some(shortfall(&signers.tree, leaves, found)),
            )
        });
    let (verdict, reason) = match (partly, untrusted, invalid) {
        (Some(_), None, Some(invalid)) => invalid,
        (Some(partly), _, _) => partly,
        (None, Some(untrusted), _) => untrusted,
        (None, None, invalid) => invalid?,
    };
    Some(Refusal { verdict, reason })
}

/// Whether the signatures in `found` are those that `tally` asks for.
fn is_met(tally: &Tally, found: &[&Finding]) -> bool {
    match tally {
        Tally::Leaf(leaf) => found.iter().any(|finding| finding.by.contains(leaf)),
        Tally::Any(members) => members.iter().any(|member| is_met(member, found)),
        Tally::All(members) => members.iter().all(|member| is_met(member, found)),
        Tally::Threshold { count, of } => distinct(of, found) >= *count,
    }
}

/// How many of `members` have a signer of their own: neither a signer nor a member counts twice.
fn distinct(members: &[Tally], found: &[&Finding]) -> usize {
    let signers: Vec<BTreeSet<_>> = members
        .iter()
        .map(|member| {
            let leaves = leaves_of(member);
            let is_by = |finding: &&&Finding| finding.by.iter().any(|leaf| leaves.contains(leaf));
            found
                .iter()
                .filter(is_by)
                .filter_map(|one| person(one))
                .collect()
        })
        .collect();
    matching::largest(&signers)
}

/// Who stands behind a signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Person<'a> {
    Key(&'a [u8; 32]),
    /// By issuer and name.
    Named(&'a str, &'a str),
}

/// The signer of a finding, where that is proven.
///
/// A workflow is one signer whatever the ref that it ran at: who may change it may run it at two.
fn person(finding: &Finding) -> Option<Person<'_>> {
    Some(match &finding.proven.as_ref()?.signer {
        Signer::Key(sha256) => Person::Key(sha256),
        Signer::Certificate { issuer, subject } => {
            let workflow = subject.rsplit_once('@');
            let workflow = workflow.filter(|(name, _)| name.starts_with("https://"));
            Person::Named(issuer, workflow.map_or(subject, |(name, _)| name))
        }
    })
}

fn leaves_of(tally: &Tally) -> Vec<usize> {
    match tally {
        Tally::Leaf(leaf) => vec![*leaf],
        Tally::Any(members) | Tally::All(members) | Tally::Threshold { of: members, .. } => {
            members.iter().flat_map(leaves_of).collect()
        }
    }
}

/// Who is still wanted, in words.
fn shortfall(tally: &Tally, leaves: &[Leaf], found: &[&Finding]) -> String {
    let missing = |members: &[Tally]| -> String {
        let names: Vec<String> = members
            .iter()
            .filter(|member| !is_met(member, found))
            .map(|member| shortfall(member, leaves, found))
            .collect();
        names.join(" and ")
    };
    match tally {
        Tally::Leaf(leaf) => format!("no signature by {}", leaves[*leaf]),
        Tally::Any(members) => {
            let names = members
                .iter()
                .map(|member| shortfall(member, leaves, found));
            names.collect::<Vec<String>>().join(" or ")
        }
        _ if is_met(tally, found) => "the signatures are not all of one manifest".to_owned(),
        Tally::All(members) => missing(members),
        Tally::Threshold { count, of } => {
            let signed = distinct(of, found);
            format!("{signed} of the {count} signers that are needed have signed")
        }
    }
}

#[cfg(test)]
mod tests;
