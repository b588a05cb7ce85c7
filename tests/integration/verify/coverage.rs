//! What must be signed of an image of several platforms: its index, its manifest, either or both.

use Verdict::{Denied, Unavailable, Unsigned, Untrusted, Verified};

use super::*;

/// An index of two images, which lies in as many indexes as a test likes.
struct Nest {
    scene: Scene,
    key: SigningKey,
    /// The indexes, outermost first, then the image for amd64.
    links: Vec<Manifest>,
}

impl Nest {
    fn new(depth: usize) -> Self {
        let amd64 = agent("amd64");
        let mut links = vec![amd64.manifest.clone()];
        let mut image = Image::index([agent("arm64"), amd64]);
        links.insert(0, image.manifest.clone());
        for _ in 1..depth {
            image = Image::index([image]);
            links.insert(0, image.manifest.clone());
        }
        Self {
            scene: Scene::of(image),
            key: SigningKey::p256(),
            links,
        }
    }

    fn sign(&self, link: usize) {
        let subject = &self.links[link];
        let bundle = Signing::with_key(&self.key).bundle(&subject.digest);
        self.scene.bundle_to(subject, &bundle);
    }

    fn asked(&self, coverage: &str) -> Asked {
        covering(&self.key, coverage)
    }

    fn digests(&self, from: usize) -> Vec<String> {
        let digests = self.links.iter().map(|link| link.digest.clone());
        digests.skip(from).collect()
    }
}

fn covering(key: &SigningKey, coverage: &str) -> Asked {
    let rule = format!(
        "- {{match: '**', key: 'env://KEY', insecure_ignore_tlog: true, signed: {coverage}}}"
    );
    Asked::rules(&rule, &[("KEY", &key.public_pem())])
}

#[tokio::test]
async fn what_is_signed_and_what_must_be() {
    // Of an index in an index: 0 is the outer one, 1 the inner one, 2 the image.
    for (coverage, signed, expected, proven) in [
        ("either", &[] as &[usize], Unsigned, None),
        ("either", &[0], Verified, Some(0)),
        ("either", &[1], Verified, Some(1)),
        ("either", &[2], Verified, Some(2)),
        ("either", &[2, 0], Verified, Some(0)),
        ("index", &[], Unsigned, None),
        ("index", &[0], Verified, Some(0)),
        ("index", &[1], Verified, Some(1)),
        ("index", &[2], Untrusted, None),
        ("manifest", &[], Unsigned, None),
        ("manifest", &[0, 1], Untrusted, None),
        ("manifest", &[2], Verified, Some(2)),
        ("manifest", &[0, 2], Verified, Some(2)),
        ("both", &[], Unsigned, None),
        ("both", &[0], Untrusted, None),
        ("both", &[2], Untrusted, None),
        ("both", &[0, 2], Verified, Some(2)),
        ("both", &[1, 2], Verified, Some(2)),
        ("both", &[0, 1], Untrusted, None),
    ] {
        let nest = Nest::new(2);
        for &link in signed {
            nest.sign(link);
        }
        let verification = nest.scene.verify(&nest.asked(coverage)).await;
        assert_verdict(&verification, expected, (coverage, signed));
        let proven = proven.map_or(Vec::new(), |from| nest.digests(from));
        assert_eq!(verification.proven_digests, proven, "{coverage} {signed:?}");
    }
}

#[tokio::test]
async fn where_the_image_must_be_signed_its_signer_counts_and_the_indexs_are_not_fetched() {
    let nest = Nest::new(1);
    let (of_index, of_image) = (SigningKey::p256(), SigningKey::p256());
    for (link, key) in [(0, &of_index), (1, &of_image)] {
        let subject = &nest.links[link];
        let bundle = Signing::with_key(key).bundle(&subject.digest);
        nest.scene.bundle_to(subject, &bundle);
    }
    let rule = "- match: '**'
  signed: manifest
  any:
  - {key: 'env://INDEX', insecure_ignore_tlog: true}
  - {key: 'env://IMAGE', insecure_ignore_tlog: true}";
    let keys = [
        ("INDEX", of_index.public_pem()),
        ("IMAGE", of_image.public_pem()),
    ];
    let asked = Asked::rules(rule, &keys.each_ref().map(|(name, pem)| (*name, &**pem)));
    let index = nest.scene.digest();
    // By digest, the index's are fetched before it is known to be one.
    for (reference, rows) in [(":1", 1), (&format!("@{index}"), 2)] {
        nest.scene.registry.clear_requests();
        let verification = nest.scene.verify_as(reference, &asked).await;
        assert_verdict(&verification, Verified, reference);
        assert_eq!(verification.signatures.len(), rows, "{verification:#?}");
        let accepted = verification.accepted().unwrap();
        assert_eq!(accepted.identity, Some(of_image.fingerprint()));
        let paths = nest.scene.registry.paths();
        let of_index = paths.iter().filter(|path| path.contains("/referrers/"));
        let of_index = of_index.filter(|path| path.contains(index));
        assert_eq!(of_index.count(), rows - 1, "{paths:?}");
    }
}

#[tokio::test]
async fn a_lone_image_is_its_own_index() {
    for coverage in ["either", "index", "manifest", "both"] {
        let (scene, key) = (Scene::new(), SigningKey::p256());
        let asked = covering(&key, coverage);
        assert_verdict(&scene.verify(&asked).await, Unsigned, coverage);
        scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
        assert_verdict(&scene.verify(&asked).await, Verified, coverage);
    }
}

#[tokio::test]
async fn indexes_are_followed_so_far() {
    for (depth, expected) in [
        (1, Verified),
        (2, Verified),
        (3, Verified),
        (4, Unavailable),
    ] {
        let nest = Nest::new(depth);
        nest.sign(depth);
        nest.sign(0);
        let verification = nest.scene.verify(&nest.asked("both")).await;
        assert_verdict(&verification, expected, depth);
    }
}

/// An index with these entries as they stand, over the images that they may name.
fn index_of(images: &[&Image], entries: &serde_json::Value) -> Scene {
    let mut outer = Image::index(images.iter().map(|&image| image.clone()));
    let index = json!({
        "schemaVersion": 2,
        "mediaType": outer.manifest.media_type,
        "manifests": entries,
    });
    outer.manifest = Manifest::new(&outer.manifest.media_type, &index);
    Scene::of(outer)
}

#[tokio::test]
async fn entries_that_lie_about_what_they_are() {
    let (image, key) = (agent("amd64"), SigningKey::p256());
    let inner = Image::index([image.clone()]);
    let platform = json!({"os": "linux", "architecture": "amd64"});
    let mut index_as_image = inner.manifest.descriptor();
    index_as_image["mediaType"] = json!(fullsend_testkit::image::MANIFEST);
    index_as_image["platform"] = platform.clone();
    let mut image_as_index = image.manifest.descriptor();
    image_as_index["mediaType"] = json!(fullsend_testkit::image::INDEX);
    image_as_index["platform"] = platform;
    for entry in [index_as_image, image_as_index] {
        let scene = index_of(&[&inner], &json!([entry]));
        scene.put_manifest(&image.manifest.digest, &image.manifest);
        for subject in [&scene.image.manifest, &inner.manifest, &image.manifest] {
            scene.bundle_to(subject, &Signing::with_key(&key).bundle(&subject.digest));
        }
        // What would run is hidden, from a deny list too.
        let verification = scene.verify(&Asked::key(&key)).await;
        assert_verdict(&verification, Unavailable, entry);
        let reason = verification.reason.unwrap();
        assert!(reason.contains("calls itself an"), "{reason}");
    }
}

#[tokio::test]
async fn of_all_platforms_each_is_looked_at() {
    let (amd64, arm64, key) = (agent("amd64"), agent("arm64"), SigningKey::p256());
    let hiding = Image::index([arm64.clone()]);
    let entry = |manifest: &Manifest, architecture: &str| {
        let mut entry = manifest.descriptor();
        entry["mediaType"] = json!(fullsend_testkit::image::MANIFEST);
        entry["platform"] = json!({"os": "linux", "architecture": architecture});
        entry
    };
    for (second, expected) in [(&arm64, Verified), (&hiding, Unavailable)] {
        let entries = [
            entry(&amd64.manifest, "amd64"),
            entry(&second.manifest, "arm64"),
        ];
        let scene = index_of(&[&amd64, second], &json!(entries));
        scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
        let verification = scene.verify(&Asked::key(&key)).await;
        assert_verdict(&verification, Verified, "the first");
        for wanted in [Wanted::All, Wanted::Platform(Platform::linux("arm64"))] {
            let mut asked = Asked::key(&key);
            asked.wanted = wanted;
            let by_digest = format!("@{}", scene.digest());
            for reference in [":1", &by_digest] {
                let verification = scene.verify_as(reference, &asked).await;
                assert_verdict(&verification, expected, (&asked.wanted, reference));
            }
        }
    }
}

#[tokio::test]
async fn an_index_without_the_platform() {
    for (coverage, expected) in [
        ("either", Verified),
        ("index", Verified),
        ("manifest", Untrusted),
        ("both", Untrusted),
    ] {
        let nest = Nest::new(1);
        nest.sign(0);
        nest.sign(1);
        let mut asked = nest.asked(coverage);
        asked.wanted = Wanted::Platform("linux/s390x".parse().unwrap());
        let verification = nest.scene.verify(&asked).await;
        assert_verdict(&verification, expected, coverage);
        assert_eq!(verification.manifest_digest, None);
    }
}

fn every_platform(key: &SigningKey, coverage: &str) -> Asked {
    Asked {
        wanted: Wanted::All,
        ..covering(key, coverage)
    }
}

#[tokio::test]
async fn all_platforms_are_as_good_as_the_worst() {
    let nest = Nest::new(1);
    let asked = every_platform(&nest.key, "either");
    nest.sign(1);
    let verification = nest.scene.verify(&asked).await;
    assert_verdict(&verification, Unsigned, "arm64");
    let reason = verification.reason.as_deref();
    assert_eq!(reason, Some("linux/arm64: no signature"));
    let each: Vec<_> = verification
        .manifests
        .iter()
        .map(|one| (one.platform.as_deref().unwrap(), one.verdict))
        .collect();
    let expected = [("linux/arm64", Unsigned), ("linux/amd64", Verified)];
    assert_eq!(each, expected);
    assert_eq!(verification.proven_digests, [""; 0]);
    nest.sign(0);
    let verification = nest.scene.verify(&asked).await;
    assert_verdict(&verification, Verified, "the index");
    assert_eq!(verification.manifests.len(), 2);
    assert_eq!(verification.proven_digests.len(), 3);
    let verification = nest.scene.verify(&every_platform(&nest.key, "both")).await;
    assert_verdict(
        &verification,
        Untrusted,
        "arm64 is signed by its index alone",
    );
}

#[tokio::test]
async fn all_platforms_of_a_lone_image() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let verification = scene.verify(&every_platform(&key, "either")).await;
    assert_verdict(&verification, Verified, "one");
    assert_eq!(verification.manifests.len(), 1);
    assert_eq!(verification.proven_digests, [scene.digest()]);
}

#[tokio::test]
async fn what_builders_attach_to_an_index_is_no_platform() {
    let (image, attached, key) = (agent("amd64"), agent("unknown"), SigningKey::p256());
    let mut entry = image.manifest.descriptor();
    entry["platform"] = json!({"os": "linux", "architecture": "amd64"});
    let mut unknown = attached.manifest.descriptor();
    unknown["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    unknown["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let scene = index_of(&[&image, &attached], &json!([unknown, entry]));
    scene.bundle_to(
        &image.manifest,
        &Signing::with_key(&key).bundle(image.digest()),
    );
    let verification = scene.verify(&every_platform(&key, "manifest")).await;
    assert_verdict(&verification, Verified, "buildx");
    assert_eq!(verification.manifests.len(), 1);
}

#[tokio::test]
async fn an_outage_of_one_platform_says_nothing_about_the_other() {
    let nest = Nest::new(1);
    nest.sign(1);
    let arm64 = agent("arm64");
    let pattern = format!("*{}.sig", fallback_tag(arm64.digest()));
    let fault = fullsend_testkit::registry::Fault::status(403);
    nest.scene.registry.fault(&pattern, fault);
    let verification = nest
        .scene
        .verify(&every_platform(&nest.key, "manifest"))
        .await;
    assert_verdict(&verification, Unavailable, "arm64");
    assert_eq!(verification.manifests[1].verdict, Verified);
}

fn denying(mut asked: Asked, digest: &str) -> (Asked, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let list = format!("- {{digest: '{digest}', reason: stolen}}");
    let file = fullsend::seam::files::AtomicFile::open(&folder.path().join("deny.yaml"));
    file.and_then(|file| file.commit(list.as_bytes())).unwrap();
    folder.path().clone_into(&mut asked.folder);
    asked.deny = Some(DenySource::File("deny.yaml".into()));
    (asked, folder)
}

#[tokio::test]
async fn every_digest_on_the_way_can_be_denied() {
    for denied in 0..4 {
        let nest = Nest::new(3);
        nest.sign(0);
        for wanted in [nest.asked("either").wanted, Wanted::All] {
            let asked = Asked {
                wanted,
                ..nest.asked("either")
            };
            assert_verdict(&nest.scene.verify(&asked).await, Verified, denied);
            let (asked, _folder) = denying(asked, &nest.links[denied].digest);
            let verification = nest.scene.verify(&asked).await;
            assert_verdict(&verification, Denied, denied);
            assert_eq!(verification.proven_digests, [""; 0]);
        }
    }
}

#[tokio::test]
async fn a_denied_digest_is_denied_though_no_rule_matches() {
    let nest = Nest::new(2);
    let rule = "- {match: 'ghcr.io/**', key: 'env://KEY', insecure_ignore_tlog: true}";
    let asked = Asked::rules(rule, &[("KEY", &nest.key.public_pem())]);
    let verification = nest.scene.verify(&asked).await;
    assert_verdict(&verification, Untrusted, "no rule");
    let (asked, _folder) = denying(asked, &nest.links[2].digest);
    let verification = nest.scene.verify(&asked).await;
    assert_verdict(&verification, Denied, "no rule and denied");
    assert_eq!(verification.verdict.exit_code(), 13);
}
