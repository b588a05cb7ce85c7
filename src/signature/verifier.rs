//! From an image's name to the verdict on it.

use std::{collections::BTreeSet, sync::OnceLock, time::Instant};

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
    evaluate::{Decision, Facts, Finding},
    policy::Policy,
    report::{Found, Judgement},
    resolve::{Resolved, Wanted, resolve},
};
use crate::{
    config::{DenyList, rule_for},
    model::{digest::Digest, image::ImageReference, verdict::Verdict},
    registry::{Content, Registry, RegistryOptions},
    seam::{environment::Environment, exchange::Exchange},
};

/// Verifies images against one policy, whose keys, roots and deny list are read once and when
/// they are first needed.
#[derive(Debug)]
pub struct Verifier {
    policy: Policy,
    environment: Environment,
    registry: Registry,
    /// What fetches a deny list that lies in no registry.
    web: Exchange,
    /// What each rule demands, by its number.
    demands: Vec<OnceLock<Demand>>,
    denials: OnceCell<Denials>,
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
    /// Prepares to verify images of the registries that `options` describe; nothing is read or
    /// opened yet.
    pub fn new(policy: Policy, options: RegistryOptions, environment: Environment) -> Self {
        let demands = policy.rules.iter().map(|_| OnceLock::new()).collect();
        Self {
            policy,
            web: options.web(&environment),
            registry: Registry::new(&environment, options),
            environment,
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
        let list = match self.deny_list(|_| ()).await? {
            Ok(list) => list,
            Err(reason) => return Ok(Judgement::refused(image, Verdict::Unavailable, reason)),
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

    /// The deny list, fetched when it is first asked for; nothing where the policy names none, or
    /// goes on without one that could not be fetched, which `warn` is told as a sentence.
    ///
    /// Where the policy does not go on without it, the inner error is why: no image is accepted
    /// then.
    pub async fn deny_list(
        &self,
        warn: impl FnOnce(&str),
    ) -> Result<Result<Option<&DenyList>, String>, VerifyError> {
        let fetch = || deny::fetch(&self.policy, &self.registry, &self.web);
        Ok(match self.denials.get_or_try_init(fetch).await? {
            Denials::None => Ok(None),
            Denials::List(list) => Ok(Some(list)),
            Denials::Without(reason) => {
                warn(&format!("going on without the deny list: {reason}"));
                Ok(None)
            }
            Denials::Needed(reason) => Err(format!("the deny list is unavailable: {reason}")),
        })
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
    let found = Found {
        image,
        wanted,
        resolved: &resolved,
        findings: &case.findings,
        decisions: &decisions,
    };
    let verify_time = started.elapsed().saturating_sub(resolved.time);
    (found.judgement(proven, verify_time), resolved.digests())
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
