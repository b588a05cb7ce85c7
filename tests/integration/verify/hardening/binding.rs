//! What a signature is of: this digest, this payload, this entry of the log.

use super::*;

#[tokio::test]
async fn point_01_a_tag_is_hashed_once_and_that_digest_alone_is_proven() {
    let (scene, _, asked) = signed();
    let other = agent("arm64");
    scene.put_blobs(&other.blobs);
    scene.put_manifest(other.digest(), &other.manifest);
    scene
        .registry
        .move_tag(REPOSITORY, "1", &[scene.digest(), other.digest()]);
    let verification = scene.verify(&asked).await;
    assert_verdict(
        &verification,
        Verified,
        "the tag moves after the first call",
    );
    assert_eq!(verification.digest.as_deref(), Some(scene.digest()));
    assert_eq!(verification.proven_digests, [scene.digest()]);
    let paths = scene.registry.paths();
    let resolved = paths.iter().filter(|path| path.ends_with("/manifests/1"));
    assert_eq!(resolved.count(), 1);
    // The bytes count, whatever the registry calls them.
    let lie = Fault::normal().header("Docker-Content-Digest", scene.digest());
    scene.registry.fault("*/manifests/1", lie);
    scene.put_manifest("1", &other.manifest);
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Unsigned, "the registry lies");
    assert_eq!(verification.digest.as_deref(), Some(other.digest()));
    let path = format!("/v2/{REPOSITORY}/manifests/{}", scene.digest());
    let swapped = Fault::normal().body(other.manifest.bytes.clone());
    scene.registry.fault(&path, swapped);
    let by_digest = format!("@{}", scene.digest());
    let verification = scene.verify_as(&by_digest, &asked).await;
    assert_verdict(&verification, Unavailable, "other bytes by digest");
}

#[tokio::test]
async fn point_02_a_payload_is_an_image_signature_of_exactly_this_digest() {
    let key = SigningKey::p256();
    let asked = Asked::key(&key);
    for (flaw, expected) in [
        (Flaw::Digest(elsewhere()), Invalid),
        (Flaw::Type("cosign attestation".to_owned()), Unsigned),
    ] {
        let (scene, signing) = (Scene::new(), Signing::with_key(&key).flaw(flaw.clone()));
        scene.legacy(&legacy(&signing, scene.digest()));
        assert_verdict(&scene.verify(&asked).await, expected, flaw);
    }
    let other = Signing::with_key(&key).bundle(&elsewhere());
    assert_verdict(
        &verdict_on(&other, &asked).await,
        Invalid,
        "another subject",
    );
}

#[tokio::test]
async fn point_03_the_certificates_own_key_made_the_signature() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    let stranger = Identity::github("evil/agent", ".github/workflows/x.yml", "refs/heads/main");
    for identity in [ci(), stranger] {
        for flaw in [Flaw::Signature, Flaw::ForeignKey] {
            // Whoever the certificate names: it is no signature at all.
            let signing = Signing::keyless(&pki, identity.clone()).flaw(flaw);
            assert_both(&signing, &asked, Invalid).await;
        }
    }
    let key = SigningKey::p256();
    let bundle = Signing::with_key(&key)
        .flaw(Flaw::Signature)
        .bundle(&digest());
    let verification = verdict_on(&bundle, &Asked::key(&key)).await;
    assert_verdict(&verification, Invalid, "a bare key's");
}

#[tokio::test]
async fn point_04_the_logs_entry_is_of_this_digest_signature_and_certificate() {
    let (pki, key, stranger) = (Sigstore::new(), SigningKey::p256(), SigningKey::p256());
    let by_key = Signing::with_key(&key).logged_in(&pki);
    let by_stranger = Signing::with_key(&stranger).logged_in(&pki);
    let keyless = Signing::keyless(&pki, ci());
    let entries = |bundle: &Bundle| bundle.json()["verificationMaterial"]["tlogEntries"].clone();
    for (signing, other, asked) in [
        (&by_key, &by_stranger, Asked::logged_key(&key, &pki)),
        (&keyless, &by_key, Asked::keyless(&pki, &ci())),
    ] {
        assert_both(signing, &asked, Verified).await;
        let flawed = signing.clone().flaw(Flaw::LogBody);
        assert_both(&flawed, &asked, Invalid).await;
        let bundle = signing.bundle(&digest());
        // Of another image, of the same signer's other signature, and of another signer.
        for donor in [
            signing.bundle(&elsewhere()),
            signing.bundle(&digest()),
            other.bundle(&digest()),
        ] {
            let swapped = changed(&bundle, |json| {
                json["verificationMaterial"]["tlogEntries"] = entries(&donor);
            });
            assert_verdict(&verdict_on(&swapped, &asked).await, Invalid, "swapped");
        }
    }
}

#[tokio::test]
async fn point_10_an_attestation_is_no_signature_nor_one_of_another_type() {
    let key = SigningKey::p256();
    let (signing, asked) = (Signing::with_key(&key), Asked::key(&key));
    let provenance = signing.attestation(&digest());
    assert_verdict(&verdict_on(&provenance, &asked).await, Unsigned, "alone");
    let rule = "- {match: '**', key: 'env://KEY', insecure_ignore_tlog: true, \
        attestations: [{type: slsaprovenance1}]}";
    let asked = Asked::rules(rule, &[("KEY", &key.public_pem())]);
    let scene = Scene::new();
    scene.bundle(&signing.bundle(scene.digest()));
    scene.bundle(&signing.statement(scene.digest(), &format!("{SLSA_PREDICATE}.evil"), "{}"));
    let verification = scene.try_verify(":1", &asked).await.unwrap();
    assert_verdict(&verification, Untrusted, "of another type");
    scene.bundle(&provenance);
    assert_verdict(&scene.verify(&asked).await, Verified, "of the type");
}

#[tokio::test]
async fn point_14_a_referrer_is_what_its_manifest_and_layer_are_not_what_the_list_says() {
    let key = SigningKey::p256();
    let asked = Asked::key(&key);
    let scene = Scene::new();
    let bundle = Signing::with_key(&key).bundle(scene.digest());
    put_changed(&scene, &bundle, |json| {
        json["layers"][0]["mediaType"] = json!("text/plain");
    });
    assert_verdict(&scene.verify(&asked).await, Unsigned, "the layer is none");
    // The list has its artifactType from the manifest, which claims something else.
    let scene = Scene::new();
    put_changed(&scene, &bundle, |json| {
        json["artifactType"] = json!("text/plain");
    });
    assert_verdict(&scene.verify(&asked).await, Verified, "the layer is one");
}
