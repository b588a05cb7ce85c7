//! Too much, too deep, too often, and twice: bounded, and never verified by mistake.

use Verdict::{Invalid, Unavailable, Unsigned, Untrusted, Verified};
use fullsend_testkit::signing::SIGN_PREDICATE;

use super::*;

#[tokio::test]
async fn more_signatures_than_are_read() {
    let (scene, key, stranger) = (Scene::new(), SigningKey::p256(), SigningKey::p256());
    let asked = Asked::key(&key);
    for _ in 0..64 {
        scene.bundle(&Signing::with_key(&stranger).bundle(scene.digest()));
    }
    assert_verdict(&scene.verify(&asked).await, Untrusted, "all read");
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Unavailable, "one was not read");
    assert_eq!(verification.signatures.len(), 64);
    scene.legacy(&legacy(&Signing::with_key(&key), scene.digest()));
    assert_verdict(&scene.verify(&asked).await, Verified, "a legacy one was");
}

#[tokio::test]
async fn more_legacy_signatures_than_are_read() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let signing = Signing::with_key(&key);
    let twin = legacy(&Signing::with_key(&SigningKey::p256()), scene.digest());
    for _ in 0..65 {
        scene.legacy(&twin);
    }
    let verification = scene.verify(&Asked::key(&key)).await;
    assert_verdict(&verification, Unavailable, "65");
    let scene = Scene::new();
    scene.legacy(&legacy(&signing, scene.digest()));
    for _ in 0..65 {
        scene.legacy(&twin);
    }
    assert_verdict(
        &scene.verify(&Asked::key(&key)).await,
        Verified,
        "the first",
    );
}

#[tokio::test]
async fn attestations_do_not_crowd_out_signatures() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    for number in 0..80 {
        let predicate = format!("{{\"n\":{number}}}");
        scene.bundle(&Signing::with_key(&key).statement(
            scene.digest(),
            "https://x.test/v1",
            &predicate,
        ));
    }
    let asked = Asked::key(&key);
    assert_verdict(&scene.verify(&asked).await, Unsigned, "attestations");
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    assert_verdict(&scene.verify(&asked).await, Verified, "and a signature");
}

#[tokio::test]
async fn a_referrer_with_many_bundles_costs_no_more_than_one() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let referrer = Signing::with_key(&SigningKey::p256())
        .bundle(scene.digest())
        .referrer(&scene.image.manifest);
    scene.put_blobs(&referrer.blobs);
    let mut manifest: serde_json::Value = serde_json::from_slice(&referrer.manifest.bytes).unwrap();
    let layer = manifest["layers"][0].clone();
    manifest["layers"] = json!(vec![layer; 1000]);
    let manifest = Manifest::new(&referrer.manifest.media_type, &manifest);
    scene.put_manifest(&manifest.digest, &manifest);
    let verification = scene.verify(&Asked::key(&key)).await;
    assert_verdict(&verification, Unavailable, "not all were read");
    assert!(scene.registry.requests().len() < 10);
}

#[tokio::test]
async fn bundles_and_payloads_that_are_too_large() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20));
    scene.bundle(&Signing::with_key(&key).statement(scene.digest(), SIGN_PREDICATE, &long));
    let asked = Asked::key(&key);
    assert_verdict(&scene.verify(&asked).await, Unavailable, "bundle");

    let scene = Scene::new();
    let digest = scene.digest();
    let payload = format!(
        r#"{{"critical":{{"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":"{}"}}"#,
        "x".repeat(64 << 10)
    );
    scene.legacy(&signed_legacy_text(&key, &payload));
    assert_verdict(&scene.verify(&asked).await, Unavailable, "payload");
}

#[tokio::test]
async fn too_many_log_entries_or_stamps() {
    let (scene, pki) = (Scene::new(), Sigstore::new());
    let bundle = Signing::keyless(&pki, ci())
        .timestamped()
        .bundle(scene.digest());
    let asked = Asked::keyless(&pki, &ci());
    for (list, most) in [
        ("/verificationMaterial/tlogEntries", 8),
        (
            "/verificationMaterial/timestampVerificationData/rfc3161Timestamps",
            8,
        ),
    ] {
        for (count, expected) in [(most, Verified), (most + 1, Invalid), (200, Invalid)] {
            let mut json = bundle.json().clone();
            let entries = json.pointer_mut(list).unwrap();
            *entries = json!(vec![entries[0].clone(); count]);
            let scene = Scene::new();
            scene.bundle(&bundle.clone().with_json(json));
            assert_verdict(&scene.verify(&asked).await, expected, (list, count));
        }
    }
}

#[tokio::test]
async fn too_many_subjects_and_too_deep_predicates() {
    let key = SigningKey::p256();
    let asked = Asked::key(&key);
    let scene = Scene::new();
    let digest = scene.digest().trim_start_matches("sha256:").to_owned();
    let statement = |subjects: usize, predicate: &str| {
        let subject = format!(r#"{{"digest":{{"sha256":"{digest}"}}}}"#);
        let subjects = vec![subject; subjects].join(",");
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{subjects}],"predicateType":"{SIGN_PREDICATE}","predicate":{predicate}}}"#
        )
    };
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (text, expected) in [
        (statement(1, "{}"), Verified),
        (statement(1024, "{}"), Verified),
        (statement(1025, "{}"), Invalid),
        (statement(0, "{}"), Invalid),
        (statement(1, &deep), Invalid),
    ] {
        let scene = Scene::new();
        scene.bundle(&signed_text(&key, &text));
        assert_verdict(&scene.verify(&asked).await, expected, text);
    }
}

/// The other image stands first, last, or in a key that only some readers take for the same.
#[tokio::test]
async fn a_statement_with_two_meanings_has_none() {
    let key = SigningKey::p256();
    let asked = Asked::key(&key);
    let scene = Scene::new();
    let ours = scene.digest().trim_start_matches("sha256:").to_owned();
    let other = elsewhere().trim_start_matches("sha256:").to_owned();
    let subject = |hex: &str| format!(r#""subject":[{{"digest":{{"sha256":"{hex}"}}}}]"#);
    let kind = r#""_type":"https://in-toto.io/Statement/v1""#;
    let sign = format!(r#""predicateType":"{SIGN_PREDICATE}""#);
    let slsa = r#""predicateType":"https://slsa.dev/provenance/v1""#;
    let (ours_first, other_first) = (subject(&ours), subject(&other));
    let twice = format!(r#""subject":[{{"digest":{{"sha256":"{other}","sha256":"{ours}"}}}}]"#);
    let twice_turned =
        format!(r#""subject":[{{"digest":{{"sha256":"{ours}","sha256":"{other}"}}}}]"#);
    let cased = format!(r#""Subject":[{{"digest":{{"sha256":"{ours}"}}}}]"#);
    let cased_other = cased.replace(&ours, &other);
    for text in [
        format!("{{{kind},{ours_first},{other_first},{sign}}}"),
        format!("{{{kind},{other_first},{ours_first},{sign}}}"),
        format!("{{{kind},{twice},{sign}}}"),
        format!("{{{kind},{twice_turned},{sign}}}"),
        format!("{{{kind},{ours_first},{slsa},{sign}}}"),
        format!("{{{kind},{ours_first},{sign},{slsa}}}"),
        format!("{{{kind},{cased},{other_first},{sign}}}"),
        format!("{{{kind},{ours_first},{cased_other},{sign}}}"),
        format!(r#"{{{kind},{ours_first},{sign},"predicate":{{"a":{{"b":1,"b":2}}}}}}"#),
        format!("{{{kind},{cased},{sign}}}"),
        format!("{{{ours_first},{sign}}}"),
        format!(r#"{{"_type":"x",{ours_first},{sign}}}"#),
        format!("{{{kind},{ours_first},{sign}}} {{}}"),
    ] {
        let scene = Scene::new();
        scene.bundle(&signed_text(&key, &text));
        assert_verdict(&scene.verify(&asked).await, Invalid, text);
    }
}

#[tokio::test]
async fn a_payload_with_two_meanings_has_none() {
    let key = SigningKey::p256();
    let asked = Asked::key(&key);
    let (ours, other) = (Scene::new().digest().to_owned(), elsewhere());
    let image = |digest: &str| format!(r#""image":{{"docker-manifest-digest":"{digest}"}}"#);
    let kind = r#""type":"cosign container image signature""#;
    let critical = |digest: &str| format!(r#""critical":{{{},{kind}}}"#, image(digest));
    let (mine, theirs) = (image(&ours), image(&other));
    for text in [
        format!("{{{},{}}}", critical(&ours), critical(&other)),
        format!("{{{},{}}}", critical(&other), critical(&ours)),
        format!(r#"{{"critical":{{{mine},{theirs},{kind}}}}}"#),
        format!(r#"{{"critical":{{{theirs},{mine},{kind}}}}}"#),
        format!(r#"{{"critical":{{{mine},{kind},"type":"cosign attestation"}}}}"#),
        format!(r#"{{"critical":{{{mine},"type":"x",{kind}}}}}"#),
        format!(
            r#"{{"critical":{{"image":{{"docker-manifest-digest":"{other}","docker-manifest-digest":"{ours}"}},{kind}}}}}"#
        ),
        format!(r#"{{"Critical":{{{mine},{kind}}},"critical":{{{theirs},{kind}}}}}"#),
        format!(r#"{{"critical":{{{mine},{kind}}},"Critical":{{{theirs},{kind}}}}}"#),
        format!(r#"{{"critical":{{{mine},{kind}}}}} x"#),
        format!(r#"{{"critical":{{"image":{{"docker-manifest-digest":"{ours} "}},{kind}}}}}"#),
    ] {
        let scene = Scene::new();
        assert_eq!(scene.digest(), ours);
        scene.legacy(&signed_legacy_text(&key, &text));
        assert_verdict(&scene.verify(&asked).await, Invalid, text);
    }
}

/// A bundle is read once, and what was read is what is checked: a good part that is hidden behind
/// another, or the other way round, makes nothing verified that is not.
#[tokio::test]
async fn a_bundle_with_two_of_a_part_is_never_the_sum_of_both() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let elsewhere = Signing::with_key(&key).bundle(&elsewhere());
    let stranger = Signing::with_key(&SigningKey::p256()).bundle(scene.digest());
    let part = |bundle: &Bundle, name: &str| format!(r#""{name}":{}"#, bundle.json()[name]);
    let (material, envelope) = ("verificationMaterial", "dsseEnvelope");
    let media = part(&stranger, "mediaType");
    for parts in [
        vec![
            part(&stranger, material),
            part(&stranger, envelope),
            part(&elsewhere, envelope),
        ],
        vec![
            part(&stranger, material),
            part(&elsewhere, envelope),
            part(&stranger, envelope),
        ],
        vec![
            part(&elsewhere, material),
            part(&stranger, material),
            part(&stranger, envelope),
        ],
        vec![
            part(&stranger, material),
            part(&elsewhere, material),
            part(&stranger, envelope),
        ],
    ] {
        let document = format!("{{{media},{}}}", parts.join(","));
        let blob = Blob::new(document.clone());
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&stranger.referrer(&scene.image.manifest).manifest.bytes)
                .unwrap();
        manifest["layers"] =
            json!([blob.descriptor("application/vnd.dev.sigstore.bundle.v0.3+json")]);
        let manifest = Manifest::new(fullsend_testkit::image::MANIFEST, &manifest);
        scene.put_blobs(&[blob]);
        scene.put_manifest(&manifest.digest, &manifest);
        let verification = scene.verify(&Asked::key(&key)).await;
        assert!(
            [Invalid, Untrusted].contains(&verification.verdict),
            "{document}"
        );
    }
}
