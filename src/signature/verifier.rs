//! From an image's name to the verdict on it.

use std::{
    collections::BTreeSet,
    sync::OnceLock,
    time::{Duration, Instant},
};

use futures_util::{
    StreamExt as _,
    future::{join, try_join},
    stream,
};
use tokio::sync::OnceCell;

use super::{
    caps,
    collect::{Measure, Search, collect},
    demand::{Demand, PolicyError},
    deny::{self, Denials},
    evaluate::{Chain, Decision, Facts, Finding},
    policy::Policy,
    resolve::{Resolved, Wanted, resolve},
};
use crate::{
    config::{Denied, rule_for},
    model::{digest::Digest, image::ImageReference, platform::Platform, verdict::Verdict},
    registry::{Content, Registry},
    report::verification::{PlatformVerdict, Signature, Verification},
    seam::environment::Environment,
};

/// Verifies images against one policy, whose keys, roots and deny list are read once and when
/// they are first needed.
#[derive(Debug)]
pub struct Verifier {
    policy: Policy,
    environment: Environment,
    registry: Registry,
    /// What each rule demands, by its number.
    demands: Vec<OnceLock<Demand>>,
    denials: OnceCell<Denials>,
}

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

/// A policy that cannot be applied: an error of usage, whatever the image.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A rule names what cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The deny list was fetched and makes no sense: whatever it denies, nobody can tell.
    #[error("{0}")]
    DenyList(String),
}

impl Verifier {
    /// Prepares to verify; nothing is read or opened yet.
    pub fn new(policy: Policy, registry: Registry, environment: Environment) -> Self {
        let demands = policy.rules.iter().map(|_| OnceLock::new()).collect();
        Self {
            policy,
            environment,
            registry,
            demands,
            denials: OnceCell::new(),
        }
    }

    /// The registries that images are read from.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Verifies an image in its registry.
    pub async fn verify(
        &self,
        image: &ImageReference,
        wanted: &Wanted,
    ) -> Result<Judgement, VerifyError> {
        let registry = self.registry.within(caps::DEADLINES);
        self.verify_in(&registry, image, wanted).await
    }

    /// Verifies an image that is read, with its signatures, from `content`.
    ///
    /// What cannot be fetched makes the verdict [`Verdict::Unavailable`]. The deny list wins over
    /// any other verdict.
    pub async fn verify_in(
        &self,
        content: &dyn Content,
        image: &ImageReference,
        wanted: &Wanted,
    ) -> Result<Judgement, VerifyError> {
        let list = match self.denials().await? {
            Denials::List(list) => Some(list),
            Denials::None | Denials::Without(_) => None,
            Denials::Needed(reason) => {
                let reason = format!("the deny list is unavailable: {reason}");
                return Ok(Judgement::refused(image, Verdict::Unavailable, reason));
            }
        };
        if let Some(entry) = list.and_then(|list| list.find(image, None)) {
            return Ok(Judgement::refused(image, Verdict::Denied, String::new()).deny(entry));
        }
        let (judgement, digests) = match rule_for(&self.policy.rules, image.repository()) {
            Some((number, _)) => {
                let demand = self.demand(number)?;
                // A runtime may pick another image of the index: one that was not looked up.
                let one_image = list.is_some() || demand.is_about_one_image();
                let judged = judge(demand, content, image, wanted, one_image).await;
                let (mut judgement, digests) = judged;
                judgement.verification.rule = Some(number);
                (judgement, digests)
            }
            None => unmatched(content, image, wanted, list.is_some()).await,
        };
        let entry = list.and_then(|list| {
            let mut digests = digests.iter();
            digests.find_map(|digest| list.find(image, Some(digest)))
        });
        Ok(match entry {
            Some(entry) => judgement.deny(entry),
            None => judgement,
        })
    }

    /// The deny list, fetched when it is first asked for.
    pub async fn denials(&self) -> Result<&Denials, VerifyError> {
        let fetch = || deny::fetch(&self.policy, &self.registry);
        self.denials.get_or_try_init(fetch).await
    }

    /// Rules that do not apply may name keys that are not here.
    fn demand(&self, number: usize) -> Result<&Demand, PolicyError> {
        let demand = &self.demands[number];
        if let Some(loaded) = demand.get() {
            return Ok(loaded);
        }
        let rule = &self.policy.rules[number];
        let loaded = Demand::load(rule, &self.policy, &self.environment)?;
        Ok(demand.get_or_init(|| loaded))
    }
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
    fn deny(mut self, entry: &Denied) -> Self {
        self.verification.verdict = Verdict::Denied;
        self.verification.reason = Some(entry.reason.clone());
        self.verification.proven_digests.clear();
        self.proven.clear();
        self.denied = Some(entry.clone());
        self
    }
}

/// An image that no rule matches; its digests are of interest to a deny list only.
async fn unmatched(
    content: &dyn Content,
    image: &ImageReference,
    wanted: &Wanted,
    resolve_anyway: bool,
) -> (Judgement, Vec<Digest>) {
    let reason = "no rule of the policy matches it".to_owned();
    let judgement = Judgement::refused(image, Verdict::Untrusted, reason);
    let resolved = if resolve_anyway {
        resolve(content, image, wanted).await.ok()
    } else {
        None
    };
    let digests = resolved.map(|resolved| resolved.digests());
    (judgement, digests.unwrap_or_default())
}

/// The verdict by `demand`, and the digests that would run; with `one_image`, only the image that
/// was judged is proven, and no index that lists others beside it.
async fn judge(
    demand: &Demand,
    content: &dyn Content,
    image: &ImageReference,
    wanted: &Wanted,
    one_image: bool,
) -> (Judgement, Vec<Digest>) {
    let started = Instant::now();
    let measure = Measure::new();
    let search = Search {
        content,
        repository: demand
            .signature_repository
            .as_ref()
            .unwrap_or(image.repository()),
        demand,
        measure: &measure,
    };
    let mut case = Case::new(search);
    let resolved = match case.open(image, wanted).await {
        Ok(resolved) => resolved,
        Err(reason) => {
            let judgement = Judgement::refused(image, Verdict::Unavailable, reason);
            return (judgement, Vec::new());
        }
    };
    let decisions = case.decide(&resolved).await;
    let mut proven = proven_by(&decisions);
    if one_image {
        proven = proven.pop().into_iter().collect();
    }
    let report = case.report(image, wanted, &resolved, &decisions);
    let judgement = Judgement {
        verification: Verification {
            proven_digests: proven.iter().map(Digest::to_string).collect(),
            ..report
        },
        proven,
        denied: None,
        resolve_time: resolved.time,
        verify_time: started.elapsed().saturating_sub(resolved.time),
    };
    (judgement, resolved.digests())
}

/// What was found so far for one image.
struct Case<'a> {
    search: Search<'a>,
    seen: BTreeSet<Digest>,
    findings: Vec<Finding>,
    missing: Vec<(Digest, String)>,
}

impl<'a> Case<'a> {
    fn new(search: Search<'a>) -> Self {
        Self {
            search,
            seen: BTreeSet::new(),
            findings: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Follows the image's name, and looks at what is sure to count, in as few rounds as its name
    /// allows.
    async fn open(&mut self, image: &ImageReference, wanted: &Wanted) -> Result<Resolved, String> {
        let (content, coverage) = (self.search.content, self.search.demand.coverage);
        let repository = image.repository();
        // By digest, the signatures need not wait for the manifest.
        if let Some(digest) = image.digest() {
            let resolving = async {
                let mut resolved = resolve(content, image, wanted).await?;
                resolved.read_images(content, repository).await?;
                Ok(resolved)
            };
            let looking = async {
                self.look_at([digest.clone()].into()).await;
                Ok(())
            };
            return try_join(resolving, looking)
                .await
                .map(|(resolved, ())| resolved);
        }
        let mut resolved = resolve(content, image, wanted).await?;
        let first = resolved.covered_by(coverage);
        let (read, ()) = join(
            resolved.read_images(content, repository),
            self.look_at(first),
        )
        .await;
        read.map(|()| resolved)
    }

    /// Fetches and judges what there is on these manifests.
    async fn look_at(&mut self, digests: BTreeSet<Digest>) {
        let search = self.search;
        let unseen: Vec<Digest> = digests.difference(&self.seen).cloned().collect();
        let collected: Vec<_> = stream::iter(unseen)
            .map(|digest| async move {
                let collected = collect(search, &digest).await;
                (digest, collected)
            })
            .buffered(caps::PARALLEL_FETCHES)
            .collect()
            .await;
        for (digest, collected) in collected {
            self.findings.extend(collected.findings);
            let missing = collected.missing.into_iter();
            let missing = missing.map(|reason| (digest.clone(), reason));
            self.missing.extend(missing);
            self.seen.insert(digest);
        }
    }

    /// Decides on each image. What the outermost index settles needs no look at the images.
    async fn decide(&mut self, resolved: &Resolved) -> Vec<Decision> {
        self.look_at(resolved.covered_by(self.search.demand.coverage))
            .await;
        let open: BTreeSet<Digest> = resolved
            .chains
            .iter()
            .filter(|chain| self.facts().decide(chain).verdict != Verdict::Verified)
            .flat_map(|chain| chain.links.clone())
            .collect();
        self.look_at(open).await;
        let facts = self.facts();
        resolved
            .chains
            .iter()
            .map(|chain| facts.decide(chain))
            .collect()
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            demand: self.search.demand,
            findings: &self.findings,
            missing: &self.missing,
        }
    }

    fn report(
        &self,
        image: &ImageReference,
        wanted: &Wanted,
        resolved: &Resolved,
        decisions: &[Decision],
    ) -> Verification {
        // Verdicts are in the order in which they count, but that one good image of several
        // makes no good index.
        let worst = resolved
            .chains
            .iter()
            .zip(decisions)
            .filter(|(_, decision)| decision.verdict != Verdict::Verified)
            .min_by_key(|(_, decision)| decision.verdict);
        let verdict = worst.map_or(Verdict::Verified, |(_, decision)| decision.verdict);
        let reason = worst.and_then(|(chain, decision)| match decisions {
            [_] => decision.reason.clone(),
            _ => Some(refused_platform(chain, decision)),
        });
        let of_kind = |attestations: bool| -> Vec<Signature> {
            let all = self.findings.iter();
            all.filter(|finding| finding.is_attestation == attestations)
                .map(|finding| finding.row.clone())
                .collect()
        };
        let mut report = Verification {
            digest: Some(resolved.digest.to_string()),
            reason,
            signatures: of_kind(false),
            attestations: of_kind(true),
            ..Verification::blank(image, verdict)
        };
        match (wanted, resolved.chains.as_slice(), decisions) {
            (Wanted::Platform(_), [chain, ..], _) => {
                report.manifest_digest = chain.manifest().map(Digest::to_string);
                report.platform = chain.platform.as_ref().map(Platform::to_string);
            }
            (_, chains, decisions) => {
                report.platform = Some("all".to_owned());
                let each = chains.iter().zip(decisions);
                report.manifests = each.filter_map(platform_verdict).collect();
            }
        }
        report
    }
}

/// Which of several images is not good, and why.
fn refused_platform(chain: &Chain, decision: &Decision) -> String {
    let reason = decision.reason.as_deref().unwrap_or("no signature");
    match &chain.platform {
        Some(platform) => format!("{platform}: {reason}"),
        None => reason.to_owned(),
    }
}

/// What is vouched for where all images are; nothing where one is not.
fn proven_by(decisions: &[Decision]) -> Vec<Digest> {
    let is_verified = |decision: &Decision| decision.verdict == Verdict::Verified;
    let mut proven: Vec<Digest> = Vec::new();
    if decisions.iter().all(is_verified) {
        for digest in decisions.iter().flat_map(|decision| &decision.proven) {
            if !proven.contains(digest) {
                proven.push(digest.clone());
            }
        }
    }
    proven
}

fn platform_verdict((chain, decision): (&Chain, &Decision)) -> Option<PlatformVerdict> {
    Some(PlatformVerdict {
        digest: chain.manifest()?.to_string(),
        platform: chain.platform.as_ref().map(Platform::to_string),
        verdict: decision.verdict,
        reason: decision.reason.clone(),
    })
}
