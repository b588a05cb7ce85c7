//! What a trusted root says must be proven: logs where it lists some, time stamps where none.

use Verdict::{Invalid, Verified};
use fullsend_testkit::signing::Flaw;
use serde_json::Value;

use super::*;

fn changed(json: &str, change: impl Fn(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(json).unwrap();
    change(&mut value);
    value.to_string()
}

#[track_caller]
fn assert_says(verification: &Verification, verdict: Verdict, says: &str) {
    assert_verdict(verification, verdict, says);
    let reason = verification.reason.clone().unwrap_or_default();
    assert!(reason.contains(says), "{reason}");
}

#[tokio::test]
async fn an_instance_without_logs_proves_by_its_time_stamps() {
    let pki = Sigstore::without_logs();
    let asked = Asked::keyless(&pki, &ci());
    let signing = Signing::keyless(&pki, ci()).timestamped();
    let (bundle, old) = (Scene::new(), Scene::new());
    bundle.bundle(&signing.bundle(bundle.digest()));
    old.legacy(&legacy(&signing, old.digest()));
    for scene in [bundle, old] {
        let verification = scene.verify(&asked).await;
        assert_verdict(&verification, Verified, "without logs");
        assert_eq!(verification.signatures[0].log, None);
        assert_eq!(
            verification.signatures[0].identity,
            Some(ci().name().to_owned())
        );
    }
}

#[tokio::test]
async fn an_instance_without_logs_demands_a_time_stamp_of_its_own() {
    let pki = Sigstore::without_logs();
    let asked = Asked::keyless(&pki, &ci());
    // Before the certificate's ten minutes, and after.
    let hour = 3600;
    let now = jiff::Timestamp::now().as_second();
    for flaw in [
        Flaw::NoTimestamp,
        Flaw::ForeignTimestamp,
        Flaw::Timestamp,
        Flaw::TimestampedAt(now - hour),
        Flaw::TimestampedAt(now + hour),
        Flaw::ForeignAuthority,
        Flaw::KeyUsage,
        Flaw::Signature,
        Flaw::ForeignKey,
        Flaw::Digest(elsewhere()),
    ] {
        let signing = Signing::keyless(&pki, ci())
            .timestamped()
            .flaw(flaw.clone());
        let (bundle, old) = (Scene::new(), Scene::new());
        bundle.bundle(&signing.bundle(bundle.digest()));
        old.legacy(&legacy(&signing, old.digest()));
        for scene in [bundle, old] {
            assert_verdict(&scene.verify(&asked).await, Invalid, &flaw);
        }
    }
}

#[tokio::test]
async fn a_root_with_logs_is_never_satisfied_by_a_time_stamp() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    let scene = Scene::new();
    let bundle = Signing::keyless(&pki, ci())
        .timestamped()
        .bundle(scene.digest());
    let mut json = bundle.json().clone();
    let entries = json["verificationMaterial"]["tlogEntries"].take();
    json["verificationMaterial"]["tlogEntries"] = json!([]);
    let unlogged = bundle.clone().with_json(json);
    scene.bundle(&unlogged);
    assert_says(&scene.verify(&asked).await, Invalid, "no transparency log");
    assert!(entries.is_array());
    // Where the root lists no certificate log, and only there, no SCT is needed.
    let no_sct = Scene::new();
    let signing = Signing::keyless(&pki, ci()).flaw(Flaw::NoSct);
    no_sct.bundle(&signing.bundle(no_sct.digest()));
    assert_verdict(&no_sct.verify(&asked).await, Invalid, "no SCT");
    let root = changed(&pki.trusted_root(), |root| root["ctlogs"] = json!([]));
    let lenient = asked.clone().trusting_root(&root);
    assert_verdict(&no_sct.verify(&lenient).await, Verified, "no CT log");
    assert_says(
        &scene.verify(&lenient).await,
        Invalid,
        "no transparency log",
    );
    // An entry of a log that the root does not list proves nothing there.
    let logged = Scene::new();
    logged.bundle(&bundle_of(&pki, &logged));
    let root = changed(&pki.trusted_root(), |root| root["tlogs"] = json!([]));
    let logless = asked.trusting_root(&root);
    assert_says(&logged.verify(&logless).await, Invalid, "does not know");
    assert_verdict(&scene.verify(&logless).await, Verified, "stamped");
}

fn bundle_of(pki: &Sigstore, scene: &Scene) -> Bundle {
    Signing::keyless(pki, ci())
        .timestamped()
        .bundle(scene.digest())
}

#[tokio::test]
async fn a_key_in_a_log_needs_a_root_that_lists_one() {
    let (pki, key, scene) = (Sigstore::new(), SigningKey::p256(), Scene::new());
    let signing = Signing::with_key(&key).logged_in(&pki).timestamped();
    scene.bundle(&signing.bundle(scene.digest()));
    let asked = Asked::logged_key(&key, &pki);
    assert_verdict(&scene.verify(&asked).await, Verified, "logged");
    let asked = Asked::logged_key(&key, &Sigstore::without_logs());
    assert_says(
        &scene.verify(&asked).await,
        Invalid,
        "knows no transparency log",
    );
}

#[tokio::test]
async fn a_retired_log_vouches_for_nothing_without_a_time() {
    let (pki, key, scene) = (Sigstore::new(), SigningKey::p256(), Scene::new());
    let signing = Signing::with_key(&key).logged_in(&pki).rekor_v2();
    let untimed = signing.flaw(Flaw::NoTimestamp);
    scene.bundle(&untimed.bundle(scene.digest()));
    let asked = Asked::logged_key(&key, &pki);
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Verified, "an open window");
    let log = verification.signatures[0].log.clone().unwrap();
    assert_eq!(log.logged_at, None);
    let ended = changed(&pki.trusted_root(), |root| {
        root["tlogs"][1]["publicKey"]["validFor"]["end"] = json!("2026-01-01T00:00:00Z");
    });
    let verification = scene.verify(&asked.trusting_root(&ended)).await;
    assert_verdict(&verification, Invalid, "an ended window");
}

#[tokio::test]
async fn a_log_is_named_only_where_somebody_vouches_for_the_name() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    let (scene, renamed) = (Scene::new(), Scene::new());
    let bundle = Signing::keyless(&pki, ci())
        .rekor_v2()
        .bundle(scene.digest());
    scene.bundle(&bundle);
    let verification = scene.verify(&asked).await;
    assert!(verification.signatures[0].log.is_some());
    let mut json = bundle.json().clone();
    let name = &mut json["verificationMaterial"]["tlogEntries"][0]["logId"]["keyId"];
    *name = json!(BASE64_STANDARD.encode([9_u8; 32]));
    renamed.bundle(&bundle.with_json(json));
    let verification = renamed.verify(&asked).await;
    assert_verdict(&verification, Verified, "another name");
    assert_eq!(verification.signatures[0].log, None);
}

#[tokio::test]
async fn a_p521_key_signs_outside_of_logs() {
    let (key, bundle, old) = (SigningKey::p521(), Scene::new(), Scene::new());
    let signing = Signing::with_key(&key);
    bundle.bundle(&signing.bundle(bundle.digest()));
    old.legacy(&legacy(&signing, old.digest()));
    for scene in [bundle, old] {
        assert_verdict(&scene.verify(&Asked::key(&key)).await, Verified, "p521");
        let other = scene.verify(&Asked::key(&SigningKey::p521())).await;
        assert_verdict(&other, Verdict::Untrusted, "another");
        let logged = Asked::logged_key(&key, &Sigstore::new());
        let refused = scene.try_verify(":1", &logged).await.unwrap_err();
        assert!(refused.contains("P-521"), "{refused}");
    }
    let scene = Scene::new();
    let broken = Signing::with_key(&key).flaw(Flaw::Signature);
    scene.bundle(&broken.bundle(scene.digest()));
    assert_verdict(&scene.verify(&Asked::key(&key)).await, Invalid, "broken");
}
