//! Parts of good signatures put together wrongly: each part holds, and the whole must not.

use Verdict::{Invalid, Unsigned, Untrusted, Verified};
use serde_json::Value;

use super::*;

const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const LOG: &str = "dev.sigstore.cosign/bundle";

/// The verdict on a bundle for the scene's image after `change`.
async fn changed(
    bundle: &Bundle,
    asked: &Asked,
    scene: &Scene,
    change: impl FnOnce(&mut Value),
) -> Verification {
    let mut json = bundle.json().clone();
    change(&mut json);
    let referrer = scene.bundle(&bundle.clone().with_json(json));
    let verification = scene.verify(asked).await;
    scene.registry.remove(REPOSITORY, &referrer.manifest.digest);
    verification
}

#[tokio::test]
async fn a_log_entry_of_another_signature() {
    let (pki, key, scene) = (Sigstore::new(), SigningKey::p256(), Scene::new());
    let keyed = Signing::with_key(&key).logged_in(&pki);
    let keyless = Signing::keyless(&pki, ci());
    let material = "verificationMaterial";
    for (signing, asked) in [
        (keyed, Asked::logged_key(&key, &pki)),
        (keyless, Asked::keyless(&pki, &ci())),
    ] {
        let bundle = signing.bundle(scene.digest());
        let other = signing.bundle(&elsewhere()).json()[material]["tlogEntries"][0].clone();
        let swap = |json: &mut Value| json[material]["tlogEntries"] = json!([other]);
        assert_verdict(
            &changed(&bundle, &asked, &scene, swap).await,
            Invalid,
            "swapped",
        );
        let add = |json: &mut Value| {
            json[material]["tlogEntries"]
                .as_array_mut()
                .unwrap()
                .push(other.clone());
        };
        assert_verdict(
            &changed(&bundle, &asked, &scene, add).await,
            Invalid,
            "added",
        );
        let none = |json: &mut Value| json[material]["tlogEntries"] = json!([]);
        assert_verdict(
            &changed(&bundle, &asked, &scene, none).await,
            Invalid,
            "none",
        );
        let same = |_: &mut Value| {};
        assert_verdict(
            &changed(&bundle, &asked, &scene, same).await,
            Verified,
            "as it was",
        );
    }
}

#[tokio::test]
async fn a_log_entry_that_nothing_proves_rides_along_with_one_that_is_proven() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    let bundle = Signing::keyless(&pki, ci()).bundle(scene.digest());
    let asked = Asked::keyless(&pki, &ci());
    for first in [true, false] {
        let ride = |json: &mut Value| {
            let entries = &mut json["verificationMaterial"]["tlogEntries"];
            let mut bare = entries[0].clone();
            let fields = bare.as_object_mut().unwrap();
            fields.remove("inclusionProof");
            fields.remove("inclusionPromise");
            fields.insert("logIndex".to_owned(), json!("4242"));
            let place = usize::from(!first);
            entries.as_array_mut().unwrap().insert(place, bare);
        };
        let verification = changed(&bundle, &asked, &scene, ride).await;
        assert_verdict(&verification, Invalid, first);
    }
}

#[tokio::test]
async fn fields_of_a_log_entry_that_the_log_did_not_sign() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    let bundle = Signing::keyless(&pki, ci()).bundle(scene.digest());
    let asked = Asked::keyless(&pki, &ci());
    let body = bundle.json()["verificationMaterial"]["tlogEntries"][0]["canonicalizedBody"].clone();
    assert!(body.is_string());
    for (field, value) in [
        ("logIndex", json!("4242")),
        ("integratedTime", json!("1700000000")),
        ("logId", json!({"keyId": BASE64_STANDARD.encode([7; 32])})),
        (
            "kindVersion",
            json!({"kind": "hashedrekord", "version": "0.0.1"}),
        ),
        (
            "kindVersion",
            json!({"kind": "hashedrekord", "version": "0.0.2"}),
        ),
        (
            "kindVersion",
            json!({"kind": "unknown", "version": "0.0.1"}),
        ),
        ("canonicalizedBody", json!("e30=")),
    ] {
        let set = |json: &mut Value| {
            json["verificationMaterial"]["tlogEntries"][0][field] = value.clone();
        };
        let verification = changed(&bundle, &asked, &scene, set).await;
        assert_verdict(&verification, Invalid, (field, &value));
    }
}

#[tokio::test]
async fn somebody_elses_certificate_or_envelope() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    let evil = Identity::github("evil/agent", ".github/workflows/x.yml", "refs/heads/main");
    let good = Signing::keyless(&pki, ci()).bundle(&elsewhere());
    let bad = Signing::keyless(&pki, evil).bundle(scene.digest());
    let asked = Asked::keyless(&pki, &ci());
    assert_verdict(
        &changed(&bad, &asked, &scene, |_| {}).await,
        Untrusted,
        "a stranger's",
    );
    for parts in [
        &["verificationMaterial"] as &[&str],
        &["dsseEnvelope"],
        &["verificationMaterial", "dsseEnvelope"],
    ] {
        let swap = |json: &mut Value| {
            for part in parts {
                json[*part] = good.json()[*part].clone();
            }
        };
        let verification = changed(&bad, &asked, &scene, swap).await;
        assert_verdict(&verification, Invalid, parts);
    }
    let swap = |json: &mut Value| {
        json["verificationMaterial"]["certificate"] =
            good.json()["verificationMaterial"]["certificate"].clone();
    };
    assert_verdict(
        &changed(&bad, &asked, &scene, swap).await,
        Invalid,
        "certificate",
    );
}

#[tokio::test]
async fn a_certificate_beside_a_key() {
    let (pki, key, scene) = (Sigstore::new(), SigningKey::p256(), Scene::new());
    let by_key = Signing::with_key(&key).bundle(scene.digest());
    let keyless = Signing::keyless(&pki, ci()).bundle(scene.digest());
    let certificate = keyless.json()["verificationMaterial"]["certificate"].clone();
    let asked = Asked::key(&key).trusting(&pki);
    let replace =
        |json: &mut Value| json["verificationMaterial"] = json!({"certificate": certificate});
    let verification = changed(&by_key, &asked, &scene, replace).await;
    assert_ne!(verification.verdict, Verified);
    let both = |json: &mut Value| json["verificationMaterial"]["certificate"] = certificate.clone();
    let verification = changed(&by_key, &asked, &scene, both).await;
    assert_ne!(verification.verdict, Verified);
    // The certificate's own key is none of the policy, whatever the hint says.
    let hinted = |json: &mut Value| {
        let material = json["verificationMaterial"].as_object_mut().unwrap();
        material.remove("certificate");
        material.insert("publicKey".to_owned(), json!({"hint": key.hint()}));
    };
    let verification = changed(&keyless, &asked, &scene, hinted).await;
    assert_verdict(&verification, Invalid, "without its certificate");
}

#[tokio::test]
async fn a_blobs_signature_is_not_the_images() {
    let (pki, key, scene) = (Sigstore::new(), SigningKey::p256(), Scene::new());
    let bundle = Signing::with_key(&key)
        .logged_in(&pki)
        .bundle(scene.digest());
    let bytes = &scene.image.manifest.bytes;
    let blob = |json: &mut Value| {
        json.as_object_mut().unwrap().remove("dsseEnvelope");
        json["messageSignature"] = json!({
            "messageDigest": {"algorithm": "SHA2_256", "digest": BASE64_STANDARD.encode(
                hex::decode(scene.digest().trim_start_matches("sha256:")).unwrap())},
            "signature": BASE64_STANDARD.encode(key.sign(bytes)),
        });
    };
    let verification = changed(&bundle, &Asked::key(&key), &scene, blob).await;
    assert_verdict(
        &verification,
        Invalid,
        "a signature of the manifest's bytes",
    );
}

#[tokio::test]
async fn envelopes_with_two_signatures_or_another_type() {
    let (key, scene) = (SigningKey::p256(), Scene::new());
    let bundle = Signing::with_key(&key).bundle(scene.digest());
    let asked = Asked::key(&key);
    let two = |json: &mut Value| {
        let one = json["dsseEnvelope"]["signatures"][0].clone();
        json["dsseEnvelope"]["signatures"] = json!([one, {"sig": "AAAA"}]);
    };
    assert_verdict(&changed(&bundle, &asked, &scene, two).await, Invalid, "two");
    let kind = |json: &mut Value| json["dsseEnvelope"]["payloadType"] = json!("text/plain");
    assert_verdict(
        &changed(&bundle, &asked, &scene, kind).await,
        Invalid,
        "type",
    );
    let media = |json: &mut Value| json["mediaType"] = json!("application/json");
    assert_verdict(
        &changed(&bundle, &asked, &scene, media).await,
        Invalid,
        "media type",
    );
}

#[tokio::test]
async fn legacy_annotations_of_two_signatures() {
    let pki = Sigstore::new();
    let signing = Signing::keyless(&pki, ci());
    let evil = Identity::github("evil/agent", ".github/workflows/x.yml", "refs/heads/main");
    let asked = Asked::keyless(&pki, &ci());
    for names in [
        &[CERTIFICATE] as &[&str],
        &[LOG],
        &[CERTIFICATE, CHAIN, LOG],
    ] {
        let scene = Scene::new();
        let good = legacy(&signing, &elsewhere());
        let mut bad = legacy(&Signing::keyless(&pki, evil.clone()), scene.digest());
        for name in names {
            bad.annotations
                .insert((*name).to_owned(), good.annotations[*name].clone());
        }
        scene.legacy(&bad);
        let verification = scene.verify(&asked).await;
        assert_ne!(verification.verdict, Verified, "{names:?}");
        assert_ne!(verification.verdict, Unsigned, "{names:?}");
    }
}

#[tokio::test]
async fn a_legacy_payload_under_another_signature() {
    let (key, scene) = (SigningKey::p256(), Scene::new());
    let mut signature = legacy(&Signing::with_key(&key), &elsewhere());
    signature.payload = legacy(&Signing::with_key(&key), scene.digest()).payload;
    scene.legacy(&signature);
    assert_verdict(&scene.verify(&Asked::key(&key)).await, Untrusted, "payload");
}

#[tokio::test]
async fn a_legacy_certificate_that_is_none_leaves_a_key() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    let certificate =
        legacy(&Signing::keyless(&pki, ci()), &elsewhere()).annotations[CERTIFICATE].clone();
    for (text, expected) in [(json!("nonsense"), Verified), (certificate, Invalid)] {
        let scene = Scene::new();
        let mut signature = legacy(&Signing::with_key(&key), scene.digest());
        signature
            .annotations
            .insert(CERTIFICATE.to_owned(), text.clone());
        scene.legacy(&signature);
        assert_verdict(&scene.verify(&Asked::key(&key)).await, expected, text);
        let keyless = Asked::keyless(&pki, &ci());
        assert_ne!(scene.verify(&keyless).await.verdict, Verified);
    }
}

type Change = Box<dyn Fn(&mut Value)>;

#[tokio::test]
async fn what_a_referrer_says_of_itself_is_not_believed() {
    let (key, scene) = (SigningKey::p256(), Scene::new());
    let bundle = Signing::with_key(&key).bundle(scene.digest());
    let asked = Asked::key(&key);
    let referrer = bundle.referrer(&scene.image.manifest);
    scene.put_blobs(&referrer.blobs);
    let other = agent("arm64").manifest.descriptor();
    let predicate = "dev.sigstore.bundle.predicateType";
    let cases: [(&str, Change, Verdict); 4] = [
        (
            "artifactType",
            Box::new(|it| it["artifactType"] = json!("text/plain")),
            Verified,
        ),
        (
            "annotation",
            Box::new(move |it| {
                it["annotations"] = json!({predicate: "https://slsa.dev/provenance/v1"});
            }),
            Unsigned,
        ),
        (
            "no annotation",
            Box::new(|it| it["annotations"] = json!({})),
            Verified,
        ),
        (
            "layer type",
            Box::new(|it| it["layers"][0]["mediaType"] = json!("text/plain")),
            Unsigned,
        ),
    ];
    for (what, change, expected) in cases {
        let mut json: Value = serde_json::from_slice(&referrer.manifest.bytes).unwrap();
        change(&mut json);
        let manifest = Manifest::new(&referrer.manifest.media_type, &json);
        scene.put_manifest(&manifest.digest, &manifest);
        assert_verdict(&scene.verify(&asked).await, expected, what);
        scene.registry.remove(REPOSITORY, &manifest.digest);
    }
    // The list claims it for our image; its own subject is another, and so is its signature's.
    let scene = Scene::new();
    let stolen = Signing::with_key(&key).bundle(&elsewhere());
    let mut referrer = stolen.referrer(&scene.image.manifest);
    let mut json: Value = serde_json::from_slice(&referrer.manifest.bytes).unwrap();
    json["subject"] = other;
    referrer.manifest = Manifest::new(&referrer.manifest.media_type, &json);
    scene.put_blobs(&referrer.blobs);
    scene.put_manifest(&referrer.manifest.digest, &referrer.manifest);
    let index = referrer.fallback_index(None);
    scene.put_manifest(&fallback_tag(scene.digest()), &index);
    assert_verdict(&scene.verify(&asked).await, Invalid, "listed wrongly");
}
