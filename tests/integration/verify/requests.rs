//! How often, how long and with whom a verification speaks.

use std::time::Instant;

use Verdict::{Unavailable, Verified};
use fullsend_testkit::registry::Fault;

use super::*;

/// Long beside what a busy machine adds to a request.
const DELAY: Duration = Duration::from_millis(600);

/// How many times the registry was waited for: requests of one round come while no answer was
/// given since the round began.
async fn rounds(scene: &Scene, reference: &str, asked: &Asked) -> usize {
    scene.registry.fault("*", Fault::normal().delay(DELAY));
    scene.registry.clear_requests();
    assert_verdict(
        &scene.verify_as(reference, asked).await,
        Verified,
        reference,
    );
    let mut times: Vec<Instant> = scene.registry.requests().iter().map(|one| one.at).collect();
    times.sort();
    let mut rounds = Vec::new();
    for at in times {
        if rounds.last().is_none_or(|begun| at >= *begun + DELAY) {
            rounds.push(at);
        }
    }
    scene.registry.clear_faults();
    rounds.len()
}

#[tokio::test]
async fn a_bundle_takes_four_rounds_and_by_digest_three() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let asked = Asked::key(&key);
    let by_digest = format!("@{}", scene.digest());
    assert_eq!(rounds(&scene, ":1", &asked).await, 4);
    assert_eq!(rounds(&scene, &by_digest, &asked).await, 3);
}

#[tokio::test]
async fn the_fallback_tag_takes_no_round_more() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.fallback(&Signing::with_key(&key).bundle(scene.digest()));
    let asked = Asked::key(&key);
    let by_digest = format!("@{}", scene.digest());
    assert_eq!(rounds(&scene, ":1", &asked).await, 4);
    assert_eq!(rounds(&scene, &by_digest, &asked).await, 3);
}

#[tokio::test]
async fn a_legacy_signature_takes_three_rounds_and_by_digest_two() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.legacy(&legacy(&Signing::with_key(&key), scene.digest()));
    let asked = Asked::key(&key);
    let by_digest = format!("@{}", scene.digest());
    assert_eq!(rounds(&scene, ":1", &asked).await, 3);
    assert_eq!(rounds(&scene, &by_digest, &asked).await, 2);
}

#[tokio::test]
async fn nothing_is_asked_twice_or_needlessly() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    assert_verdict(&scene.verify(&Asked::key(&key)).await, Verified, "bundle");
    let mut paths = scene.registry.paths();
    let count = paths.len();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), count, "{paths:?}");
    // Manifest, configuration, referrers, two tags, bundle manifest, bundle.
    assert_eq!(count, 7, "{paths:?}");
    assert!(paths.iter().all(|path| path.starts_with("GET ")));
}

#[tokio::test]
async fn offline_speaks_only_with_whom_the_command_names() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let mut asked = Asked::key(&key);
    asked.options.offline = Some(vec![scene.host()]);
    assert_verdict(&scene.verify(&asked).await, Verified, "named");
    asked.options.offline = Some(Vec::new());
    scene.registry.clear_requests();
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Unavailable, "not named");
    assert!(verification.reason.unwrap().contains("--offline"));
    assert!(scene.registry.requests().is_empty());
}

#[tokio::test]
async fn a_keyless_signature_needs_no_other_server() {
    let (pki, scene) = (Sigstore::new(), Scene::new());
    scene.bundle(&Signing::keyless(&pki, ci()).bundle(scene.digest()));
    let mut asked = Asked::keyless(&pki, &ci());
    asked.options.offline = Some(vec![scene.host()]);
    assert_verdict(&scene.verify(&asked).await, Verified, "offline");
}

#[tokio::test]
async fn a_registry_elsewhere_is_not_spoken_to_in_plain_http() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    // Another name of this machine that is no loopback address.
    let port = scene.host().rsplit_once(':').unwrap().1.to_owned();
    let rule = "- {match: '**', key: 'env://KEY', insecure_ignore_tlog: true}";
    let asked = Asked::rules(rule, &[("KEY", &key.public_pem())]);
    let image = format!("0.0.0.0:{port}/{REPOSITORY}:1");
    let ask = async |options| {
        let asked = Asked {
            options,
            ..asked.clone()
        };
        asked.verify(&image).await.unwrap()
    };
    let verification = ask(asked.options.clone()).await;
    assert_verdict(&verification, Unavailable, "https");
    let insecure = RegistryOptions {
        insecure_hosts: vec![format!("0.0.0.0:{port}")],
        ..asked.options.clone()
    };
    assert_verdict(&ask(insecure).await, Verified, "--insecure-registry");
}

#[tokio::test]
async fn a_registry_that_hangs_again_and_again_is_given_up() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    for _ in 0..60 {
        let stranger = SigningKey::p256();
        scene.bundle(&Signing::with_key(&stranger).bundle(scene.digest()));
    }
    scene.registry.fault("*/manifests/sha256:*", Fault::hang());
    let mut asked = Asked::key(&key);
    asked.options.deadline = Duration::from_secs(1);
    let started = Instant::now();
    let verification = scene.verify(&asked).await;
    assert_verdict(&verification, Unavailable, "hanging");
    // Eight at a time, a second each, would be eight seconds.
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}
