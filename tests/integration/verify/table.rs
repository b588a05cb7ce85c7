//! The verdict table and its order, where several signatures lie beside each other.

use Verdict::{Invalid, Unavailable, Unsigned, Untrusted, Verified};
use fullsend::report::{Style, run::ConfigFile, verdict_table};
use fullsend_testkit::{registry::Fault, signing::Flaw};

use super::*;

/// Ways to have one signature of each verdict, for a policy of one key.
struct Makers {
    good: SigningKey,
    stranger: SigningKey,
}

impl Makers {
    fn new() -> Self {
        Self {
            good: SigningKey::p256(),
            stranger: SigningKey::p256(),
        }
    }

    fn add(&self, scene: &Scene, verdict: Verdict) {
        let good = Signing::with_key(&self.good);
        let digest = scene.digest();
        let _ = match verdict {
            Verified => scene.bundle(&good.bundle(digest)),
            Invalid => scene.bundle(&good.flaw(Flaw::Signature).bundle(digest)),
            Untrusted => scene.bundle(&Signing::with_key(&self.stranger).bundle(digest)),
            Unsigned => scene.bundle(&good.attestation(digest)),
            other => panic!("no signature makes it {other}"),
        };
    }

    async fn verdict_of(&self, signatures: &[Verdict]) -> Verification {
        let scene = Scene::new();
        for verdict in signatures {
            self.add(&scene, *verdict);
        }
        scene.verify(&Asked::key(&self.good)).await
    }
}

#[tokio::test]
async fn the_first_of_the_contracts_order_that_applies() {
    let makers = Makers::new();
    for (signatures, expected) in [
        (&[] as &[Verdict], Unsigned),
        (&[Unsigned], Unsigned),
        (&[Invalid], Invalid),
        (&[Invalid, Unsigned], Invalid),
        (&[Untrusted], Untrusted),
        (&[Untrusted, Unsigned], Untrusted),
        (&[Invalid, Untrusted], Untrusted),
        (&[Untrusted, Invalid], Untrusted),
        (&[Verified], Verified),
        (&[Invalid, Untrusted, Unsigned, Verified], Verified),
        (&[Verified, Invalid, Untrusted, Unsigned], Verified),
    ] {
        let verification = makers.verdict_of(signatures).await;
        assert_verdict(&verification, expected, signatures);
        let signatures = signatures.iter().filter(|one| **one != Unsigned);
        assert_eq!(verification.signatures.len(), signatures.count());
    }
}

#[tokio::test]
async fn unavailable_comes_before_untrusted_invalid_and_unsigned_and_after_verified() {
    let makers = Makers::new();
    for signature in [Invalid, Untrusted, Unsigned, Verified] {
        let scene = Scene::new();
        makers.add(&scene, signature);
        scene.registry.fault("*.sig", Fault::status(403));
        let expected = if signature == Verified {
            Verified
        } else {
            Unavailable
        };
        let verification = scene.verify(&Asked::key(&makers.good)).await;
        assert_verdict(&verification, expected, signature);
    }
}

#[tokio::test]
async fn formats_count_alike() {
    let makers = Makers::new();
    let asked = Asked::key(&makers.good);
    let (good, stranger) = (
        Signing::with_key(&makers.good),
        Signing::with_key(&makers.stranger),
    );
    let scene = Scene::new();
    scene.bundle(&stranger.bundle(scene.digest()));
    assert_verdict(
        &scene.verify(&asked).await,
        Untrusted,
        "a stranger's bundle",
    );
    scene.legacy(&legacy(&stranger, scene.digest()));
    scene.legacy(&legacy(&good, scene.digest()));
    let verification = scene.verify(&asked).await;
    assert_verdict(
        &verification,
        Verified,
        "and the legacy signature beside it",
    );
    assert_eq!(verification.signatures.len(), 3);
}

#[tokio::test]
async fn a_hint_is_a_claim_and_no_proof() {
    let makers = Makers::new();
    let hinting = |key: &SigningKey, hint: &str| {
        let scene = Scene::new();
        let bundle = Signing::with_key(key).bundle(scene.digest());
        let mut json = bundle.json().clone();
        json["verificationMaterial"]["publicKey"]["hint"] = json!(hint);
        scene.bundle(&bundle.with_json(json));
        scene
    };
    let asked = Asked::key(&makers.good);
    for (key, hint, expected) in [
        (&makers.good, makers.stranger.hint(), Verified),
        (&makers.good, String::new(), Verified),
        (&makers.stranger, makers.good.hint(), Invalid),
        (&makers.stranger, makers.good.fingerprint(), Invalid),
        (&makers.stranger, String::new(), Untrusted),
        (&makers.stranger, "x".repeat(1000), Untrusted),
    ] {
        let verification = hinting(key, &hint).verify(&asked).await;
        assert_verdict(&verification, expected, hint);
    }
}

#[tokio::test]
async fn an_attestation_alone_is_no_signature() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    let signing = Signing::keyless(&pki, ci());
    let attestation = signing.attestation(scene.digest());
    scene.bundle(&attestation);
    // Without the annotation that says so, it has to be read.
    let mut referrer = attestation.referrer(&scene.image.manifest);
    let mut manifest: serde_json::Value = serde_json::from_slice(&referrer.manifest.bytes).unwrap();
    manifest["annotations"] =
        json!({"dev.sigstore.bundle.predicateType": fullsend_testkit::signing::SIGN_PREDICATE});
    referrer.manifest = Manifest::new(&referrer.manifest.media_type, &manifest);
    scene.put_manifest(&referrer.manifest.digest, &referrer.manifest);
    let verification = scene.verify(&Asked::keyless(&pki, &ci())).await;
    assert_verdict(&verification, Unsigned, "attested");
}

#[tokio::test]
async fn another_subject_or_issuer_is_untrusted() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    let signing = Signing::keyless(&pki, ci());
    scene.bundle(&signing.bundle(scene.digest()));
    scene.legacy(&legacy(&signing, scene.digest()));
    let other = Identity::github("acme/other", ".github/workflows/x.yml", "refs/heads/main");
    for identity in [other, ci().issued_by("https://gitlab.com")] {
        let verification = scene.verify(&Asked::keyless(&pki, &identity)).await;
        assert_verdict(&verification, Untrusted, &identity);
        for signature in &verification.signatures {
            // Who did sign is proven, and said.
            assert_eq!(signature.identity.as_deref(), Some(ci().name()));
            assert_eq!(signature.issuer.as_deref(), Some(ci().issuer()));
        }
    }
}

#[tokio::test]
async fn a_method_that_the_policy_does_not_have_is_untrusted() {
    let (pki, key, scene) = (Sigstore::new(), SigningKey::p256(), Scene::new());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let verification = scene.verify(&Asked::keyless(&pki, &ci())).await;
    assert_verdict(
        &verification,
        Untrusted,
        "a key, where certificates are asked for",
    );

    let scene = Scene::new();
    scene.bundle(&Signing::keyless(&pki, ci()).bundle(scene.digest()));
    let asked = Asked::key(&key).trusting(&pki);
    let verification = scene.verify(&asked).await;
    assert_verdict(
        &verification,
        Untrusted,
        "a certificate, where a key is asked for",
    );
}

#[tokio::test]
async fn an_image_that_is_not_there_is_unavailable() {
    let scene = Scene::new();
    let asked = Asked::key(&SigningKey::p256());
    for reference in [":2".to_owned(), format!("@{}", elsewhere())] {
        let verification = scene.verify_as(&reference, &asked).await;
        assert_verdict(&verification, Unavailable, reference);
        assert_eq!(verification.digest, None);
    }
}

/// What people are shown of `verification` on so many columns, with the digests by name.
fn shown(verification: &Verification, width: usize) -> String {
    let style = Style {
        color: false,
        width: Some(width),
    };
    let text = verdict_table::text(verification, style);
    let long = text.lines().filter(|line| line.chars().count() > width);
    // A single word may be longer than the screen.
    let long: Vec<_> = long.filter(|line| line.trim().contains(' ')).collect();
    assert!(long.is_empty(), "{long:?}");
    let mut text = text;
    for (digest, name) in [
        (&verification.digest, "INDEX"),
        (&verification.manifest_digest, "MANIFEST"),
    ] {
        text = text.replace(digest.as_deref().unwrap_or("-"), name);
    }
    text
}

fn lines<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let values = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix(name));
    values.map(str::trim).collect()
}

#[tokio::test]
async fn people_see_who_signed_by_which_workflow_and_why_others_do_not_count() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    let scene = Scene::of(Image::index([agent("amd64"), agent("arm64")]));
    let by_gitlab = Identity::gitlab("acme/tools/agent", ".gitlab-ci.yml", "refs/heads/main");
    for identity in [by_gitlab, ci()] {
        scene.bundle(&Signing::keyless(&pki, identity).bundle(scene.digest()));
    }
    scene.legacy(&legacy(&Signing::with_key(&key), scene.digest()));
    let mut verification = scene.verify(&Asked::keyless(&pki, &ci())).await;
    verification.policy = ConfigFile {
        path: Some("/work/fullsend.yaml".to_owned()),
        sha256: None,
        r#ref: Some("main@0123".to_owned()),
    };
    let text = shown(&verification, 120);
    let first = format!(
        "{}/{REPOSITORY}:1: verified\n  digest      INDEX\n",
        scene.host()
    );
    assert!(text.starts_with(&first), "{text}");
    for (name, expected) in [
        ("manifest ", vec!["MANIFEST"]),
        (
            "policy",
            vec!["rule 0 of /work/fullsend.yaml, of main@0123"],
        ),
        (
            "signature",
            vec![
                "verified (keyless, bundle, on the index)",
                "untrusted (keyless, bundle, on the index)",
                "untrusted (key, legacy, on the index)",
            ],
        ),
        (
            "repository",
            vec![
                "https://github.com/acme/agent",
                "https://gitlab.com/acme/tools/agent",
            ],
        ),
        (
            "workflow",
            vec![".github/workflows/release.yml", ".gitlab-ci.yml"],
        ),
        ("ref ", vec!["refs/tags/v1.0.0", "refs/heads/main"]),
    ] {
        assert_eq!(lines(&text, name), expected, "{text}");
    }
    assert_eq!(lines(&text, "reason").len(), 2);
    assert_eq!(lines(&text, "logged").len(), 2);
    shown(&verification, 80);
}

#[tokio::test]
async fn people_see_what_alone_is_proven_and_each_platform() {
    let key = SigningKey::p256();
    let scene = Scene::of(Image::index([agent("amd64"), agent("arm64")]));
    let child = &scene.image.children[0];
    scene.bundle_to(child, &Signing::with_key(&key).bundle(&child.digest));
    let mut asked = Asked::key(&key);
    let text = shown(&scene.verify(&asked).await, 120);
    assert_eq!(
        lines(&text, "proven"),
        ["MANIFEST alone, not its index"],
        "{text}"
    );
    assert_eq!(
        lines(&text, "signature"),
        ["verified (key, bundle, on the manifest)"]
    );
    asked.wanted = Wanted::All;
    let image = format!("{}/{REPOSITORY}:1", scene.host());
    let text = shown(&asked.verify(&image).await.unwrap(), 120);
    let platforms = ["linux/amd64: verified", "linux/arm64: unsigned"];
    assert_eq!(lines(&text, "platform"), platforms, "{text}");
}

#[tokio::test]
async fn what_strangers_write_does_not_steer_the_terminal() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    scene.bundle(&Signing::keyless(&pki, ci()).bundle(scene.digest()));
    let mut verification = scene.verify(&Asked::keyless(&pki, &ci())).await;
    let hostile = "https://x/\u{1b}[2J\n\u{202e}y/.github/workflows/a.yml@refs/\u{9b}31m";
    verification.reason = Some(hostile.to_owned());
    let signature = &mut verification.signatures[0];
    signature.identity = Some(hostile.to_owned());
    signature.predicate_type = Some(hostile.to_owned());
    let claims = signature.claims.values_mut();
    claims.for_each(|claim| hostile.clone_into(claim));
    let text = shown(&verification, 80);
    let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(steers), "{text:?}");
}
