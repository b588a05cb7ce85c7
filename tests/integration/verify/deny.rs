//! The deny list comes before every other verdict.

use Verdict::{Denied, Unavailable, Unsigned, Verified};
use fullsend_testkit::registry::Fault;

use super::*;

/// `asked` with a list of its own, and the folder that holds it.
fn with_list(mut asked: Asked, list: &str) -> (Asked, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = fullsend::seam::files::AtomicFile::open(&folder.path().join("deny.yaml"));
    file.and_then(|file| file.commit(list.as_bytes())).unwrap();
    folder.path().clone_into(&mut asked.folder);
    asked.deny = Some("deny.yaml".parse().unwrap());
    (asked, folder)
}

fn tagged(scene: &Scene, tag: &str) -> String {
    scene.put_manifest(tag, &scene.image.manifest);
    format!(":{tag}")
}

#[tokio::test]
async fn by_version_whatever_the_signature_and_without_a_request() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let list = "- {version: 1.3.0, reason: leaks tokens, replacement: '1.2.4@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}";
    let (asked, _folder) = with_list(Asked::key(&key), list);
    let (bad, good) = (tagged(&scene, "1.3.0"), tagged(&scene, "1.3.1"));
    for _ in 0..2 {
        scene.registry.clear_requests();
        let verification = scene.verify_as(&bad, &asked).await;
        // The replacement is exec's: verify speaks of what it was asked about.
        assert_verdict(&verification, Denied, "listed");
        assert_eq!(verification.reason.as_deref(), Some("leaks tokens"));
        assert!(verification.image.ends_with(":1.3.0"));
        assert!(scene.registry.requests().is_empty());
        scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    }
    assert_verdict(
        &scene.verify_as(&good, &asked).await,
        Verified,
        "not listed",
    );
}

#[tokio::test]
async fn by_digest_also_behind_a_tag() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let list = format!("- {{digest: '{}', reason: stolen}}", scene.digest());
    let (asked, _folder) = with_list(Asked::key(&key), &list);
    let by_digest = format!("@{}", scene.digest());
    for reference in [":1", &by_digest] {
        assert_verdict(
            &scene.verify_as(reference, &asked).await,
            Denied,
            "unsigned",
        );
    }
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    for reference in [":1", &by_digest] {
        let verification = scene.verify_as(reference, &asked).await;
        assert_verdict(&verification, Denied, "signed");
        assert_eq!(verification.reason.as_deref(), Some("stolen"));
    }
}

#[tokio::test]
async fn by_the_digest_of_the_one_image_in_an_index_that_would_run() {
    let (amd64, arm64, key) = (agent("amd64"), agent("arm64"), SigningKey::p256());
    let scene = Scene::of(Image::index([amd64.clone(), arm64.clone()]));
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let list = |image: &Image| format!("- {{digest: '{}', reason: stolen}}", image.digest());
    let (asked, _folder) = with_list(Asked::key(&key), &list(&amd64));
    assert_verdict(&scene.verify(&asked).await, Denied, "ours");
    let (asked, _folder) = with_list(Asked::key(&key), &list(&arm64));
    assert_verdict(&scene.verify(&asked).await, Verified, "the neighbour's");
}

#[tokio::test]
async fn a_list_that_cannot_be_fetched() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let (mut asked, folder) = with_list(Asked::key(&key), "[]");
    assert_verdict(&scene.verify(&asked).await, Unsigned, "an empty list");
    asked.deny = Some("absent.yaml".parse().unwrap());
    assert_verdict(&scene.verify(&asked).await, Unsigned, "warn");
    asked.deny_unavailable = DenyUnavailable::Refuse;
    assert_verdict(&scene.verify(&asked).await, Unavailable, "refuse");
    drop(folder);
    let (asked, _folder) = with_list(Asked::key(&key), "{nonsense: true}");
    assert!(scene.try_verify(":1", &asked).await.is_err());
}

#[tokio::test]
async fn offline_a_list_elsewhere_is_fetched_only_if_the_command_names_its_host() {
    let (scene, key, web) = (Scene::new(), SigningKey::p256(), Registry::start());
    let list = format!("- {{digest: '{}', reason: stolen}}", scene.digest());
    web.fault("/deny.yaml", Fault::status(200).body(list));
    let mut asked = Asked::key(&key);
    asked.deny = Some(web.url("/deny.yaml").parse().unwrap());
    asked.deny_unavailable = DenyUnavailable::Refuse;
    asked.options.offline = Some(vec![scene.host()]);
    assert_verdict(&scene.verify(&asked).await, Unavailable, "not named");
    assert!(web.requests().is_empty());
    let named = asked.deny.as_ref().unwrap().host().unwrap();
    asked.options.offline = Some(vec![scene.host(), named]);
    assert_verdict(&scene.verify(&asked).await, Denied, "named");
    assert_eq!(web.requests().len(), 1);
}

#[tokio::test]
async fn a_list_on_the_web_may_have_moved_and_may_need_a_second_try() {
    let (scene, key, web) = (Scene::new(), SigningKey::p256(), Registry::start());
    let list = format!("- {{digest: '{}', reason: stolen}}", scene.digest());
    web.fault("/deny.yaml", Fault::redirect("/moved.yaml"));
    web.fault("/deny.yaml", Fault::status(503).times(1));
    web.fault("/moved.yaml", Fault::status(200).body(list));
    let mut asked = Asked::key(&key);
    asked.deny = Some(web.url("/deny.yaml").parse().unwrap());
    assert_verdict(&scene.verify(&asked).await, Denied, "moved");
    let first = "GET /deny.yaml";
    assert_eq!(web.paths(), [first, first, "GET /moved.yaml"]);
}
