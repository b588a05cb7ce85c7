//! The verdicts of `fullsend verify`, against a registry and a Sigstore in this process.
//!
//! A [`Scene`] is an image in a registry with whatever lies beside it; an [`Asked`] is whose
//! signatures are accepted. Whatever a test is about, [`check`] holds for its answer.

mod all;
mod attestations;
mod command;
mod confusion;
mod cosign;
mod coverage;
mod deny;
mod flaws;
mod formats;
mod hardening;
mod hostile;
mod interop;
mod layout;
mod limits;
mod mirror;
mod outage;
mod platforms;
mod policy;
mod requests;
mod roots;
mod several;
mod table;
mod trust;

use std::{cell::RefCell, path::PathBuf, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fullsend::{
    checkout::Tree,
    config::{self, Coverage, DenySource, DenyUnavailable, Requirement, Rule},
    model::{chain::chain, platform::Platform, verdict::Verdict},
    registry::RegistryOptions,
    report::verification::{Signature, Verification},
    seam::environment::Environment,
    signature::{Policy, TrustMaterial, TrustStore, Verifier, Wanted},
};
use fullsend_testkit::{
    image::{Blob, Image, ImageBuilder, Manifest},
    push::fallback_tag,
    registry::Registry,
    signing::{
        Bundle, Identity, LegacyAttestation, LegacySignature, Referrer, Signing, SigningKey,
        Sigstore,
    },
};
use serde_json::json;

/// Where every image of these tests lies.
pub(crate) const REPOSITORY: &str = "acme/agent";

/// An image in a registry of its own.
pub(crate) struct Scene {
    pub(crate) registry: Registry,
    pub(crate) image: Image,
    /// The manifest of the legacy signatures so far.
    legacy: RefCell<Option<Manifest>>,
    /// The index under the fallback tag so far.
    fallback: RefCell<Option<Manifest>>,
}

impl Scene {
    /// An image for linux/amd64 as `acme/agent:1`.
    pub(crate) fn new() -> Self {
        Self::of(agent("amd64"))
    }

    pub(crate) fn of(image: Image) -> Self {
        let scene = Self {
            registry: Registry::start(),
            image,
            legacy: RefCell::default(),
            fallback: RefCell::default(),
        };
        scene.put_blobs(&scene.image.blobs);
        for child in &scene.image.children {
            scene.put_manifest(&child.digest, child);
        }
        scene.put_manifest("1", &scene.image.manifest);
        scene
    }

    pub(crate) fn digest(&self) -> &str {
        self.image.digest()
    }

    pub(crate) fn host(&self) -> String {
        self.registry.host()
    }

    pub(crate) fn put_blobs(&self, blobs: &[Blob]) {
        for blob in blobs {
            self.registry.put_blob(blob.bytes.clone());
        }
    }

    pub(crate) fn put_manifest(&self, reference: &str, manifest: &Manifest) {
        let bytes = manifest.bytes.clone();
        self.registry
            .put_manifest(REPOSITORY, reference, &manifest.media_type, bytes);
    }

    /// Attaches a bundle to the image, as a referrer.
    pub(crate) fn bundle(&self, bundle: &Bundle) -> Referrer {
        self.bundle_to(&self.image.manifest, bundle)
    }

    /// Attaches a bundle to any manifest, as a referrer.
    pub(crate) fn bundle_to(&self, subject: &Manifest, bundle: &Bundle) -> Referrer {
        let referrer = bundle.referrer(subject);
        self.put_blobs(&referrer.blobs);
        self.put_manifest(&referrer.manifest.digest, &referrer.manifest);
        referrer
    }

    /// Attaches a bundle by the fallback tag, in a registry without the referrers API.
    pub(crate) fn fallback(&self, bundle: &Bundle) -> Referrer {
        self.registry.referrers_api(false);
        let referrer = self.bundle(bundle);
        let mut index = self.fallback.borrow_mut();
        let grown = referrer.fallback_index(index.as_ref());
        self.put_manifest(&fallback_tag(self.digest()), &grown);
        *index = Some(grown);
        referrer
    }

    /// Adds a legacy signature under the image's `.sig` tag.
    pub(crate) fn legacy(&self, signature: &LegacySignature) {
        let mut present = self.legacy.borrow_mut();
        let artefact = signature.manifest(present.as_ref());
        self.put_blobs(&artefact.blobs);
        let tag = format!("{}.sig", fallback_tag(self.digest()));
        self.put_manifest(&tag, &artefact.manifest);
        *present = Some(artefact.manifest);
    }

    /// Puts a legacy attestation under the image's `.att` tag.
    pub(crate) fn legacy_attestation(&self, attestation: &LegacyAttestation) {
        let artefact = attestation.manifest(None);
        self.put_blobs(&artefact.blobs);
        let tag = format!("{}.att", fallback_tag(self.digest()));
        self.put_manifest(&tag, &artefact.manifest);
    }

    /// Attaches a bundle to the image, under another predicate type than it has.
    pub(crate) fn bundle_called(&self, bundle: &Bundle, predicate_type: Option<&str>) {
        let mut referrer = bundle.referrer(&self.image.manifest);
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&referrer.manifest.bytes).unwrap();
        manifest["annotations"] = match predicate_type {
            Some(named) => json!({"dev.sigstore.bundle.predicateType": named}),
            None => json!({}),
        };
        referrer.manifest = Manifest::new(&referrer.manifest.media_type, &manifest);
        self.put_blobs(&referrer.blobs);
        self.put_manifest(&referrer.manifest.digest, &referrer.manifest);
    }

    /// The verdict on `acme/agent:1`.
    pub(crate) async fn verify(&self, asked: &Asked) -> Verification {
        self.verify_as(":1", asked).await
    }

    /// The verdict on the image by `reference`: `:TAG`, `@DIGEST` or both.
    pub(crate) async fn verify_as(&self, reference: &str, asked: &Asked) -> Verification {
        let verified = self.try_verify(reference, asked).await;
        let verification = verified.unwrap_or_else(|error| panic!("a usage error: {error}"));
        check(&verification);
        let refused = ![Verdict::Verified, Verdict::Denied].contains(&verification.verdict);
        if refused && asked.asks_for_one() {
            assert_eq!(verification.accepted(), None);
        }
        verification
    }

    pub(crate) async fn try_verify(
        &self,
        reference: &str,
        asked: &Asked,
    ) -> Result<Verification, String> {
        let image = format!("{}/{REPOSITORY}{reference}", self.host());
        asked.verify(&image).await
    }
}

/// A policy and everything else that is asked with it.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) rules: Vec<Rule>,
    pub(crate) environment: Environment,
    pub(crate) trust: TrustMaterial,
    pub(crate) wanted: Wanted,
    pub(crate) folder: PathBuf,
    pub(crate) deny: Option<DenySource>,
    pub(crate) deny_unavailable: DenyUnavailable,
    pub(crate) options: RegistryOptions,
}

impl Asked {
    /// The rules under `verify:` in a fullsend.yaml, with the variables that they name.
    pub(crate) fn rules(rules: &str, variables: &[(&str, &str)]) -> Self {
        let text = format!("version: 1\nverify:\n{rules}\n");
        let config = config::parse(text.as_bytes(), "fullsend.yaml");
        let config = config.unwrap_or_else(|error| panic!("{}", error.render(false)));
        Self {
            rules: config.verify,
            environment: variables.iter().copied().collect(),
            trust: TrustMaterial::public_good(),
            wanted: Wanted::Platform(Platform::linux("amd64")),
            folder: PathBuf::from("/nonexistent"),
            deny: None,
            deny_unavailable: DenyUnavailable::Warn,
            options: RegistryOptions {
                deadline: Duration::from_secs(20),
                first_wait: Duration::from_millis(5),
                ..RegistryOptions::default()
            },
        }
    }

    /// Accepts this key for every image, in no log.
    pub(crate) fn key(key: &SigningKey) -> Self {
        let rule = "- {match: '**', key: 'env://KEY', insecure_ignore_tlog: true}";
        Self::rules(rule, &[("KEY", &key.public_pem())])
    }

    /// Accepts this key, if the log of `pki` has the signature.
    pub(crate) fn logged_key(key: &SigningKey, pki: &Sigstore) -> Self {
        let rule = "- {match: '**', key: 'env://KEY'}";
        Self::rules(rule, &[("KEY", &key.public_pem())]).trusting(pki)
    }

    /// Accepts this subject of this issuer, whom `pki` certifies.
    pub(crate) fn keyless(pki: &Sigstore, identity: &Identity) -> Self {
        let (name, issuer) = (identity.name(), identity.issuer());
        let rule =
            format!("- {{match: '**', keyless: {{issuer: '{issuer}', identity: '{name}'}}}}");
        Self::rules(&rule, &[]).trusting(pki)
    }

    /// The verdict on `image`, named in full; an error is one of usage.
    pub(crate) async fn verify(&self, image: &str) -> Result<Verification, String> {
        let policy = Policy {
            rules: self.rules.clone(),
            files: Tree::Folder(self.folder.clone()),
            trust: self.trust.clone(),
            store: TrustStore::new(&self.environment, None),
            deny: self.deny.clone(),
            deny_unavailable: self.deny_unavailable,
        };
        let verifier = Verifier::new(policy, self.options.clone(), self.environment.clone());
        let judged = verifier.verify(&image.parse().unwrap(), &self.wanted).await;
        let judged = judged.map_err(|error| chain(&error))?;
        let proven: Vec<String> = judged.proven.iter().map(ToString::to_string).collect();
        let vouched = &judged.verification.proven_digests;
        assert!(proven.iter().all(|one| vouched.contains(one)));
        assert_eq!(proven.is_empty(), vouched.is_empty());
        Ok(judged.verification)
    }

    /// Whether one accepted signature of the image or its index meets every rule.
    fn asks_for_one(&self) -> bool {
        let is_one =
            |one: &Requirement| !matches!(one, Requirement::All(_) | Requirement::Threshold { .. });
        let alone = |rule: &Rule| match &rule.requirement {
            Requirement::Any(members) => members.iter().all(is_one),
            other => is_one(other),
        };
        self.wanted != Wanted::All
            && self.rules.iter().all(|rule| {
                alone(rule) && rule.attestations.is_empty() && rule.coverage == Coverage::Either
            })
    }

    pub(crate) fn trusting(self, pki: &Sigstore) -> Self {
        self.trusting_root(&pki.trusted_root())
    }

    pub(crate) fn trusting_root(mut self, json: &str) -> Self {
        self.trust = TrustMaterial::from_json(json).unwrap();
        self
    }
}

/// What holds for every verdict.
#[track_caller]
pub(crate) fn check(verification: &Verification) {
    let accepted = |one: &&Signature| one.verdict == Verdict::Verified;
    let satisfied = verification.signatures.iter().any(|one| accepted(&one));
    match verification.verdict {
        Verdict::Verified => assert!(satisfied && verification.reason.is_none()),
        Verdict::Denied => {}
        other => assert!(other == Verdict::Unsigned || verification.reason.is_some()),
    }
    if verification.verdict == Verdict::Unsigned && verification.manifests.is_empty() {
        assert_eq!(verification.signatures, []);
    }
    let attestations = &verification.attestations;
    for signature in verification.signatures.iter().chain(attestations) {
        assert_eq!(accepted(&signature), signature.reason.is_none());
        assert!(!accepted(&signature) || signature.identity.is_some());
        let one_of = [Verdict::Verified, Verdict::Untrusted, Verdict::Invalid];
        assert!(one_of.contains(&signature.verdict));
    }
}

/// Whether the verdict is the expected one; shows the whole answer where not.
#[track_caller]
pub(crate) fn assert_verdict(
    verification: &Verification,
    expected: Verdict,
    what: impl std::fmt::Debug,
) {
    assert_eq!(
        verification.verdict, expected,
        "{what:?}: {verification:#?}"
    );
}

/// A tiny image for linux on `architecture`.
pub(crate) fn agent(architecture: &str) -> Image {
    ImageBuilder::new()
        .file("agent", architecture, 0o755)
        .platform("linux", architecture)
        .build()
}

/// The workflow that signs in most of these tests.
pub(crate) fn ci() -> Identity {
    Identity::github(
        "acme/agent",
        ".github/workflows/release.yml",
        "refs/tags/v1.0.0",
    )
}

pub(crate) fn elsewhere() -> String {
    fullsend_testkit::digest_of(b"another image")
}

/// `legacy` with the repository's name, which nobody looks at.
pub(crate) fn legacy(signing: &Signing<'_>, digest: &str) -> LegacySignature {
    signing.legacy(digest, "registry.test/acme/agent")
}

/// A bundle by `key` around any text.
pub(crate) fn signed_text(key: &SigningKey, payload: &str) -> Bundle {
    let bundle = Signing::with_key(key).bundle(&elsewhere());
    let mut json = bundle.json().clone();
    let kind = "application/vnd.in-toto+json";
    let (head, length) = (kind.len(), payload.len());
    let encoded = format!("DSSEv1 {head} {kind} {length} {payload}");
    let signature = BASE64_STANDARD.encode(key.sign(encoded.as_bytes()));
    json["dsseEnvelope"]["payload"] = json!(BASE64_STANDARD.encode(payload));
    json["dsseEnvelope"]["signatures"] = json!([{"sig": signature}]);
    bundle.with_json(json)
}

/// A legacy signature by `key` around any text.
pub(crate) fn signed_legacy_text(key: &SigningKey, payload: &str) -> LegacySignature {
    let mut signature = legacy(&Signing::with_key(key), &elsewhere());
    let value = BASE64_STANDARD.encode(key.sign(payload.as_bytes()));
    payload.clone_into(&mut signature.payload);
    let name = "dev.cosignproject.cosign/signature";
    signature.annotations.insert(name.to_owned(), json!(value));
    signature
}
