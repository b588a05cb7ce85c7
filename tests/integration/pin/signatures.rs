//! `--verify`: an image is pinned only to what the policy accepts.

use fullsend_testkit::{
    image::{Image, ImageBuilder},
    registry::{Fault, Registry},
    signing::{Signing, SigningKey},
};

use super::scene::Scene;

const POLICY: [&str; 4] = ["--verify", "--key", "cosign.pub", "--insecure-ignore-tlog"];

pub(crate) fn push(scene: &Scene, tag: &str, signer: Option<&SigningKey>) -> Image {
    push_to(&scene.registry, tag, signer)
}

/// An image `a/b` in `registry`.
pub(crate) fn push_to(registry: &Registry, tag: &str, signer: Option<&SigningKey>) -> Image {
    let image = ImageBuilder::new().label("tag", tag).build();
    let referrer = signer.map(|key| {
        let bundle = Signing::with_key(key).bundle(image.digest());
        bundle.referrer(&image.manifest)
    });
    let signature = referrer.iter().flat_map(|it| &it.blobs);
    for blob in image.blobs.iter().chain(signature) {
        registry.put_blob(blob.bytes.clone());
    }
    let signature = referrer
        .iter()
        .map(|it| (&*it.manifest.digest, &it.manifest));
    for (reference, manifest) in signature.chain([(tag, &image.manifest)]) {
        let bytes = manifest.bytes.clone();
        registry.put_manifest("a/b", reference, &manifest.media_type, bytes);
    }
    image
}

#[test]
fn what_nobody_signed_is_not_pinned() {
    let (scene, key, stranger) = (Scene::new(), SigningKey::p256(), SigningKey::p256());
    key.write(scene.folder.path()).unwrap();
    let signed = push(&scene, "1.0.0", Some(&key));
    push(&scene, "1.1.0", None);
    push(&scene, "1.2.0", Some(&stranger));
    let from = |tag: &str| format!("FROM {}\n", scene.named(&format!("a/b:{tag}")));
    let before = ["1.0.0", "1.1.0", "1.2.0"].map(from).concat();
    scene.write("Dockerfile", &before);
    let (code, rows) = scene.rows(&POLICY);
    let statuses: Vec<_> = rows
        .iter()
        .map(|row| row["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        (code, &statuses[..]),
        (1, &["changed", "unpinned", "unpinned"][..]),
        "{rows:#?}"
    );
    for (row, verdict) in rows[1..].iter().zip(["has no signature", "untrusted"]) {
        let reason = row["reason"].as_str().unwrap();
        assert!(reason.starts_with("the policy refuses "), "{reason}");
        assert!(reason.contains(verdict), "{reason}");
        assert!(row["after"].is_null());
    }
    let pinned = from(&format!("1.0.0@{}", signed.digest()));
    assert_eq!(
        scene.text("Dockerfile"),
        before.replace(&from("1.0.0"), &pinned)
    );
}

#[test]
fn who_cannot_be_asked_for_signatures_is_an_error() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    key.write(scene.folder.path()).unwrap();
    push(&scene, "1.0.0", Some(&key));
    scene.registry.fault("*/referrers/*", Fault::status(403));
    let before = format!("FROM {}\n", scene.named("a/b:1.0.0"));
    scene.write("Dockerfile", &before);
    assert_eq!(scene.only(3, &POLICY).0, "error");
    assert_eq!(scene.text("Dockerfile"), before);
    scene.registry.clear_faults();
    assert_eq!(scene.only(0, &POLICY).0, "changed");
}

#[test]
fn without_a_policy_nothing_is_verified() {
    let scene = Scene::new();
    push(&scene, "1.0.0", None);
    scene.write("Dockerfile", format!("FROM {}\n", scene.named("a/b:1.0.0")));
    let done = scene.pin(&["--verify"]);
    done.ended(2);
    assert!(
        done.stderr.contains("there is no policy"),
        "{}",
        done.stderr
    );
    assert_eq!(scene.asked(), [""; 0]);
}
