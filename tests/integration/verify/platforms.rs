//! Images of several platforms, tags beside digests, and tags that move.

use Verdict::{Invalid, Unsigned, Verified};

use super::*;

struct Index {
    scene: Scene,
    key: SigningKey,
    amd64: Manifest,
    arm64: Manifest,
}

impl Index {
    fn new() -> Self {
        let (amd64, arm64) = (agent("amd64"), agent("arm64"));
        Self {
            scene: Scene::of(Image::index([amd64.clone(), arm64.clone()])),
            key: SigningKey::p256(),
            amd64: amd64.manifest,
            arm64: arm64.manifest,
        }
    }

    fn sign(&self, digest: &str) -> Bundle {
        Signing::with_key(&self.key).bundle(digest)
    }

    async fn verdict_for(&self, platform: &str) -> Verification {
        let mut asked = Asked::key(&self.key);
        asked.wanted = Wanted::Platform(platform.parse().unwrap());
        self.scene.verify(&asked).await
    }
}

/// Whether the three fields say so.
#[track_caller]
fn assert_is(
    verification: &Verification,
    index: &str,
    manifest: Option<&str>,
    platform: Option<&str>,
) {
    assert_eq!(verification.digest.as_deref(), Some(index));
    assert_eq!(verification.manifest_digest.as_deref(), manifest);
    assert_eq!(verification.platform.as_deref(), platform);
}

#[tokio::test]
async fn a_signature_of_the_index_is_one_of_all_its_images() {
    let index = Index::new();
    let digest = index.scene.digest();
    index.scene.bundle(&index.sign(digest));
    for (platform, manifest) in [("linux/amd64", &index.amd64), ("linux/arm64", &index.arm64)] {
        let verification = index.verdict_for(platform).await;
        assert_verdict(&verification, Verified, platform);
        assert_is(
            &verification,
            digest,
            Some(&manifest.digest),
            Some(platform),
        );
    }
}

#[tokio::test]
async fn a_signature_of_one_image_is_of_that_one_alone() {
    let index = Index::new();
    index
        .scene
        .bundle_to(&index.amd64, &index.sign(&index.amd64.digest));
    let verification = index.verdict_for("linux/amd64").await;
    assert_verdict(&verification, Verified, "amd64");
    let manifest = Some(index.amd64.digest.as_str());
    assert_is(
        &verification,
        index.scene.digest(),
        manifest,
        Some("linux/amd64"),
    );
    let verification = index.verdict_for("linux/arm64").await;
    assert_verdict(&verification, Unsigned, "arm64");
}

#[tokio::test]
async fn a_platform_that_the_index_does_not_have() {
    let index = Index::new();
    let digest = index.scene.digest();
    assert_verdict(
        &index.verdict_for("linux/s390x").await,
        Unsigned,
        "unsigned",
    );
    index
        .scene
        .bundle_to(&index.amd64, &index.sign(&index.amd64.digest));
    assert_verdict(
        &index.verdict_for("linux/s390x").await,
        Unsigned,
        "another's",
    );
    index.scene.bundle(&index.sign(digest));
    let verification = index.verdict_for("linux/s390x").await;
    // What is signed is signed; that nothing of it runs here, the null says.
    assert_verdict(&verification, Verified, "the index");
    assert_is(&verification, digest, None, None);
}

#[tokio::test]
async fn index_and_manifest_are_not_mixed_up() {
    let index = Index::new();
    let digest = index.scene.digest();
    // Each names the other one's digest.
    index.scene.bundle_to(&index.amd64, &index.sign(digest));
    assert_verdict(
        &index.verdict_for("linux/amd64").await,
        Invalid,
        "on the manifest",
    );
    let index = Index::new();
    index.scene.bundle(&index.sign(&index.amd64.digest));
    assert_verdict(
        &index.verdict_for("linux/amd64").await,
        Invalid,
        "on the index",
    );
    let index = Index::new();
    index
        .scene
        .bundle_to(&index.amd64, &index.sign(&index.arm64.digest));
    assert_verdict(
        &index.verdict_for("linux/amd64").await,
        Invalid,
        "the neighbour's",
    );
}

#[tokio::test]
async fn one_image_has_one_digest() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let verification = scene.verify(&Asked::key(&key)).await;
    let digest = scene.digest();
    assert_is(&verification, digest, Some(digest), Some("linux/amd64"));
}

#[tokio::test]
async fn with_tag_and_digest_the_tag_is_never_resolved() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let moved = agent("arm64");
    scene.put_manifest("1", &moved.manifest);
    let reference = format!(":1@{}", scene.digest());
    let verification = scene.verify_as(&reference, &Asked::key(&key)).await;
    assert_verdict(&verification, Verified, reference);
    assert_eq!(verification.digest.as_deref(), Some(scene.digest()));
    let paths = scene.registry.paths();
    assert!(
        paths.iter().all(|path| !path.ends_with("/manifests/1")),
        "{paths:?}"
    );
}

#[tokio::test]
async fn a_tag_is_resolved_once_and_what_it_was_is_verified() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let other = agent("arm64");
    scene.put_manifest(&other.manifest.digest.clone(), &other.manifest);
    scene.put_blobs(&other.blobs);
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let (signed, unsigned) = (scene.digest(), other.digest());
    for (first, second, expected) in [(signed, unsigned, Verified), (unsigned, signed, Unsigned)] {
        scene.registry.move_tag(REPOSITORY, "1", &[first, second]);
        scene.registry.clear_requests();
        let verification = scene.verify(&Asked::key(&key)).await;
        assert_verdict(&verification, expected, first);
        assert_eq!(verification.digest.as_deref(), Some(first));
        let paths = scene.registry.paths();
        let resolved = paths.iter().filter(|path| path.ends_with("/manifests/1"));
        assert_eq!(resolved.count(), 1);
    }
}

#[tokio::test]
async fn an_index_in_an_index_is_verified_by_either_signature() {
    let image = agent("amd64");
    let inner = Image::index([image.clone()]);
    let mut outer = Image::index([inner.clone()]);
    let mut json: serde_json::Value = serde_json::from_slice(&outer.manifest.bytes).unwrap();
    json["manifests"][0]["platform"] = json!({"os": "linux", "architecture": "amd64"});
    outer.manifest = Manifest::new(&outer.manifest.media_type, &json);
    let (scene, key) = (Scene::of(outer), SigningKey::p256());
    scene.bundle_to(
        &inner.manifest,
        &Signing::with_key(&key).bundle(inner.digest()),
    );
    let verification = scene.verify(&Asked::key(&key)).await;
    assert_verdict(&verification, Verified, "the inner one");
    assert_eq!(
        verification.manifest_digest.as_deref(),
        Some(image.digest())
    );
    // The outer one stays unproven.
    assert_eq!(
        verification.proven_digests,
        [inner.digest(), image.digest()]
    );
}
