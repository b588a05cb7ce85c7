//! Fetches everything that may be a signature of a digest, from the three places where it may lie.

use futures_util::{StreamExt as _, future::join3, stream};

use super::{
    caps,
    evidence::{Evidence, EvidenceError},
    judge::Candidate,
};
use crate::{
    model::{digest::Digest, image::Repository},
    registry::{Descriptor, FetchedManifest, Manifest, Registry, RegistryError},
    report::verification::Format,
};

/// Both spellings that bundles' layers have: `….bundle.v0.3+json` and `….bundle+json;version=…`.
const BUNDLE_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle";
const SIMPLE_SIGNING_MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// What cosign writes beside a bundle, so that readers need not fetch every SBOM.
const PREDICATE_ANNOTATION: &str = "dev.sigstore.bundle.predicateType";
const SIGN_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";

/// What a registry holds on one digest.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) candidates: Vec<Candidate>,
    /// What could not be fetched, each with its reason.
    pub(super) missing: Vec<String>,
}

/// Fetches all signature candidates of `digest`, never failing as a whole: what is missing is
/// said, as it matters only where what is there does not suffice.
pub(super) async fn collect(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
) -> Collected {
    let legacy_tag = format!("{}.sig", digest.fallback_tag());
    let fallback_tag = digest.fallback_tag();
    let (referrers, fallback, legacy) = join3(
        registry.referrers(repository, digest),
        registry.manifest_by_tag(repository, &fallback_tag),
        registry.manifest_by_tag(repository, &legacy_tag),
    )
    .await;
    let mut collected = Collected::default();
    let mut bundles = collected.note(referrers.map(Option::unwrap_or_default));
    for entry in collected.note(fallback.map(index_entries)) {
        if !bundles.iter().any(|known| known.digest == entry.digest) {
            bundles.push(entry);
        }
    }
    bundles.retain(may_be_signature);
    let mut layers = collected.note(legacy.map(legacy_layers));
    collected.cap(&mut bundles, caps::CANDIDATES);
    collected.cap(&mut layers, caps::CANDIDATES);
    let bundles = each(&bundles, |entry| fetch_bundles(registry, repository, entry)).await;
    let layers = each(&layers, |layer| fetch_legacy(registry, repository, layer)).await;
    for part in bundles.into_iter().chain(layers) {
        collected.candidates.extend(part.candidates);
        collected.missing.extend(part.missing);
    }
    collected
}

impl Collected {
    /// The value, or nothing and a note of what is missing.
    fn note<T: Default>(&mut self, result: Result<T, RegistryError>) -> T {
        result.unwrap_or_else(|error| {
            self.missing.push(error.to_string());
            T::default()
        })
    }

    fn cap(&mut self, entries: &mut Vec<Descriptor>, cap: usize) {
        if entries.len() > cap {
            let count = entries.len();
            self.missing.push(format!(
                "{count} signatures are listed, of which {cap} were read"
            ));
            entries.truncate(cap);
        }
    }
}

/// Fetches all entries, a few at a time, and keeps their order.
async fn each<'a, F>(
    entries: &'a [Descriptor],
    fetch: impl Fn(&'a Descriptor) -> F,
) -> Vec<F::Output>
where
    F: Future,
{
    stream::iter(entries.iter().map(fetch))
        .buffered(caps::PARALLEL_FETCHES)
        .collect()
        .await
}

/// Whether an entry is worth a request. Only the fetched manifest says what it is; but one that
/// calls itself an attestation could at most be refused as one.
fn may_be_signature(entry: &Descriptor) -> bool {
    entry
        .annotations
        .get(PREDICATE_ANNOTATION)
        .is_none_or(|predicate| predicate == SIGN_PREDICATE)
}

fn index_entries(fetched: Option<FetchedManifest>) -> Vec<Descriptor> {
    match fetched.map(|fetched| fetched.parsed) {
        Some(Manifest::Index(index)) => index.manifests,
        Some(Manifest::Image(_)) | None => Vec::new(),
    }
}

fn legacy_layers(fetched: Option<FetchedManifest>) -> Vec<Descriptor> {
    match fetched.map(|fetched| fetched.parsed) {
        Some(Manifest::Image(manifest)) => manifest
            .layers
            .into_iter()
            .filter(|layer| layer.media_type == SIMPLE_SIGNING_MEDIA_TYPE)
            .collect(),
        Some(Manifest::Index(_)) | None => Vec::new(),
    }
}

async fn fetch_bundles(
    registry: &Registry,
    repository: &Repository,
    entry: &Descriptor,
) -> Collected {
    let mut collected = Collected::default();
    let fetched = registry.manifest(&repository.at(&entry.digest)).await;
    let mut layers = collected.note(fetched.map(bundle_layers));
    collected.cap(&mut layers, caps::BUNDLE_LAYERS);
    for layer in &layers {
        let cap = caps::BUNDLE_BYTES;
        let blob = registry.blob(repository, &layer.digest, layer.size, cap);
        let read = blob.await.map(|bytes| Evidence::from_bundle(&bytes));
        let read = collected.note(read.map(|evidence| candidate(Format::Bundle, evidence)));
        collected.candidates.extend(read);
    }
    collected
}

fn bundle_layers(fetched: FetchedManifest) -> Vec<Descriptor> {
    match fetched.parsed {
        Manifest::Image(manifest) => manifest
            .layers
            .into_iter()
            .filter(|layer| layer.media_type.starts_with(BUNDLE_MEDIA_TYPE))
            .collect(),
        Manifest::Index(_) => Vec::new(),
    }
}

async fn fetch_legacy(
    registry: &Registry,
    repository: &Repository,
    layer: &Descriptor,
) -> Collected {
    let mut collected = Collected::default();
    let cap = caps::PAYLOAD_BYTES;
    let blob = registry.blob(repository, &layer.digest, layer.size, cap);
    let read = blob
        .await
        .map(|payload| Evidence::from_simple_signing(&payload, &layer.annotations));
    let read = collected.note(read.map(|evidence| candidate(Format::Legacy, evidence)));
    collected.candidates.extend(read);
    collected
}

fn candidate(format: Format, evidence: Result<Evidence, EvidenceError>) -> Option<Candidate> {
    match evidence {
        Ok(evidence) => Some(Candidate::Readable(Box::new(evidence))),
        Err(EvidenceError::Attestation(_)) => None,
        Err(error @ EvidenceError::Malformed(_)) => Some(Candidate::Unreadable {
            format,
            reason: error.to_string(),
        }),
    }
}
