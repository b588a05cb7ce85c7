//! Fetches everything that may be a signature of a digest, from the places where it may lie, and
//! judges each as it arrives: what a registry sends is held for as long as that takes.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    future::{join3, join4},
    stream,
};
use tokio::sync::{OnceCell, Semaphore};

use super::{
    caps,
    demand::{AttestationDemand, Demand, accepts_type},
    evaluate::Finding,
    evidence::{Evidence, EvidenceError, SIGN_PREDICATE},
    judge::{Candidate, Judge, Unread},
};
use crate::{
    model::{digest::Digest, image::Repository, signature::Format},
    registry::{Content, Descriptor, FetchedManifest, Manifest, RegistryError},
};

/// Both spellings that bundles' layers have: `….bundle.v0.3+json` and `….bundle+json;version=…`.
const BUNDLE_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle";
const SIMPLE_SIGNING_MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const ENVELOPE_MEDIA_TYPE: &str = "application/vnd.dsse.envelope.v1+json";
/// What cosign writes beside a bundle, so that readers need not fetch every SBOM.
const PREDICATE_ANNOTATION: &str = "dev.sigstore.bundle.predicateType";

/// What came of what a registry holds on one digest.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) findings: Vec<Finding>,
    /// What could not be fetched or asked, each with its reason.
    pub(super) missing: Vec<String>,
}

/// Where to look for what belongs to an image, and for what.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) content: &'a dyn Content,
    /// The repository with the signatures.
    pub(super) repository: &'a Repository,
    pub(super) demand: &'a Demand,
    pub(super) measure: &'a Measure,
}

/// What all searches for one verdict share, however many run at once.
#[derive(Debug)]
pub(super) struct Measure {
    /// The candidates that may be in memory.
    turns: Semaphore,
    prepared: OnceCell<()>,
}

impl Measure {
    pub(super) fn new() -> Self {
        Self {
            turns: Semaphore::new(caps::PARALLEL_FETCHES),
            prepared: OnceCell::new(),
        }
    }
}

/// Fetches and judges all candidates for `digest`, never failing as a whole: what is missing is said, as it
/// matters only where what is there does not suffice.
pub(super) async fn collect(search: Search<'_>, digest: &Digest) -> Collected {
    let Search {
        content,
        repository,
        demand,
        ..
    } = search;
    let attestations = demand.attestations.as_slice();
    let legacy_tag = format!("{}.sig", digest.fallback_tag());
    let attestation_tag = format!("{}.att", digest.fallback_tag());
    let legacy_attestations = async {
        if attestations.is_empty() {
            return Ok(None);
        }
        content.manifest_by_tag(repository, &attestation_tag).await
    };
    let (referrers, fallback, legacy, legacy_attestations) = join4(
        content.referrers(repository, digest),
        content.fallback(repository, digest),
        content.manifest_by_tag(repository, &legacy_tag),
        legacy_attestations,
    )
    .await;
    let mut collected = Collected::default();
    let mut bundles = collected.note(referrers.map(Option::unwrap_or_default));
    for entry in collected.note(fallback.map(Option::unwrap_or_default)) {
        if !bundles.iter().any(|known| known.digest == entry.digest) {
            bundles.push(entry);
        }
    }
    let (signatures, mut statements): (Vec<_>, Vec<_>) = bundles
        .into_iter()
        .filter(|entry| is_wanted(entry, attestations))
        .partition(may_be_signature);
    let mut bundles = signatures;
    let mut payloads =
        collected.note(legacy.map(|found| layers(found, |kind| kind == SIMPLE_SIGNING_MEDIA_TYPE)));
    let mut envelopes = collected
        .note(legacy_attestations.map(|found| layers(found, |kind| kind == ENVELOPE_MEDIA_TYPE)));
    // Attestations have a cap of their own: many of them must not crowd out a signature.
    for entries in [&mut bundles, &mut statements, &mut payloads, &mut envelopes] {
        collected.cap(entries, caps::CANDIDATES);
    }
    bundles.append(&mut statements);
    let payload = |layer| {
        let read = Evidence::from_simple_signing;
        let kind = (Kind::Signature, caps::PAYLOAD_BYTES);
        search.layer(digest, layer, kind, read)
    };
    let envelope = |layer| {
        let read = Evidence::from_legacy_attestation;
        let kind = (Kind::Attestation, caps::BUNDLE_BYTES);
        search.layer(digest, layer, kind, read)
    };
    let (bundles, payloads, envelopes) = join3(
        each(&bundles, |entry| search.bundles(digest, entry)),
        each(&payloads, payload),
        each(&envelopes, envelope),
    )
    .await;
    let parts = [bundles, payloads, envelopes];
    for part in parts.into_iter().flatten() {
        collected.findings.extend(part.findings);
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

    /// Judges a candidate, which may need many times the bytes that were sent, and lets it go.
    fn judge(&mut self, demand: &Demand, candidate: Option<Candidate>, subject: &Digest) {
        let Some(candidate) = candidate.filter(|one| one.is_wanted(&demand.attestations)) else {
            return;
        };
        let judged = Judge(demand).judge(&candidate, subject);
        self.findings.extend(judged.finding);
        self.missing.extend(judged.missing);
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

/// Whether an entry calls itself a signature, or nothing at all. Only its manifest and its
/// payload say what it is.
fn may_be_signature(entry: &Descriptor) -> bool {
    let named = entry.annotations.get(PREDICATE_ANNOTATION);
    named.is_none_or(|predicate| predicate == SIGN_PREDICATE)
}

/// Whether an entry is worth a request: one that calls itself an attestation could at most be
/// refused as a signature.
fn is_wanted(entry: &Descriptor, attestations: &[AttestationDemand]) -> bool {
    let named = entry.annotations.get(PREDICATE_ANNOTATION);
    may_be_signature(entry) || named.is_some_and(|named| accepts_type(attestations, named))
}

/// The layers of one kind; none where there is no image manifest.
fn layers(fetched: Option<FetchedManifest>, is_kind: impl Fn(&str) -> bool) -> Vec<Descriptor> {
    match fetched.map(|fetched| fetched.parsed) {
        Some(Manifest::Image(manifest)) => manifest
            .layers
            .into_iter()
            .filter(|layer| is_kind(&layer.media_type))
            .collect(),
        Some(Manifest::Index(_)) | None => Vec::new(),
    }
}

impl Search<'_> {
    /// What the bundles in a referrer of `subject` come to.
    async fn bundles(self, subject: &Digest, entry: &Descriptor) -> Collected {
        let kind = if may_be_signature(entry) {
            Kind::Signature
        } else {
            Kind::Attestation
        };
        let _turn = self.measure.turns.acquire().await;
        let mut collected = Collected::default();
        let manifest = self.repository.at(&entry.digest);
        let fetched = self.content.manifest(&manifest).await;
        let is_bundle = |kind: &str| kind.starts_with(BUNDLE_MEDIA_TYPE);
        let mut layers = collected.note(fetched.map(|found| layers(Some(found), is_bundle)));
        collected.cap(&mut layers, caps::BUNDLE_LAYERS);
        for layer in &layers {
            if let Some(bytes) = self.fetch(&mut collected, layer, caps::BUNDLE_BYTES).await {
                let read = candidate(Format::Bundle, kind, Evidence::from_bundle(&bytes));
                collected.judge(self.demand, read, subject);
            }
        }
        collected
    }

    /// What a layer of what lies under one of `subject`'s tags comes to.
    async fn layer(
        self,
        subject: &Digest,
        layer: &Descriptor,
        (kind, cap): (Kind, u64),
        read: impl Fn(&[u8], &BTreeMap<String, String>) -> Result<Evidence, EvidenceError>,
    ) -> Collected {
        let _turn = self.measure.turns.acquire().await;
        let mut collected = Collected::default();
        if let Some(bytes) = self.fetch(&mut collected, layer, cap).await {
            let read = candidate(Format::Legacy, kind, read(&bytes, &layer.annotations));
            collected.judge(self.demand, read, subject);
        }
        collected
    }

    /// Fetches a blob, and sees to it that what is in it can be judged at once.
    async fn fetch(&self, into: &mut Collected, layer: &Descriptor, cap: u64) -> Option<Bytes> {
        let blob = self
            .content
            .blob(self.repository, &layer.digest, layer.size, cap);
        let bytes = into.note(blob.await.map(Some))?;
        let prepare = || self.demand.prepare();
        self.measure.prepared.get_or_init(prepare).await;
        Some(bytes)
    }
}

/// What the place where something lies says that it is.
#[derive(Clone, Copy)]
enum Kind {
    Signature,
    Attestation,
}

/// What cannot be read is broken as what it says itself that it is, else as what its place says.
fn candidate(
    format: Format,
    kind: Kind,
    evidence: Result<Evidence, EvidenceError>,
) -> Option<Candidate> {
    let error = match evidence {
        Ok(evidence) => return Some(Candidate::Readable(Box::new(evidence))),
        Err(EvidenceError::NoSignature(_)) => return None,
        Err(error) => error,
    };
    let reason = error.to_string();
    let unread = match (error, kind) {
        (EvidenceError::Attestation { predicate_type, .. }, _) => {
            Unread::Attestation(Some(predicate_type))
        }
        (_, Kind::Attestation) => Unread::Attestation(None),
        (_, Kind::Signature) => Unread::Signature,
    };
    Some(Candidate::Unreadable {
        format,
        unread,
        reason,
    })
}
