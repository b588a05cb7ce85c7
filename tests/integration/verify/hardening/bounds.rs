//! How much is read, and how deep.

use super::*;

#[tokio::test]
async fn point_12_bytes_are_bounded() {
    let key = SigningKey::p256();
    let (signing, asked) = (Signing::with_key(&key), Asked::key(&key));
    let long = |bytes: usize| json!({"x": "x".repeat(bytes)});
    let manifest = verdict_on_manifest(&key, |json| json["annotations"] = long(4 << 20)).await;
    assert_verdict(&manifest, Unavailable, "a manifest");
    let bundle = signing.statement(&digest(), SIGN_PREDICATE, &long(1 << 20).to_string());
    assert_verdict(&verdict_on(&bundle, &asked).await, Unavailable, "a bundle");
    let scene = Scene::new();
    let payload = json!({"critical": {
        "image": {"docker-manifest-digest": scene.digest()},
        "type": "cosign container image signature",
    }, "optional": long(64 << 10)});
    scene.legacy(&signed_legacy_text(&key, &payload.to_string()));
    assert_verdict(&scene.verify(&asked).await, Unavailable, "a payload");
}

#[tokio::test]
async fn point_12_layers_and_referrers_are_bounded() {
    let (key, stranger) = (SigningKey::p256(), SigningKey::p256());
    let asked = Asked::key(&key);
    let repeat = |json: &mut Value| {
        let layer = json["layers"][0].clone();
        json["layers"] = json!(vec![layer; 1025]);
    };
    let image = verdict_on_manifest(&key, repeat).await;
    assert_verdict(&image, Unavailable, "an image's layers");
    let scene = Scene::new();
    let (good, bad) = [&key, &stranger]
        .map(|key| Signing::with_key(key).bundle(scene.digest()))
        .into();
    let good_layer = Blob::new(Bundle::bytes(&good));
    scene.put_blobs(std::slice::from_ref(&good_layer));
    put_changed(&scene, &bad, |json| {
        let kind = json["layers"][0]["mediaType"].as_str().unwrap().to_owned();
        json["layers"]
            .as_array_mut()
            .unwrap()
            .push(good_layer.descriptor(&kind));
    });
    assert_verdict(
        &scene.verify(&asked).await,
        Unavailable,
        "a referrer's layers",
    );
    let scene = Scene::new();
    for _ in 0..64 {
        scene.bundle(&Signing::with_key(&stranger).bundle(scene.digest()));
    }
    scene.bundle(&good);
    assert_verdict(&scene.verify(&asked).await, Unavailable, "referrers");
}

#[tokio::test]
async fn point_12_log_entries_time_stamps_and_subjects_are_bounded() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    let bundle = Signing::keyless(&pki, ci()).timestamped().bundle(&digest());
    for list in [
        "/tlogEntries",
        "/timestampVerificationData/rfc3161Timestamps",
    ] {
        let many = changed(&bundle, |json| {
            let list = json["verificationMaterial"].pointer_mut(list).unwrap();
            *list = json!(vec![list[0].clone(); 9]);
        });
        assert_verdict(&verdict_on(&many, &asked).await, Invalid, list);
    }
    let key = SigningKey::p256();
    let subject = json!({"digest": {"sha256": digest().trim_start_matches("sha256:")}});
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": vec![subject; 1025],
        "predicateType": SIGN_PREDICATE,
        "predicate": {},
    });
    let bundle = signed_text(&key, &statement.to_string());
    assert_verdict(
        &verdict_on(&bundle, &Asked::key(&key)).await,
        Invalid,
        "subjects",
    );
}

#[tokio::test]
async fn point_12_the_time_for_all_requests_together_is_bounded() {
    let (scene, _, mut asked) = signed();
    let slow = Fault::normal().delay(Duration::from_millis(800));
    scene.registry.fault("*", slow);
    for (seconds, expected) in [(2, Unavailable), (60, Verified)] {
        asked.options.deadline = Duration::from_secs(seconds);
        let verification = scene.verify(&asked).await;
        assert_verdict(&verification, expected, "four rounds of 800 ms");
    }
}

#[tokio::test]
async fn point_16_an_index_its_image_or_all_of_them_and_only_so_deep() {
    let (amd64, arm64, key) = (agent("amd64"), agent("arm64"), SigningKey::p256());
    let mut asked = Asked::key(&key);
    let sign = |digest: &str| Signing::with_key(&key).bundle(digest);
    let scene = Scene::of(Image::index([amd64.clone(), arm64.clone()]));
    scene.bundle_to(&amd64.manifest, &sign(amd64.digest()));
    for (wanted, expected) in [("amd64", Verified), ("arm64", Unsigned)] {
        asked.wanted = Wanted::Platform(Platform::linux(wanted));
        let verification = scene.try_verify(":1", &asked).await.unwrap();
        assert_verdict(&verification, expected, wanted);
    }
    asked.wanted = Wanted::All;
    let verification = scene.try_verify(":1", &asked).await.unwrap();
    assert_verdict(&verification, Unsigned, "one of two");
    scene.bundle_to(&arm64.manifest, &sign(arm64.digest()));
    let verification = scene.try_verify(":1", &asked).await.unwrap();
    assert_verdict(&verification, Verified, "both");
    let scene = Scene::of(Image::index([amd64.clone(), arm64]));
    scene.bundle(&sign(scene.digest()));
    let verification = scene.try_verify(":1", &asked).await.unwrap();
    assert_verdict(&verification, Verified, "by the index");
    let mut nested = amd64;
    for depth in 1..=4 {
        nested = Image::index([nested]);
        let scene = Scene::of(nested.clone());
        scene.bundle(&sign(scene.digest()));
        let expected = if depth <= 3 { Verified } else { Unavailable };
        let verification = scene.verify(&Asked::key(&key)).await;
        assert_verdict(&verification, expected, depth);
    }
}

/// The verdict on a signed image whose manifest is changed so.
async fn verdict_on_manifest(key: &SigningKey, change: impl FnOnce(&mut Value)) -> Verification {
    let mut image = agent("amd64");
    let mut json: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
    change(&mut json);
    image.manifest = Manifest::new(MANIFEST, &json);
    let scene = Scene::of(image);
    scene.bundle(&Signing::with_key(key).bundle(scene.digest()));
    scene.verify(&Asked::key(key)).await
}
