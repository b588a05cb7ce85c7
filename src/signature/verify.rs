//! From an image's name to the verdict on it.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{
    caps,
    collect::{Collected, collect},
    engine::Sigstore,
    judge::judge,
    policy::Policy,
    trust::TrustMaterial,
};
use crate::{
    model::{digest::Digest, image::ImageReference, platform::Platform, verdict::Verdict},
    registry::{FetchedManifest, ImageIndex, Manifest, Registry, RegistryError},
    report::verification::{Signature, Verification},
};

/// What to verify, and against what.
#[derive(Debug)]
pub struct Request<'a> {
    /// The image; its digest alone counts where it has one.
    pub image: &'a ImageReference,
    /// Which of an index's images is meant.
    pub platform: &'a Platform,
    /// The number of the rule that matches the image, and its signers.
    pub rule: Option<(usize, &'a Policy)>,
    /// Whom to believe about certificates and logs.
    pub trust: &'a TrustMaterial,
}

/// The verdict with what a launch needs of it.
#[derive(Debug)]
pub struct Verified {
    /// The verdict as it is reported.
    pub verification: Verification,
    /// The digests that are proven, the one to pull first; empty unless verified.
    pub digests: Vec<Digest>,
    /// How long the image's name took to resolve.
    pub resolve_time: Duration,
    /// How long the signatures took.
    pub verify_time: Duration,
}

/// What an image's name stands for.
struct Resolved {
    digest: Digest,
    manifest: Option<Digest>,
    platform: Option<Platform>,
    /// How long it took.
    time: Duration,
}

/// Verifies an image: fetches its manifest and signatures, and holds them against the policy.
///
/// Never fails: what cannot be fetched makes the verdict [`Verdict::Unavailable`].
pub async fn verify(registry: &Registry, request: &Request<'_>) -> Verified {
    let started = Instant::now();
    let Some((_, policy)) = request.rule else {
        let reason = "no rule of the policy matches it".to_owned();
        return Verified::refused(request.image, Verdict::Untrusted, reason);
    };
    let mut verification = blank(request.image, request.rule.map(|(rule, _)| rule));
    let repository = request.image.repository();
    let registry = &registry.within(caps::DEADLINES);
    let (resolved, collected) = match resolve_and_collect(registry, request, started).await {
        Ok(fetched) => fetched,
        Err(error) => {
            verification.reason = Some(error.with_hint());
            return Verified::without_proof(verification);
        }
    };
    let engine = Sigstore::new(request.trust);
    let mut tally = Tally::default();
    tally.add(collected, &resolved.digest, policy, &engine);
    let mut digests = vec![resolved.digest.clone()];
    let own_manifest = resolved
        .manifest
        .as_ref()
        .filter(|&own| *own != resolved.digest);
    if let Some(manifest) = own_manifest {
        if tally.is_satisfied() {
            digests.push(manifest.clone());
        } else {
            digests = vec![manifest.clone()];
            tally.add(
                collect(registry, repository, manifest).await,
                manifest,
                policy,
                &engine,
            );
        }
    }
    verification.digest = Some(resolved.digest.to_string());
    verification.manifest_digest = resolved.manifest.as_ref().map(Digest::to_string);
    verification.platform = resolved.platform.as_ref().map(Platform::to_string);
    (verification.verdict, verification.reason) = tally.verdict();
    verification.signatures = tally.signatures;
    if verification.verdict != Verdict::Verified {
        digests.clear();
    }
    let verify_time = started.elapsed().saturating_sub(resolved.time);
    Verified {
        verification,
        digests,
        resolve_time: resolved.time,
        verify_time,
    }
}

/// Fetches the image and its signatures in as few rounds as its name allows.
async fn resolve_and_collect(
    registry: &Registry,
    request: &Request<'_>,
    started: Instant,
) -> Result<(Resolved, Collected), RegistryError> {
    let repository = request.image.repository();
    // By digest, the signatures need not wait for the manifest.
    if let Some(digest) = request.image.digest() {
        let resolved = async {
            let fetched = registry.manifest(request.image).await?;
            Ok(resolve(registry, request, &fetched, started.elapsed()).await)
        };
        let collected = async { Ok(collect(registry, repository, digest).await) };
        return futures_util::future::try_join(resolved, collected).await;
    }
    let fetched = registry.manifest(request.image).await?;
    let resolved = resolve(registry, request, &fetched, started.elapsed());
    let collected = collect(registry, repository, &fetched.digest);
    Ok(futures_util::future::join(resolved, collected).await)
}

impl Verified {
    /// A verdict that needs no look at the image's signatures.
    pub fn refused(image: &ImageReference, verdict: Verdict, reason: String) -> Self {
        let mut verification = blank(image, None);
        verification.verdict = verdict;
        verification.reason = Some(reason);
        Self::without_proof(verification)
    }

    fn without_proof(verification: Verification) -> Self {
        Self {
            verification,
            digests: Vec::new(),
            resolve_time: Duration::ZERO,
            verify_time: Duration::ZERO,
        }
    }
}

fn blank(image: &ImageReference, rule: Option<usize>) -> Verification {
    Verification {
        schema_version: 1,
        image: image.to_string(),
        digest: None,
        manifest_digest: None,
        platform: None,
        verdict: Verdict::Unavailable,
        rule,
        reason: None,
        signatures: Vec::new(),
    }
}

/// The signatures judged so far.
#[derive(Default)]
struct Tally {
    signatures: Vec<Signature>,
    missing: Vec<String>,
}

impl Tally {
    fn add(&mut self, collected: Collected, digest: &Digest, policy: &Policy, engine: &Sigstore) {
        let judged = collected
            .candidates
            .iter()
            .map(|one| judge(one, digest, policy, engine));
        self.signatures.extend(judged);
        self.missing.extend(collected.missing);
    }

    fn is_satisfied(&self) -> bool {
        self.signatures
            .iter()
            .any(|signature| signature.verdict == Verdict::Verified)
    }

    /// The first verdict of the contract's order that applies, and why.
    fn verdict(&self) -> (Verdict, Option<String>) {
        let reason_of = |verdict| {
            let found = self
                .signatures
                .iter()
                .find(|signature| signature.verdict == verdict)?;
            Some(found.reason.clone().unwrap_or_default())
        };
        if self.is_satisfied() {
            (Verdict::Verified, None)
        } else if let Some(missing) = self.missing.first() {
            (Verdict::Unavailable, Some(missing.clone()))
        } else if let Some(reason) = reason_of(Verdict::Untrusted) {
            (Verdict::Untrusted, Some(reason))
        } else if let Some(reason) = reason_of(Verdict::Invalid) {
            (Verdict::Invalid, Some(reason))
        } else {
            (Verdict::Unsigned, None)
        }
    }
}

async fn resolve(
    registry: &Registry,
    request: &Request<'_>,
    fetched: &FetchedManifest,
    time: Duration,
) -> Resolved {
    let digest = fetched.digest.clone();
    match &fetched.parsed {
        Manifest::Index(index) => {
            let (manifest, platform) = choose(index, request.platform).unzip();
            Resolved {
                digest,
                manifest,
                platform,
                time,
            }
        }
        Manifest::Image(image) => {
            let config = &image.config;
            let cap = caps::IMAGE_CONFIG_BYTES;
            let repository = request.image.repository();
            let bytes = registry
                .blob(repository, &config.digest, config.size, cap)
                .await;
            let platform = bytes.ok().and_then(|bytes| platform_of(&bytes));
            Resolved {
                manifest: Some(digest.clone()),
                digest,
                platform,
                time,
            }
        }
    }
}

/// The image for `wanted`; the first, where several fit.
fn choose(index: &ImageIndex, wanted: &Platform) -> Option<(Digest, Platform)> {
    index.manifests.iter().find_map(|entry| {
        let offered = entry.platform()?;
        wanted
            .accepts(&offered)
            .then(|| (entry.digest.clone(), offered))
    })
}

/// What an image's configuration says that it runs on.
fn platform_of(config: &[u8]) -> Option<Platform> {
    #[derive(Deserialize)]
    struct ImageConfig {
        os: String,
        architecture: String,
        #[serde(default)]
        variant: Option<String>,
    }
    let config: ImageConfig = serde_json::from_slice(config).ok()?;
    Some(Platform {
        os: config.os,
        architecture: config.architecture,
        variant: config.variant.filter(|variant| !variant.is_empty()),
    })
}
