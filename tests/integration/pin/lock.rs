//! Recorded digests: written, checked without a request, and gone back to.

use serde_json::Value;

use super::scene::{Action, CI, Scene, workflow};

const LOCK: &str = "pins.json";

/// A workflow and a Dockerfile, with everything that they name.
fn scene() -> (Scene, Action) {
    let scene = Scene::new();
    let tool = scene.action("acme/tool");
    scene.image("base", "1.0.0", "2020-01-01T00:00:00Z");
    scene.steps(&["acme/tool@v1.0.0", "acme/tool@v1", "./local"]);
    scene.write(
        "Dockerfile",
        format!("FROM {}\n", scene.named("base:1.0.0")),
    );
    (scene, tool)
}

fn entries(scene: &Scene) -> Vec<Value> {
    let document: Value = serde_json::from_str(&scene.text(LOCK)).unwrap();
    assert_eq!(document["schema_version"], 1);
    document["entries"].as_array().unwrap().clone()
}

/// The statuses of a run that nobody was asked for.
#[track_caller]
fn unasked(scene: &Scene, code: i32, arguments: &[&str]) -> Vec<String> {
    scene.forget_requests();
    let (ended, rows) = scene.rows(arguments);
    assert_eq!(scene.asked(), [""; 0]);
    assert_eq!(ended, code, "{rows:#?}");
    let statuses = rows.iter().map(|row| row["status"].as_str().unwrap());
    statuses.map(str::to_owned).collect()
}

#[test]
fn what_was_resolved_is_recorded_and_checked_without_a_request() {
    let (scene, tool) = scene();
    scene.pin(&["--lock", LOCK]).ended(0);
    let recorded = entries(&scene);
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let of: Vec<_> = recorded
        .iter()
        .map(|entry| {
            (
                text(entry, "file"),
                text(entry, "version"),
                text(entry, "digest"),
            )
        })
        .collect();
    assert_eq!(of[0].0, CI);
    assert_eq!(of[0].1, "v1.0.0");
    assert_eq!(of[0].2, tool.old);
    assert_eq!(of[1].1, "v1.1.0");
    assert_eq!(of[1].2, tool.new);
    assert_eq!(
        (of[2].0.as_str(), of[2].1.as_str()),
        ("Dockerfile", "1.0.0")
    );
    assert_eq!(of.len(), 3);
    assert_eq!(text(&recorded[0], "source"), scene.git.url("/acme/tool"));
    assert_eq!(text(&recorded[2], "source"), scene.registry.host());

    let statuses = unasked(&scene, 0, &["--check", "--lock", LOCK]);
    assert_eq!(statuses, ["pinned", "pinned", "ignored", "pinned"]);
    let before = scene.text(LOCK);
    scene.pin(&["--lock", LOCK]).ended(0);
    assert_eq!(scene.text(LOCK), before, "a second run changes nothing");
}

#[test]
fn a_check_with_a_lock_sees_every_change() {
    let (scene, tool) = scene();
    scene.pin(&["--lock", LOCK]).ended(0);
    scene.steps(&[
        &format!("acme/tool@{} # v1.0.0", tool.new),
        "acme/tool@v1",
        "./local",
    ]);
    let statuses = unasked(&scene, 1, &["--check", "--lock", LOCK]);
    assert_eq!(statuses, ["mismatch", "unpinned", "ignored", "pinned"]);
    scene.steps(&[&format!("acme/other@{} # v1.0.0", tool.new)]);
    let statuses = unasked(&scene, 1, &["--check", "--lock", LOCK]);
    assert_eq!(statuses, ["error", "pinned"]);
    scene
        .pin(&["--check", "--lock", LOCK])
        .ended(1)
        .said("nothing is recorded of acme/other at v1.0.0: run `fullsend pin --lock`");
}

#[test]
fn every_reference_goes_back_without_a_request() {
    let (scene, tool) = scene();
    scene.pin(&["--lock", LOCK]).ended(0);
    let (pinned, base) = (scene.text(CI), scene.text("Dockerfile"));
    scene.steps(&[
        "acme/tool@main",
        &format!("acme/tool@{} # v1.1.0", tool.old),
        "./local",
    ]);
    scene.write(
        "Dockerfile",
        format!("FROM {}\n", scene.named("base:2.0.0")),
    );

    let mismatched = ["mismatch", "mismatch", "ignored", "mismatch"];
    assert_eq!(unasked(&scene, 1, &["--to", LOCK, "--check"]), mismatched);
    scene.forget_requests();
    let patch = scene.pin(&["--to", LOCK, "--diff"]);
    assert!(
        patch
            .stdout
            .contains(&format!("+      - uses: acme/tool@{}", tool.old))
    );
    assert_ne!(scene.text(CI), pinned);
    let changed = ["changed", "changed", "ignored", "changed"];
    assert_eq!(unasked(&scene, 0, &["--to", LOCK]), changed);
    assert_eq!((scene.text(CI), scene.text("Dockerfile")), (pinned, base));
    let there = ["pinned", "pinned", "ignored", "pinned"];
    assert_eq!(unasked(&scene, 0, &["--to", LOCK]), there);
}

#[test]
fn a_failure_keeps_its_entry_and_a_file_that_is_gone_keeps_none() {
    let (scene, _) = scene();
    scene.pin(&["--lock", LOCK]).ended(0);
    let before = entries(&scene);
    scene.registry.remove("base", "1.0.0");
    scene.write(
        "Dockerfile",
        format!("FROM {}\n", scene.named("base:1.0.0")),
    );
    scene.pin(&["--lock", LOCK]).ended(1);
    assert_eq!(entries(&scene), before);
    // What was not looked at is kept, as long as it is there.
    scene.pin(&["--lock", LOCK, CI]).ended(0);
    assert_eq!(entries(&scene), before);
    std::fs::remove_file(scene.path("Dockerfile")).unwrap();
    scene.pin(&["--lock", LOCK]).ended(0);
    assert_eq!(entries(&scene), before[..2]);
}

#[test]
fn a_lock_that_is_none_is_refused_and_left_alone() {
    let (scene, _) = scene();
    for text in [
        "{\"entries\": []}",
        "[",
        "uses: x",
        "{\"schema_version\": 2, \"entries\": []}",
    ] {
        scene.write(LOCK, text);
        for arguments in [
            &["--lock", LOCK][..],
            &["--check", "--lock", LOCK],
            &["--to", LOCK],
        ] {
            let done = scene.pin(arguments);
            assert!(
                done.ended(2).stderr.contains("pins.json is no lock"),
                "{done:?}"
            );
        }
        assert_eq!(scene.text(LOCK), text);
    }
    for arguments in [
        &["--check", "--lock", "none.json"][..],
        &["--to", "none.json"],
        &["--lock", LOCK, "--diff"],
        &["--lock", LOCK, "--to", LOCK],
        &["--to", LOCK, "--update"],
        &["--check", "--lock", LOCK, "--update"],
        &["--check", "--lock", LOCK, "--verify"],
    ] {
        scene.pin(arguments).ended(2);
    }
    assert_eq!(
        scene.text(CI),
        workflow(&["acme/tool@v1.0.0", "acme/tool@v1", "./local"])
    );
    assert_eq!(scene.asked(), [""; 0]);
}
