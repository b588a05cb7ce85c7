//! A registry that fails at one step: the verdict is `unavailable`, never `unsigned`, and what
//! could not be fetched is never made up for by something weaker.

use Verdict::{Unavailable, Unsigned, Untrusted, Verified};
use fullsend_testkit::{registry::Fault, signing::Referrer};

use super::*;

/// Every way to fail that is not "there is none".
fn faults() -> Vec<(&'static str, Fault)> {
    let html = Fault::normal().header("Content-Type", "text/html");
    vec![
        ("401", Fault::status(401)),
        ("403", Fault::status(403)),
        ("429", Fault::status(429).retry_after(600)),
        ("400", Fault::status(400)),
        ("500", Fault::status(500)),
        ("503", Fault::status(503)),
        ("204", Fault::status(204)),
        ("a web page", html.body("<!DOCTYPE html><html></html>")),
        ("nothing", Fault::normal().body("")),
        ("cut short", Fault::truncate()),
        ("without an end", Fault::endless()),
        ("another last byte", Fault::corrupt()),
        ("silence", Fault::hang()),
        ("a closed connection", Fault::disconnect()),
    ]
}

fn impatient(mut asked: Asked) -> Asked {
    asked.options.deadline = Duration::from_secs(4);
    asked.options.idle_timeout = Duration::from_millis(400);
    asked
}

/// Fails at `steps` in every way, one after the other.
async fn fails_at(scene: &Scene, asked: &Asked, steps: &[String]) {
    let good = scene.verify(asked).await;
    assert_verdict(&good, Verified, "without a fault");
    let asked = impatient(asked.clone());
    for step in steps {
        for (name, fault) in faults() {
            scene.registry.clear_faults();
            scene.registry.fault(step, fault);
            let verification = scene.verify(&asked).await;
            assert_verdict(&verification, Unavailable, (step, name));
            assert!(verification.reason.unwrap().contains(&scene.host()));
        }
    }
}

fn manifest_path(reference: &str) -> String {
    format!("/v2/{REPOSITORY}/manifests/{reference}")
}

/// Where a bundle lies.
fn bundle_paths(referrer: &Referrer) -> [String; 2] {
    let blob = &referrer.blobs[1].digest;
    [
        manifest_path(&referrer.manifest.digest),
        format!("/v2/{REPOSITORY}/blobs/{blob}"),
    ]
}

#[tokio::test]
async fn on_the_way_to_a_bundle() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let referrer = scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let referrers = format!("/v2/{REPOSITORY}/referrers/{}", scene.digest());
    let mut steps = vec![manifest_path("1"), referrers];
    steps.extend(bundle_paths(&referrer));
    fails_at(&scene, &Asked::key(&key), &steps).await;
}

#[tokio::test]
async fn on_the_way_to_a_bundle_by_the_fallback_tag() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let referrer = scene.fallback(&Signing::with_key(&key).bundle(scene.digest()));
    let mut steps = vec![manifest_path(&fallback_tag(scene.digest()))];
    steps.extend(bundle_paths(&referrer));
    fails_at(&scene, &Asked::key(&key), &steps).await;
}

#[tokio::test]
async fn on_the_way_to_a_legacy_signature() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let signature = legacy(&Signing::with_key(&key), scene.digest());
    scene.legacy(&signature);
    let payload = fullsend_testkit::digest_of(signature.payload.as_bytes());
    let steps = [
        manifest_path(&format!("{}.sig", fallback_tag(scene.digest()))),
        format!("/v2/{REPOSITORY}/blobs/{payload}"),
    ];
    fails_at(&scene, &Asked::key(&key), &steps).await;
}

#[tokio::test]
async fn absence_counts_only_where_something_may_be_absent() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let referrer = scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let asked = Asked::key(&key);
    for path in bundle_paths(&referrer) {
        scene.registry.clear_faults();
        scene.registry.fault(&path, Fault::status(404));
        let verification = scene.verify(&asked).await;
        assert_verdict(&verification, Unavailable, "what was listed is missing");
    }
    scene.registry.clear_faults();
    scene.registry.fault("*/referrers/*", Fault::status(404));
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Unsigned, "no referrers API, no fallback tag");
    let page = Fault::status(404).header("Content-Type", "text/html");
    scene.registry.fault("*.sig", page.body("<html>"));
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Unavailable, "a proxy's 404");
}

#[tokio::test]
async fn an_unsigned_or_untrusted_image_is_not_known_to_be_one() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let asked = impatient(Asked::key(&key));
    let tag = fallback_tag(scene.digest());
    let places = [
        "*/referrers/*".to_owned(),
        format!("*/{tag}"),
        format!("*/{tag}.sig"),
    ];
    for place in &places {
        for (name, fault) in faults() {
            // A fault of the body alone leaves the 404 of a tag that is not there.
            let body = [
                "nothing",
                "cut short",
                "without an end",
                "another last byte",
            ];
            if place.contains("sha256-") && body.contains(&name) {
                continue;
            }
            scene.registry.clear_faults();
            scene.registry.fault(place, fault);
            let verification = scene.verify(&asked).await;
            assert_verdict(&verification, Unavailable, (place, name));
        }
    }
    scene.registry.clear_faults();
    scene.legacy(&legacy(
        &Signing::with_key(&SigningKey::p256()),
        scene.digest(),
    ));
    assert_verdict(&scene.verify(&asked).await, Untrusted, "a stranger");
    scene.registry.fault("*/referrers/*", Fault::status(500));
    let verification = scene.verify(&asked).await;
    assert_verdict(
        &verification,
        Unavailable,
        "a stranger, and perhaps a friend",
    );
}

#[tokio::test]
async fn a_page_of_referrers_that_is_missing_is_not_the_end_of_the_list() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.registry.referrers_page_size(1);
    scene.bundle(&Signing::with_key(&SigningKey::p256()).bundle(scene.digest()));
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    for status in [404, 429, 500] {
        scene.registry.clear_faults();
        let fault = Fault::status(status).retry_after(600).after(1);
        scene.registry.fault("*/referrers/*", fault);
        let verification = scene.verify(&Asked::key(&key)).await;
        assert_verdict(&verification, Unavailable, status);
    }
}

/// The contract: `verified` is "a rule is satisfied", and comes before `unavailable`. A legacy
/// signature is no weaker evidence here, as both formats are checked in full.
#[tokio::test]
async fn a_good_legacy_signature_satisfies_the_rule_though_the_bundle_could_not_be_fetched() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let signing = Signing::with_key(&key);
    scene.bundle(&signing.bundle(scene.digest()));
    scene.legacy(&legacy(&signing, scene.digest()));
    scene.registry.fault("*/referrers/*", Fault::status(500));
    let verification = scene.verify(&Asked::key(&key)).await;
    assert_verdict(&verification, Verified, "legacy");
}

#[tokio::test]
async fn a_legacy_signature_that_does_not_satisfy_is_no_way_around_a_bundle() {
    let (pki, scene, key) = (Sigstore::new(), Scene::new(), SigningKey::p256());
    scene.bundle(
        &Signing::with_key(&key)
            .logged_in(&pki)
            .bundle(scene.digest()),
    );
    // By the right key, but not in the log.
    scene.legacy(&legacy(&Signing::with_key(&key), scene.digest()));
    let asked = Asked::logged_key(&key, &pki);
    assert_verdict(&scene.verify(&asked).await, Verified, "both");
    scene.registry.fault("*/referrers/*", Fault::status(500));
    assert_verdict(
        &scene.verify(&asked).await,
        Unavailable,
        "only the weaker one",
    );
}

#[tokio::test]
async fn a_size_that_the_descriptor_does_not_have() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let referrer = Signing::with_key(&key)
        .bundle(scene.digest())
        .referrer(&scene.image.manifest);
    scene.put_blobs(&referrer.blobs);
    for wrong in [0_u64, 1, 1 << 40] {
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&referrer.manifest.bytes).unwrap();
        manifest["layers"][0]["size"] = json!(wrong);
        let manifest = Manifest::new(&referrer.manifest.media_type, &manifest);
        scene.put_manifest(&manifest.digest, &manifest);
        let verification = scene.verify(&Asked::key(&key)).await;
        assert_verdict(&verification, Unavailable, wrong);
        scene.registry.remove(REPOSITORY, &manifest.digest);
    }
}

#[tokio::test]
async fn another_manifest_under_the_digest_of_the_image_or_of_the_bundle() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let referrer = scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let by_digest = format!("@{}", scene.digest());
    let swapped = agent("arm64").manifest;
    let body = Fault::normal().body(swapped.bytes);
    for digest in [scene.digest(), &referrer.manifest.digest] {
        scene.registry.clear_faults();
        scene.registry.fault(&manifest_path(digest), body.clone());
        let verification = scene.verify_as(&by_digest, &Asked::key(&key)).await;
        assert_verdict(&verification, Unavailable, digest);
    }
}
