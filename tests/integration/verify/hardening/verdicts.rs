//! What each way to fail is called, and what it does not give away.

use super::*;

#[tokio::test]
async fn point_13_each_way_to_fail_has_its_own_verdict_and_an_error_is_no_downgrade() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    let asked = Asked::logged_key(&key, &pki);
    let good = Signing::with_key(&key).logged_in(&pki);
    let broken = good.clone().flaw(Flaw::Signature);
    let stranger = SigningKey::p256();
    let stranger = Signing::with_key(&stranger).logged_in(&pki);
    for (bundle, expected) in [
        (None, Unsigned),
        (Some(&broken), Invalid),
        (Some(&stranger), Untrusted),
        (Some(&good), Verified),
    ] {
        let scene = Scene::new();
        if let Some(signing) = bundle {
            scene.bundle(&signing.bundle(scene.digest()));
        }
        assert_verdict(&scene.verify(&asked).await, expected, "all was fetched");
        for status in [401, 403, 429, 500] {
            scene.registry.clear_faults();
            let fault = Fault::status(status).retry_after(600);
            scene.registry.fault("*/referrers/*", fault);
            let verification = scene.verify(&asked).await;
            assert_verdict(&verification, Unavailable, (expected, status));
        }
    }
    // What a legacy signature lacks is not made up for by a bundle that nobody has seen.
    let unlogged = Signing::with_key(&key);
    for weaker in [&unlogged, &broken, &stranger] {
        let scene = Scene::new();
        scene.bundle(&good.bundle(scene.digest()));
        scene.legacy(&legacy(weaker, scene.digest()));
        assert_verdict(&scene.verify(&asked).await, Verified, "by the bundle");
        scene.registry.fault("*/referrers/*", Fault::status(500));
        assert_verdict(&scene.verify(&asked).await, Unavailable, "without it");
    }
    let mut untrusting = Asked::logged_key(&key, &pki);
    let repository = tuf::Repository::new(&pki.trusted_root());
    untrusting.trust = untrusting_store()
        .material_of(repository.root().as_bytes())
        .unwrap();
    let verification = verdict_on(&good.bundle(&digest()), &untrusting).await;
    assert_verdict(
        &verification,
        Unavailable,
        "no trusted root was fetched yet",
    );
}

#[tokio::test]
async fn point_15_a_digest_is_one_before_it_is_asked_for_and_credentials_stay_at_home() {
    let (scene, _, asked) = signed();
    for bad in [
        "sha256:x/../../../../admin",
        "sha256:../../admin",
        "sha512:00",
        "x",
    ] {
        let listed = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": bad, "size": 1}
        ]});
        let list = Fault::normal().header("Content-Type", INDEX);
        scene
            .registry
            .fault("*/referrers/*", list.body(listed.to_string()));
        scene.registry.clear_requests();
        assert_verdict(&scene.verify(&asked).await, Unavailable, bad);
        let paths = scene.registry.paths();
        let known = [
            "/manifests/1",
            "/referrers/",
            "/manifests/sha256-",
            "/blobs/",
        ];
        let is_known = |path: &String| known.iter().any(|part| path.contains(part));
        assert!(paths.iter().all(is_known), "{paths:?}");
    }
    let (scene, _, asked) = signed();
    let storage = Registry::start();
    storage.fault("*", Fault::status(404));
    scene.registry.require(Auth::bearer());
    scene
        .registry
        .fault("*/blobs/*", Fault::redirect(&storage.url("/v2/s/blobs/x")));
    assert_verdict(
        &scene.verify(&asked).await,
        Unavailable,
        "the storage has nothing",
    );
    let seen = storage.requests();
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|one| one.header("authorization").is_none()));
    storage.clear_requests();
    let with_user = format!("http://user:pw@{}/x", storage.host());
    for target in [with_user.as_str(), "ftp://127.0.0.1/x"] {
        scene.registry.fault("*/blobs/*", Fault::redirect(target));
        assert_verdict(&scene.verify(&asked).await, Unavailable, target);
    }
    assert_eq!(storage.requests().len(), 0);
}

/// A store without a cache.
fn untrusting_store() -> TrustStore {
    let environment = [("FULLSEND_CACHE_DIR", "/nonexistent")]
        .into_iter()
        .collect();
    TrustStore::new(&environment, None)
}
