//! Every form that a good signature has.

use fullsend::model::signature::{Format, Method};

use super::*;

fn keys() -> [SigningKey; 3] {
    [
        SigningKey::p256(),
        SigningKey::p384(),
        SigningKey::ed25519(),
    ]
}

/// Puts the signature into a scene of its own in each form, and gives all the answers.
async fn in_each_form(signing: &Signing<'_>, asked: &Asked) -> Vec<(Format, Verification)> {
    let (referrer, fallback, old) = (Scene::new(), Scene::new(), Scene::new());
    referrer.bundle(&signing.bundle(referrer.digest()));
    fallback.fallback(&signing.bundle(fallback.digest()));
    old.legacy(&legacy(signing, old.digest()));
    vec![
        (Format::Bundle, referrer.verify(asked).await),
        (Format::Bundle, fallback.verify(asked).await),
        (Format::Legacy, old.verify(asked).await),
    ]
}

#[tokio::test]
async fn a_key_of_any_kind_without_a_log() {
    for key in keys() {
        let answers = in_each_form(&Signing::with_key(&key), &Asked::key(&key)).await;
        for (format, verification) in answers {
            assert_verdict(&verification, Verdict::Verified, format);
            let signature = verification.accepted().unwrap();
            assert_eq!(signature.format, format);
            assert_eq!(signature.method, Some(Method::Key));
            assert_eq!(signature.identity, Some(key.fingerprint()));
            assert_eq!((&signature.issuer, &signature.log), (&None, &None));
        }
    }
}

#[tokio::test]
async fn a_key_of_any_kind_with_a_log() {
    let pki = Sigstore::new();
    for key in keys() {
        let signing = Signing::with_key(&key).logged_in(&pki);
        for (format, verification) in in_each_form(&signing, &Asked::logged_key(&key, &pki)).await {
            // Rekor v1 keeps a SHA-256 of a legacy payload; the kit's P-384 signs a SHA-384.
            if format == Format::Legacy && key.public_der().len() > 100 {
                assert_verdict(&verification, Verdict::Invalid, format);
                continue;
            }
            assert_verdict(&verification, Verdict::Verified, format);
            let log = verification.accepted().unwrap().log.clone().unwrap();
            assert!(log.logged_at.is_some() && log.index >= 5, "{log:?}");
        }
    }
}

#[tokio::test]
async fn a_key_without_a_log_needs_permission() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    let asked = Asked::logged_key(&key, &pki);
    for (format, verification) in in_each_form(&Signing::with_key(&key), &asked).await {
        assert_verdict(&verification, Verdict::Invalid, format);
        let reason = verification.reason.unwrap();
        assert!(reason.contains("no transparency log"), "{reason}");
    }
}

#[tokio::test]
async fn with_permission_a_log_that_nobody_knows_does_no_harm() {
    let key = SigningKey::p256();
    let stranger = Sigstore::new();
    let signing = Signing::with_key(&key).logged_in(&stranger);
    for (format, verification) in in_each_form(&signing, &Asked::key(&key)).await {
        assert_verdict(&verification, Verdict::Verified, format);
        assert_eq!(verification.accepted().unwrap().log, None);
    }
}

#[tokio::test]
async fn a_certificate_in_rekor_v1() {
    let pki = Sigstore::new();
    let signing = Signing::keyless(&pki, ci());
    for (format, verification) in in_each_form(&signing, &Asked::keyless(&pki, &ci())).await {
        assert_verdict(&verification, Verdict::Verified, format);
        let signature = verification.accepted().unwrap();
        assert_eq!(signature.method, Some(Method::Keyless));
        assert_eq!(signature.identity.as_deref(), Some(ci().name()));
        assert_eq!(signature.issuer.as_deref(), Some(ci().issuer()));
        assert_eq!(signature.claims["build_trigger"], "push");
        assert!(signature.log.as_ref().unwrap().logged_at.is_some());
    }
}

#[tokio::test]
async fn a_certificate_with_a_time_stamp_too() {
    let pki = Sigstore::new();
    let signing = Signing::keyless(&pki, ci()).timestamped();
    for (format, verification) in in_each_form(&signing, &Asked::keyless(&pki, &ci())).await {
        assert_verdict(&verification, Verdict::Verified, format);
    }
}

#[tokio::test]
async fn rekor_v2_with_a_time_stamp() {
    let (pki, key, scene) = (Sigstore::new(), SigningKey::p256(), Scene::new());
    let signing = Signing::keyless(&pki, ci()).rekor_v2();
    scene.bundle(&signing.bundle(scene.digest()));
    let verification = scene.verify(&Asked::keyless(&pki, &ci())).await;
    assert_verdict(&verification, Verdict::Verified, "keyless");
    let log = verification.accepted().unwrap().log.clone().unwrap();
    assert!(log.logged_at.is_some());

    let scene = Scene::new();
    let signing = Signing::with_key(&key).logged_in(&pki).rekor_v2();
    scene.bundle(&signing.bundle(scene.digest()));
    let verification = scene.verify(&Asked::logged_key(&key, &pki)).await;
    assert_verdict(&verification, Verdict::Verified, "key");
}

#[tokio::test]
async fn people_and_gitlab_sign_too() {
    let pki = Sigstore::new();
    let gitlab = Identity::gitlab("acme/agent", ".gitlab-ci.yml", "refs/tags/v1");
    let person = Identity::email("a@example.test", "https://accounts.example.test");
    for identity in [gitlab, person] {
        let signing = Signing::keyless(&pki, identity.clone());
        for (format, verification) in in_each_form(&signing, &Asked::keyless(&pki, &identity)).await
        {
            assert_verdict(&verification, Verdict::Verified, format);
        }
    }
}

#[tokio::test]
async fn on_the_last_of_many_pages() {
    let (key, stranger, scene) = (SigningKey::p256(), SigningKey::p256(), Scene::new());
    scene.registry.referrers_page_size(2);
    for number in 0..6 {
        let predicate = format!("{{\"number\":{number}}}");
        let kind = "https://example.test/other/v1";
        scene.bundle(&Signing::with_key(&stranger).statement(scene.digest(), kind, &predicate));
    }
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let verification = scene.verify(&Asked::key(&key)).await;
    assert_verdict(&verification, Verdict::Verified, "page 4");
}

#[tokio::test]
async fn the_public_sigstore_is_not_that_of_a_trusted_root() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    scene.bundle(&Signing::keyless(&pki, ci()).bundle(scene.digest()));
    let mut asked = Asked::keyless(&pki, &ci());
    asked.trust = TrustMaterial::public_good();
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Verdict::Invalid, "public");
}
