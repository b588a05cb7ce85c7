//! `--registry-mirror`: what the mirror has is believed for its signatures alone.

use super::{
    command::{fullsend, keyed, text},
    *,
};

/// The exit code and verdict on docker.io's image, by the scene's registry as the mirror.
fn mirrored(scene: &Scene, image: &str, options: &[&str]) -> (Option<i32>, serde_json::Value) {
    let (key, folder, _) = keyed(scene);
    scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    let host = image.split('/').next().unwrap();
    let mirror = format!("{host}={}", scene.host());
    let always = [
        "--registry-mirror",
        &mirror,
        "--key",
        "cosign.pub",
        "--insecure-ignore-tlog",
        "--format",
        "json",
        image,
    ];
    let output = fullsend(folder.path(), &[&always[..], options].concat());
    let json = serde_json::from_slice(&output.stdout);
    let json = json.unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    (output.status.code(), json)
}

#[test]
fn offline_the_mirror_stands_for_the_registry() {
    let scene = Scene::new();
    let image = format!("docker.io/{REPOSITORY}:1");
    let (code, json) = mirrored(&scene, &image, &["--offline"]);
    assert_eq!(code, Some(0), "{json:#}");
    assert_eq!(json["image"], image);
    assert_eq!(json["digest"], scene.digest());
    let (code, json) = mirrored(&scene, "docker.io/acme/absent:1", &["--offline"]);
    assert_eq!((code, &json["verdict"]), (Some(3), &json!("unavailable")));
}

#[test]
fn the_registry_itself_may_be_dead() {
    let scene = Scene::new();
    // Nothing listens on this port; what the mirror lacks, nobody has.
    let dead = format!("127.0.0.1:1/{REPOSITORY}:1");
    let (code, json) = mirrored(&scene, &dead, &[]);
    assert_eq!(code, Some(0), "{json:#}");
    let (code, json) = mirrored(&scene, "127.0.0.1:1/acme/absent:1", &[]);
    assert_eq!((code, &json["verdict"]), (Some(3), &json!("unavailable")));
}

#[test]
fn a_mirror_with_another_image_is_not_believed() {
    let scene = Scene::new();
    let image = format!("docker.io/{REPOSITORY}@{}", elsewhere());
    let (code, json) = mirrored(&scene, &image, &["--offline"]);
    assert_eq!((code, &json["verdict"]), (Some(3), &json!("unavailable")));
}
