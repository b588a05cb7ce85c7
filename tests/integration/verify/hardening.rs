//! The eighteen points on which verifiers of signatures have failed, one test each: every one is
//! seen to fail where its check is taken out (`dev/mutations.sh`).
use Verdict::{Invalid, Unavailable, Unsigned, Untrusted, Verified};
use fullsend::signature::{Instance, TufRoot};
use fullsend_testkit::{
    image::{INDEX, MANIFEST},
    registry::{Auth, Fault},
    signing::{Flaw, SIGN_PREDICATE, SLSA_PREDICATE, claim},
    tuf::{self, Role},
};
use serde_json::Value;

use super::*;

/// 2023, when no certificate of these tests was valid.
const LONG_AGO: i64 = 1_700_000_000;

/// A key whose bundle is attached to the scene's image.
fn signed() -> (Scene, SigningKey, Asked) {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let asked = Asked::key(&key);
    (scene, key, asked)
}

/// The verdict on an image with this one signature, as a bundle and as a legacy one.
async fn assert_both(signing: &Signing<'_>, asked: &Asked, expected: Verdict) {
    let (bundle, old) = (Scene::new(), Scene::new());
    bundle.bundle(&signing.bundle(bundle.digest()));
    old.legacy(&legacy(signing, old.digest()));
    assert_verdict(&bundle.verify(asked).await, expected, "bundle");
    assert_verdict(&old.verify(asked).await, expected, "legacy");
}

/// The verdict on an image with nothing but this bundle.
async fn verdict_on(bundle: &Bundle, asked: &Asked) -> Verification {
    let scene = Scene::new();
    scene.bundle(bundle);
    scene.verify(asked).await
}

/// Every image of these tests has this one's digest.
fn digest() -> String {
    agent("amd64").digest().to_owned()
}

fn changed(bundle: &Bundle, change: impl FnOnce(&mut Value)) -> Bundle {
    let mut json = bundle.json().clone();
    change(&mut json);
    bundle.clone().with_json(json)
}

fn keyless_rule(pki: &Sigstore, keyless: &str) -> Asked {
    let rule = format!("- {{match: '**', keyless: {{{keyless}}}}}");
    Asked::rules(&rule, &[]).trusting(pki)
}

async fn assert_keyless(pki: &Sigstore, rule: &str, identity: &Identity, expected: Verdict) {
    let bundle = Signing::keyless(pki, identity.clone()).bundle(&digest());
    let verification = verdict_on(&bundle, &keyless_rule(pki, rule)).await;
    assert_verdict(&verification, expected, (rule, identity));
}

/// Why a configuration with these rules is refused.
fn refusal(rules: &str) -> String {
    let text = format!("version: 1\nverify:{rules}\n");
    let refused = config::parse(text.as_bytes(), "fullsend.yaml");
    refused.unwrap_err().render(false)
}

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
async fn point_05_the_certificate_was_valid_at_every_proven_time_and_need_not_be_now() {
    let pki = Sigstore::new();
    let ended = ci().valid(LONG_AGO, Duration::from_mins(10));
    let asked = Asked::keyless(&pki, &ci());
    let at = |logged: i64, stamped: i64| {
        Signing::keyless(&pki, ended.clone())
            .timestamped()
            .flaw(Flaw::LoggedAt(LONG_AGO + logged))
            .flaw(Flaw::TimestampedAt(LONG_AGO + stamped))
    };
    assert_both(&at(60, 60), &asked, Verified).await;
    assert_both(&at(60, 601), &asked, Invalid).await;
    assert_both(&at(60, -1), &asked, Invalid).await;
    assert_both(&at(601, 60), &asked, Invalid).await;
    let foreign = Signing::keyless(&pki, ci()).flaw(Flaw::ForeignAuthority);
    assert_both(&foreign, &asked, Invalid).await;
}

#[tokio::test]
async fn point_06_an_sct_is_required_and_for_rekor_2_a_time_stamp() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    for flaw in [Flaw::NoSct, Flaw::Sct] {
        assert_both(&Signing::keyless(&pki, ci()).flaw(flaw), &asked, Invalid).await;
    }
    let signing = Signing::keyless(&pki, ci()).rekor_v2();
    let good = verdict_on(&signing.bundle(&digest()), &asked).await;
    assert_verdict(&good, Verified, "with a time stamp");
    for flaw in [Flaw::NoTimestamp, Flaw::Timestamp, Flaw::ForeignTimestamp] {
        let bundle = signing.clone().flaw(flaw.clone()).bundle(&digest());
        assert_verdict(&verdict_on(&bundle, &asked).await, Invalid, flaw);
    }
}

#[tokio::test]
async fn point_07_an_identity_is_matched_whole_and_a_careless_one_is_warned_of() {
    let pki = Sigstore::new();
    let of = |repository: &str| {
        Identity::github(repository, ".github/workflows/x.yml", "refs/heads/main")
    };
    let issuer = ci().issuer().to_owned();
    let regexp = |regexp: &str| format!("issuer: '{issuer}', identity_regexp: '{regexp}'");
    let open = regexp(r"https://github\.com/fullsend-ai/fullsend");
    let whole = regexp(r"https://github\.com/fullsend-ai/fullsend/.*");
    let structured = format!(
        "issuer: '{issuer}', repository: fullsend-ai/fullsend, \
         workflow: .github/workflows/x.yml, ref: refs/heads/main"
    );
    let (ours, evil) = (of("fullsend-ai/fullsend"), of("fullsend-ai/fullsend-evil"));
    // Called from our own repository, so that nothing but the subject tells.
    let source = "https://github.com/fullsend-ai/fullsend";
    let evil = evil.claim(claim::SOURCE_REPOSITORY_URI, source);
    for (rule, identity, expected) in [
        (&open, &evil, Untrusted),
        (&whole, &evil, Untrusted),
        (&whole, &ours, Verified),
        (&structured, &evil, Untrusted),
        (&structured, &ours, Verified),
    ] {
        assert_keyless(&pki, rule, identity, expected).await;
    }
    for (careless, says) in [
        ("https://github.com/a/b/.*", "unescaped `.`"),
        (r"https://github\.com/a/b", "cosign does not anchor"),
    ] {
        let rule = format!(
            "version: 1\nverify:\n- {{match: '**', keyless: {{{}}}}}",
            regexp(careless)
        );
        let warnings = config::parse(rule.as_bytes(), "fullsend.yaml")
            .unwrap()
            .warnings();
        assert!(warnings.concat().contains(says), "{warnings:?}");
    }
}

#[tokio::test]
async fn point_08_the_issuer_is_named_and_exact_and_an_empty_policy_is_an_error() {
    let pki = Sigstore::new();
    let issuer = ci().issuer().to_owned();
    let rule = format!("issuer: '{issuer}', identity: '{}'", ci().name());
    assert_keyless(&pki, &rule, &ci(), Verified).await;
    for suffix in [".evil.example", "/", "/other"] {
        let other = ci().issued_by(&format!("{issuer}{suffix}"));
        assert_keyless(&pki, &rule, &other, Untrusted).await;
    }
    let unnamed = refusal("\n- {match: '**', keyless: {identity: x}}");
    assert!(unnamed.contains("`issuer` is missing"), "{unnamed}");
    for (empty, says) in [
        (" []", "policy is empty"),
        ("\n- {match: '**'}", "whose signature"),
        ("\n- {match: '**', any: []}", "names no signer"),
    ] {
        let refused = refusal(empty);
        assert!(refused.contains(says), "{refused}");
    }
}

#[tokio::test]
async fn point_09_the_caller_of_a_reusable_workflow_is_asked_for_too() {
    let pki = Sigstore::new();
    let rule = format!(
        "issuer: '{}', repository: acme/agent, workflow: .github/workflows/release.yml, \
         ref: 'refs/tags/*'",
        ci().issuer()
    );
    let called = |repository: &str, reference: &str, trigger: &str| {
        let url = format!("https://github.com/{repository}");
        ci().claim(claim::SOURCE_REPOSITORY_URI, &url)
            .claim(claim::SOURCE_REPOSITORY_REF, reference)
            .claim(claim::BUILD_TRIGGER, trigger)
    };
    let main = "refs/heads/main";
    // The workflow's own repository, unless the rule names another.
    assert_keyless(&pki, &rule, &called("acme/agent", main, "push"), Verified).await;
    assert_keyless(&pki, &rule, &called("evil/agent", main, "push"), Untrusted).await;
    let rule = format!("{rule}, source_repository: acme/caller, source_ref: {main}, trigger: push");
    for (identity, expected) in [
        (called("acme/caller", main, "push"), Verified),
        (called("evil/caller", main, "push"), Untrusted),
        (called("acme/caller", "refs/heads/fork", "push"), Untrusted),
        (
            called("acme/caller", main, "pull_request_target"),
            Untrusted,
        ),
    ] {
        assert_keyless(&pki, &rule, &identity, expected).await;
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
async fn point_11_conditions_hold_on_one_signature_and_a_threshold_counts_signers() {
    let pki = Sigstore::new();
    let evil = Identity::github("evil/agent", ".github/workflows/x.yml", "refs/heads/main");
    let elsewhere = ci().issued_by("https://gitlab.com");
    // One has the issuer, the other the subject.
    let scene = Scene::new();
    for identity in [evil.issued_by(ci().issuer()), elsewhere] {
        scene.bundle(&Signing::keyless(&pki, identity).bundle(scene.digest()));
    }
    let asked = Asked::keyless(&pki, &ci());
    assert_verdict(&scene.verify(&asked).await, Untrusted, "half and half");

    let (a, b) = (SigningKey::p256(), SigningKey::p256());
    let (pem_a, pem_b) = (a.public_pem(), b.public_pem());
    let keys = [("A", &*pem_a), ("A2", &*pem_a), ("B", &*pem_b)];
    let leaf = |name: &str| format!("{{key: 'env://{name}', insecure_ignore_tlog: true}}");
    let of = ["A", "A2", "B"].map(leaf).join(", ");
    let rule = format!("- {{match: '**', threshold: {{count: 2, of: [{of}]}}}}");
    let asked = Asked::rules(&rule, &keys);
    let scene = Scene::new();
    for _ in 0..2 {
        scene.bundle(&Signing::with_key(&a).bundle(scene.digest()));
    }
    let verification = scene.try_verify(":1", &asked).await.unwrap();
    assert_verdict(&verification, Untrusted, "one signer twice");
    scene.bundle(&Signing::with_key(&b).bundle(scene.digest()));
    assert_verdict(&scene.verify(&asked).await, Verified, "two signers");

    // Both must attest to it: one attestation has the value, the other the second signer.
    let rule = format!(
        "- {{match: '**', any: [{}], attestations: [{{type: 'https://x.test/v1', \
         predicate: {{/ok: [true]}}, all: [{}, {}]}}]}}",
        leaf("A"),
        leaf("A"),
        leaf("B")
    );
    let asked = Asked::rules(&rule, &keys);
    let attest = |key: &SigningKey, ok: bool| {
        let predicate = format!("{{\"ok\":{ok}}}");
        scene.bundle(&Signing::with_key(key).statement(
            scene.digest(),
            "https://x.test/v1",
            &predicate,
        ));
    };
    attest(&a, true);
    attest(&b, false);
    let verification = scene.try_verify(":1", &asked).await.unwrap();
    assert_verdict(&verification, Untrusted, "the second says otherwise");
    attest(&b, true);
    assert_verdict(&scene.verify(&asked).await, Verified, "both say so");
}

/// A referrer of the image that is this bundle's, with another manifest.
fn put_changed(scene: &Scene, bundle: &Bundle, change: impl FnOnce(&mut Value)) {
    let referrer = bundle.referrer(&scene.image.manifest);
    scene.put_blobs(&referrer.blobs);
    let mut json: Value = serde_json::from_slice(&referrer.manifest.bytes).unwrap();
    change(&mut json);
    let manifest = Manifest::new(MANIFEST, &json);
    scene.put_manifest(&manifest.digest, &manifest);
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

/// A store without a cache.
fn untrusting_store() -> TrustStore {
    let environment = [("FULLSEND_CACHE_DIR", "/nonexistent")]
        .into_iter()
        .collect();
    TrustStore::new(&environment, None)
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

#[tokio::test]
async fn point_17_trust_comes_from_the_root_alone_and_not_from_an_expired_one() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    // A log that the root does not list proves nothing, and nobody is asked about it.
    let proxy = Registry::start();
    let mut asked = Asked::logged_key(&key, &pki);
    let proxied = [
        ("KEY", key.public_pem()),
        ("https_proxy", proxy.url("/")),
        ("http_proxy", proxy.url("/")),
    ];
    asked.environment = proxied.into_iter().collect();
    let signing = Signing::with_key(&key).logged_in(&pki);
    assert_both(&signing, &asked, Verified).await;
    assert_both(&signing.clone().flaw(Flaw::ForeignLog), &asked, Invalid).await;
    assert_eq!(proxy.requests().len(), 0);

    let home = tempfile::tempdir().unwrap();
    let cache = [("FULLSEND_CACHE_DIR", home.path().to_str().unwrap())];
    let store = TrustStore::new(&cache.into_iter().collect(), Some([].into()));
    let mut repository = tuf::Repository::new(&pki.trusted_root());
    let anchor = repository.root();
    let soon = jiff::Timestamp::now() + Duration::from_secs(4);
    let soon = soon.round(jiff::Unit::Second).unwrap().to_string();
    repository.expire(Role::Timestamp, &soon);
    let mirror = repository.serve();
    let instance = Instance::Private(TufRoot::from_json(anchor.as_bytes()).unwrap());
    let online = TrustStore::new(&cache.into_iter().collect(), None);
    let url = mirror.url().parse().unwrap();
    online.update(&instance, Some(&url)).await.unwrap();
    let bundle = signing.bundle(&digest());
    let stored = || {
        let trust = store.material_of(anchor.as_bytes()).unwrap();
        Asked {
            trust,
            ..asked.clone()
        }
    };
    assert_verdict(&verdict_on(&bundle, &stored()).await, Verified, "in time");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let verification = verdict_on(&bundle, &stored()).await;
    assert_verdict(&verification, Unavailable, "expired");
    assert!(verification.reason.unwrap().contains("expired"));
}

#[tokio::test]
async fn point_18_keys_vouch_within_their_windows_alone() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    let ended = json!({"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"});
    let with = |list: &str| {
        let mut root: Value = serde_json::from_str(&pki.trusted_root()).unwrap();
        for entry in root[list].as_array_mut().unwrap() {
            let is_key = entry["publicKey"].is_object();
            let described = if is_key {
                &mut entry["publicKey"]
            } else {
                entry
            };
            described["validFor"] = ended.clone();
        }
        asked.clone().trusting_root(&root.to_string())
    };
    let v1 = Signing::keyless(&pki, ci()).timestamped().bundle(&digest());
    let v2 = Signing::keyless(&pki, ci()).rekor_v2().bundle(&digest());
    // A retired log's key can still promise any time of its own.
    let in_time = Flaw::LoggedAt(1_600_000_000);
    let signing = Signing::keyless(&pki, ci()).rekor_v2().flaw(in_time);
    let promised = signing.bundle(&digest());
    let retired = verdict_on(&promised, &with("tlogs")).await;
    assert_verdict(&retired, Invalid, "a promise in Rekor 2");
    for (name, bundle) in [("rekor 1", v1), ("rekor 2", v2)] {
        assert_verdict(&verdict_on(&bundle, &asked).await, Verified, name);
        for list in [
            "certificateAuthorities",
            "ctlogs",
            "tlogs",
            "timestampAuthorities",
        ] {
            let verification = verdict_on(&bundle, &with(list)).await;
            assert_verdict(&verification, Invalid, (name, list));
        }
    }
}
