//! What must not be hidden, and how a run ends by who is to blame.

use super::scene::{CI, Scene, workflow};

const ACTIONS_LOCK: &str = ".github/workflows/actions.lock";

#[test]
fn what_actions_lock_has_not_is_looked_at_all_the_same() {
    let scene = Scene::new();
    let tool = scene.action("acme/tool");
    scene.steps(&[&format!("acme/tool@{} # v1.1.0", tool.old)]);
    let (status, reason) = scene.check(1);
    assert_eq!(status, "mismatch", "{reason}");
    let entry = format!(
        "    'acme/tool@v1.0.0':\n        ref: 'v1.0.0'\n        commit: 'sha1-{}'\n        \
         owner_id: 1\n        repo_id: 2\n",
        tool.old
    );
    let behind = format!(
        "version: 'v0.0.2'\nworkflows:\n    '{CI}':\n        - 'acme/tool@v1.0.0'\n\
         dependencies:\n{entry}"
    );
    let absent = format!(
        "version: 'v0.0.2'\nworkflows:\n    '{CI}':\n        - 'acme/other@v1.0.0'\n\
         dependencies:\n{entry}"
    );
    for lock in [behind, absent] {
        scene.write(ACTIONS_LOCK, lock);
        for arguments in [&["--check"][..], &["--check", "--update"]] {
            let found = scene.only(1, arguments);
            assert_eq!(found, (status.clone(), reason.clone()), "{arguments:?}");
        }
    }
}

#[test]
fn an_image_without_a_tag_goes_back() {
    let scene = Scene::new();
    let old = scene.image("base", "1.0.0", "2020-01-01T00:00:00Z");
    let new = scene.image("base", "2.0.0", "2021-01-01T00:00:00Z");
    let from = |image: String| format!("FROM {}\n", scene.named(&image));
    let before = from(format!("base@{old}"));
    scene.write("Dockerfile", &before);
    scene.pin(&["--lock", "pins.json"]).ended(0);
    for other in [format!("base@{new}"), format!("base:2.0.0@{new}")] {
        scene.write("Dockerfile", from(other));
        scene.pin(&["--to", "pins.json", "--check"]).ended(1);
        scene.pin(&["--to", "pins.json"]).ended(0).said("1 changed");
        assert_eq!(scene.text("Dockerfile"), before);
    }
}

#[test]
fn only_who_gave_no_answer_ends_with_3() {
    let scene = Scene::new();
    scene.action("acme/tool");
    scene.steps(&["acme/tool@v1.0.0"]);
    scene.write(".github/workflows/broken.yml", "jobs: {a: [\n");
    scene.pin(&[]).ended(1).said("1 changed, 1 error");
    scene.steps(&["acme/nowhere@v1.0.0"]);
    scene.pin(&[]).ended(3).said("2 error");
}

#[test]
fn a_deny_list_that_must_be_had() {
    let scene = Scene::new();
    scene.action("acme/tool");
    scene.steps(&["acme/tool@v1.0.0"]);
    scene.write("fullsend.yaml", "version: 1\ndeny_unavailable: refuse\n");
    let done = scene.pin(&["--update", "--deny", "none.yaml"]);
    assert!(
        done.stderr.contains("the deny list is unavailable"),
        "{done:?}"
    );
    done.ended(3);
    assert_eq!(scene.text(CI), workflow(&["acme/tool@v1.0.0"]));
}

/// Whose preset counts is told by where the file lies, not by where the command runs.
#[test]
fn every_repository_has_its_own_options() {
    const INCLUDES: &str = ".gitlab-ci.yml";
    let scene = Scene::new();
    let tool = scene.action("o/r");
    scene.action("acme/tool");
    tool.repository.tag("1.0.0", &tool.old);
    let includes = "include:\n- component: $CI_SERVER_FQDN/o/r/c@1.0.0\n";
    scene.write(INCLUDES, includes);
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join(".git")).unwrap();
    let put = |name: &str, text: &str| {
        fullsend::seam::files::create(&other.path().join(name), text.as_bytes(), 0o644).unwrap();
    };
    put(INCLUDES, includes);
    put(
        "renovate.json",
        "{\"extends\": [\"github>fullsend-ai/fullsend//renovate/default\"]}",
    );
    let there = other.path().to_str().unwrap();
    let refused = scene.pin(&["--diff", ".", there]);
    assert!(
        refused.stderr.contains("once for each repository"),
        "{refused:?}"
    );
    refused.ended(2);
    scene.pin(&[".", there]).ended(0).said("1 changed");
    assert_eq!(scene.text(INCLUDES), includes);
    let path = other.path().join(INCLUDES);
    let text = fullsend::seam::files::read(&path, 1 << 20).unwrap();
    let moved = format!("c@{} # 1.0.0\n", tool.old);
    assert!(String::from_utf8(text).unwrap().ends_with(&moved));
}
