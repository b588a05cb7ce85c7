//! Trusted roots: whose windows have ended or not begun, and which do not list what is needed.

use Verdict::{Invalid, Verified};
use serde_json::Value;

use super::*;

const ENDED: &str = "2021-01-01T00:00:00Z";
const FUTURE: &str = "2090-01-01T00:00:00Z";

fn changed(pki: &Sigstore, change: impl Fn(&mut Value)) -> String {
    let mut root: Value = serde_json::from_str(&pki.trusted_root()).unwrap();
    change(&mut root);
    root.to_string()
}

/// Sets the window of everything in `list`.
fn window(
    list: &'static str,
    start: &'static str,
    end: Option<&'static str>,
) -> impl Fn(&mut Value) {
    move |root: &mut Value| {
        for entry in root[list].as_array_mut().unwrap() {
            let mut valid = json!({"start": start});
            if let Some(end) = end {
                valid["end"] = json!(end);
            }
            if entry["publicKey"].is_object() {
                entry["publicKey"]["validFor"] = valid;
            } else {
                entry["validFor"] = valid;
            }
        }
    }
}

fn forms(pki: &Sigstore) -> [(&'static str, Scene); 3] {
    let (v1, v2, old) = (Scene::new(), Scene::new(), Scene::new());
    let signing = Signing::keyless(pki, ci());
    v1.bundle(&signing.bundle(v1.digest()));
    v2.bundle(&signing.clone().rekor_v2().bundle(v2.digest()));
    old.legacy(&legacy(&signing, old.digest()));
    [("v1", v1), ("v2", v2), ("legacy", old)]
}

#[tokio::test]
async fn authorities_vouch_only_within_their_windows() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    let ended = Some(ENDED);
    for (name, scene) in forms(&pki) {
        assert_verdict(&scene.verify(&asked).await, Verified, name);
        for (what, root) in [
            (
                "ended CA",
                changed(
                    &pki,
                    window("certificateAuthorities", "2020-01-01T00:00:00Z", ended),
                ),
            ),
            (
                "future CA",
                changed(&pki, window("certificateAuthorities", FUTURE, None)),
            ),
            (
                "future CT log",
                changed(&pki, window("ctlogs", FUTURE, None)),
            ),
            (
                "ended CT log",
                changed(&pki, window("ctlogs", "2020-01-01T00:00:00Z", ended)),
            ),
            ("future log", changed(&pki, window("tlogs", FUTURE, None))),
            (
                "ended log",
                changed(&pki, window("tlogs", "2020-01-01T00:00:00Z", ended)),
            ),
        ] {
            let verification = scene.verify(&asked.clone().trusting_root(&root)).await;
            assert_verdict(&verification, Invalid, (name, what));
        }
    }
}

#[tokio::test]
async fn a_stamp_counts_only_within_its_authoritys_window() {
    let pki = Sigstore::new();
    let scene = Scene::new();
    scene.bundle(
        &Signing::keyless(&pki, ci())
            .rekor_v2()
            .bundle(scene.digest()),
    );
    let asked = Asked::keyless(&pki, &ci());
    for (start, end) in [(FUTURE, None), ("2020-01-01T00:00:00Z", Some(ENDED))] {
        let root = changed(&pki, window("timestampAuthorities", start, end));
        let verification = scene.verify(&asked.clone().trusting_root(&root)).await;
        assert_verdict(&verification, Invalid, (start, end));
    }
}

#[tokio::test]
async fn what_the_root_does_not_list_proves_nothing() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    let stranger = Sigstore::new().trusted_root();
    let stranger: Value = serde_json::from_str(&stranger).unwrap();
    for (name, scene) in forms(&pki) {
        for list in ["certificateAuthorities", "ctlogs", "tlogs"] {
            let root = changed(&pki, |root| root[list] = stranger[list].clone());
            let verification = scene.verify(&asked.clone().trusting_root(&root)).await;
            assert_verdict(&verification, Invalid, (name, list));
        }
    }
}

#[tokio::test]
async fn a_key_in_a_log_that_the_root_does_not_list() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    let signing = Signing::with_key(&key).logged_in(&pki);
    let (scene, old) = (Scene::new(), Scene::new());
    scene.bundle(&signing.bundle(scene.digest()));
    old.legacy(&legacy(&signing, old.digest()));
    let asked = Asked::logged_key(&key, &Sigstore::new());
    for scene in [scene, old] {
        assert_verdict(&scene.verify(&asked).await, Invalid, "another log");
    }
}

#[test]
fn a_root_that_is_none_is_refused() {
    let pki = Sigstore::new();
    let twice = changed(&pki, |root| {
        let log = root["tlogs"][0].clone();
        root["tlogs"] = json!([log, log]);
    });
    let bad_key = changed(&pki, |root| {
        root["tlogs"][0]["publicKey"]["rawBytes"] = json!("AAAA");
    });
    for bad in ["", "{", "[]", "{}", twice.as_str(), bad_key.as_str()] {
        assert!(TrustMaterial::from_json(bad).is_err(), "{bad}");
    }
}
