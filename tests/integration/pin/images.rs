//! Every status of images, with its reason.

use fullsend_testkit::image::{Image, ImageBuilder};

use super::scene::Scene;

const EARLY: &str = "2024-01-01T00:00:00Z";
const LATE: &str = "2024-06-01T00:00:00Z";
const NONE: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// How one image of a Dockerfile stands, by `--check` that ends with `code`.
#[track_caller]
fn is(scene: &Scene, code: i32, image: &str, status: &str, reason: &str) {
    scene.write("Dockerfile", format!("FROM {}\n", scene.named(image)));
    let told = scene.check(code);
    assert_eq!(told.0, status, "{image}: {}", told.1);
    assert!(told.1.contains(reason), "{image}: {}", told.1);
}

/// What an image becomes by a run with these options that ends with `code`.
#[track_caller]
fn becomes(scene: &Scene, code: i32, arguments: &[&str], image: &str, expected: &str) {
    scene.write("Dockerfile", format!("FROM {}\n", scene.named(image)));
    let done = scene.pin(arguments);
    done.ended(code);
    let expected = format!("FROM {}\n", scene.named(expected));
    assert_eq!(scene.text("Dockerfile"), expected, "{done:#?}");
}

#[test]
fn unpinned_and_pinned() {
    let scene = Scene::new();
    let digest = scene.image("a/b", "1.4.2", EARLY);
    scene.registry.move_tag("a/b", "latest", &[&digest]);
    is(&scene, 1, "a/b:1.4.2", "unpinned", "a tag can be moved");
    is(
        &scene,
        1,
        "a/b",
        "unpinned",
        "without a tag `latest` is meant",
    );
    becomes(&scene, 0, &[], "a/b:1.4.2", &format!("a/b:1.4.2@{digest}"));
    becomes(&scene, 0, &[], "a/b", &format!("a/b:latest@{digest}"));
    is(&scene, 0, &format!("a/b:1.4.2@{digest}"), "pinned", "");
    is(
        &scene,
        0,
        &format!("a/b@{digest}"),
        "pinned",
        "it has no tag",
    );
}

/// The index runs everywhere; a platform's own manifest does not.
#[test]
fn the_digest_is_that_of_the_index() {
    let scene = Scene::new();
    let of = |architecture| ImageBuilder::new().platform("linux", architecture).build();
    let index = Image::index([of("amd64"), of("arm64")]);
    for manifest in index.children.iter().chain([&index.manifest]) {
        let tag = if manifest.digest == index.digest() {
            "1.0.0"
        } else {
            &manifest.digest
        };
        let bytes = manifest.bytes.clone();
        scene
            .registry
            .put_manifest("a/b", tag, &manifest.media_type, bytes);
    }
    becomes(
        &scene,
        0,
        &[],
        "a/b:1.0.0",
        &format!("a/b:1.0.0@{}", index.digest()),
    );
    let one = format!("a/b:1.0.0@{}", index.children[1].digest);
    is(&scene, 0, &one, "pinned", "that of one platform");
}

#[test]
fn a_mismatch_is_told_and_never_mended() {
    let scene = Scene::new();
    let old = scene.image("a/b", "1.4.2", EARLY);
    let new = scene.image("a/b", "1.4.2", LATE);
    let image = format!("a/b:1.4.2@{old}");
    is(&scene, 1, &image, "mismatch", &format!("1.4.2 is {new}"));
    becomes(&scene, 1, &[], &image, &image);
    becomes(&scene, 1, &["--update", "major"], &image, &image);
}

/// A tag that moves by design has left its pin behind.
#[test]
fn stale_is_where_the_tag_has_moved_on() {
    let scene = Scene::new();
    for tag in ["22-alpine", "latest", "1.4"] {
        let old = scene.image("a/b", tag, EARLY);
        let new = scene.image("a/b", tag, LATE);
        let image = format!("a/b:{tag}@{old}");
        is(&scene, 0, &image, "stale", "has moved on since");
        becomes(&scene, 0, &[], &image, &image);
        becomes(
            &scene,
            0,
            &["--update", "patch"],
            &image,
            &format!("a/b:{tag}@{new}"),
        );
    }
}

#[test]
fn missing_is_a_tag_or_a_digest_that_was_deleted() {
    let scene = Scene::new();
    let old = scene.image("a/b", "1.4.2", EARLY);
    scene.image("a/b", "1.4.3", LATE);
    is(&scene, 1, "a/b:9", "missing", "has no tag 9");
    is(
        &scene,
        1,
        &format!("a/b:9@{old}"),
        "missing",
        "has no tag 9",
    );
    is(
        &scene,
        1,
        &format!("a/b:1.4.2@{NONE}"),
        "missing",
        "no such digest",
    );
    is(
        &scene,
        1,
        &format!("a/b@{NONE}"),
        "missing",
        "no such digest",
    );
    is(
        &scene,
        1,
        &format!("a/b:1.4.3@{NONE}"),
        "missing",
        "no such digest",
    );
    scene.registry.remove("a/b", &old);
    is(&scene, 1, &format!("a/b:1.4.2@{old}"), "missing", "");
}

#[test]
fn what_is_no_image_is_told_with_its_place() {
    let scene = Scene::new();
    let upper = format!("a/b@sha256:{}", "A".repeat(64));
    is(&scene, 1, &upper, "unpinned", "");
    is(&scene, 1, "a/b:1.0.0@sha256:abc", "unpinned", "");
    assert_eq!(scene.asked(), [""; 0]);
}
