//! Every status of actions, with its reason.

use super::scene::{Action, CI, NOWHERE, Scene};

const AGES: i64 = 1_600_000_000;

/// How one step stands that uses this, by `--check` that ends with `code`, and why.
#[track_caller]
fn check(scene: &Scene, code: i32, uses: &str) -> (String, String) {
    scene.steps(&[uses]);
    scene.check(code)
}

#[track_caller]
fn is(scene: &Scene, code: i32, uses: &str, status: &str, reason: &str) {
    let told = check(scene, code, uses);
    assert_eq!(told.0, status, "{uses}: {}", told.1);
    assert!(told.1.contains(reason), "{uses}: {}", told.1);
}

/// What is there after a run without `--check` that ended with `code`.
#[track_caller]
fn becomes(scene: &Scene, code: i32, uses: &str, expected: &str) {
    scene.steps(&[uses]);
    scene.pin(&[]).ended(code);
    let text = scene.text(CI);
    let line = text.lines().last().unwrap();
    assert_eq!(line, format!("      - uses: {expected}"));
}

fn scene() -> (Scene, Action) {
    let scene = Scene::new();
    let action = scene.action("o/r");
    (scene, action)
}

#[test]
fn unpinned_is_what_somebody_can_move() {
    let (scene, action) = scene();
    let Action { old, new, .. } = &action;
    is(&scene, 1, "o/r@v1", "unpinned", "a tag can be moved");
    is(&scene, 1, "o/r@main", "unpinned", "a branch can be moved");
    is(
        &scene,
        1,
        "o/r@refs/tags/v1",
        "unpinned",
        "a tag can be moved",
    );
    is(&scene, 1, "o/r", "unpinned", "@");
    becomes(&scene, 0, "o/r@v1", &format!("o/r@{new} # v1.1.0"));
    becomes(&scene, 0, "o/r@v1.0.0", &format!("o/r@{old} # v1.0.0"));
    becomes(
        &scene,
        0,
        "o/r@refs/tags/v1",
        &format!("o/r@{new} # v1.1.0"),
    );
    becomes(
        &scene,
        0,
        "o/r/sub/path@v1",
        &format!("o/r/sub/path@{new} # v1.1.0"),
    );
    // A branch that is no release keeps its name.
    let next = action.repository.commit(&[new], "next", AGES + 100_000);
    action.repository.branch("next", &next);
    becomes(&scene, 0, "o/r@next", &format!("o/r@{next} # tag=next"));
    is(&scene, 0, &format!("o/r@{next} # tag=next"), "pinned", "");
}

#[test]
fn pinned_is_a_commit_at_its_version() {
    let (scene, Action { old, new, .. }) = scene();
    for uses in [
        format!("o/r@{old} # v1.0.0"),
        format!("o/r@{old} # 1.0.0"),
        format!("o/r@{new} # tag=v1.1.0"),
        format!("o/r@{new} # pin@v1.1.0"),
        format!("o/r@{new} # v1.1.0 and why"),
        format!("\"o/r@{new}\"   # v1.1.0"),
    ] {
        is(&scene, 0, &uses, "pinned", "");
        becomes(&scene, 0, &uses, &uses);
    }
}

#[test]
fn stale_is_safe_and_could_say_more() {
    let (scene, action) = scene();
    let Action { old, new, .. } = &action;
    is(&scene, 0, &format!("o/r@{new} # v1"), "stale", "v1.1.0");
    becomes(
        &scene,
        0,
        &format!("o/r@{new} # v1"),
        &format!("o/r@{new} # v1.1.0"),
    );
    is(&scene, 0, &format!("o/r@{new}"), "stale", "v1.1.0");
    becomes(
        &scene,
        0,
        &format!("o/r@{new}"),
        &format!("o/r@{new} # v1.1.0"),
    );
    becomes(
        &scene,
        0,
        &format!("o/r@{new} # why"),
        &format!("o/r@{new} # v1.1.0 # why"),
    );
    // The tag has moved on, and the commit is the older release.
    is(
        &scene,
        0,
        &format!("o/r@{old} # v1"),
        "stale",
        "v1 has moved on",
    );
    becomes(
        &scene,
        0,
        &format!("o/r@{old} # v1"),
        &format!("o/r@{old} # v1.0.0"),
    );
    let next = action.repository.commit(&[new], "next", AGES + 100_000);
    action.repository.branch("main", &next);
    let uses = format!("o/r@{new} # tag=main");
    is(&scene, 0, &uses, "stale", "main");
    // Only who asks for newer versions is told by the exit code.
    scene.steps(&[&format!("o/r@{old} # v1.0.0")]);
    let (status, reason) = scene.only(1, &["--check", "--update"]);
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("stale", "v1.1.0 is newer than v1.0.0")
    );
}

#[test]
fn a_mismatch_is_told_and_never_mended() {
    let (scene, action) = scene();
    let Action { old, new, .. } = &action;
    let uses = format!("o/r@{old} # v1.1.0");
    is(&scene, 1, &uses, "mismatch", "this commit is v1.0.0");
    for arguments in [&[][..], &["--update", "major"], &["--diff"]] {
        scene.steps(&[&uses]);
        assert_eq!(scene.only(1, arguments).0, "mismatch");
        assert!(scene.text(CI).contains(&uses));
    }
    let between = action.repository.commit(&[new], "between", AGES + 100_000);
    let tip = action.repository.commit(&[&between], "tip", AGES + 200_000);
    action.repository.branch("main", &tip);
    let uses = format!("o/r@{between} # v1.1.0");
    is(&scene, 1, &uses, "mismatch", "is behind no tag");
    // What the comment says was never released.
    let uses = format!("o/r@{old} # v9.9.9");
    is(&scene, 1, &uses, "mismatch", "v9.9.9, which does not exist");
}

#[test]
fn an_impostor_is_on_no_branch_and_behind_no_tag() {
    let (scene, action) = scene();
    let Action {
        repository, new, ..
    } = &action;
    let ours = repository.commit(&[new], "ours", AGES + 100_000);
    let tip = repository.commit(&[&ours], "tip", AGES + 200_000);
    repository.branch("main", &tip);
    // A host keeps a fork's commits beside the repository's, and the pull request's ref.
    let fork = repository.commit(&[new], "a fork's", AGES + 100_000);
    repository.point("refs/pull/1/head", &fork);
    scene.steps(&[&format!("o/r@{fork}")]);
    let (status, reason) = scene.check(1);
    assert_eq!(status, "impostor");
    assert!(reason.contains("it may be a fork's"), "{reason}");
    is(
        &scene,
        1,
        &format!("o/r@{fork} # v1.1.0"),
        "impostor",
        "fork",
    );
    is(&scene, 1, &format!("o/r@{fork} # v1"), "impostor", "fork");
    is(
        &scene,
        1,
        &format!("o/r@{fork} # v7.7.7"),
        "impostor",
        "fork",
    );
    is(&scene, 0, &format!("o/r@{ours}"), "pinned", "");
    is(&scene, 0, &format!("o/r@{tip}"), "pinned", "");
}

/// Where no comment can stand, the commit is pinned all the same, and nothing else is claimed.
#[test]
fn a_reference_without_room_for_a_comment() {
    let (scene, Action { new, .. }) = scene();
    let before = "steps:\n      - uses: >-\n          o/r@v1\n      - {uses: o/r@v1, id: x}\n";
    scene.write(CI, format!("on: push\njobs:\n  a:\n    {before}"));
    scene.pin(&[]).ended(0);
    let after = scene.text(CI);
    assert_eq!(
        after,
        format!("on: push\njobs:\n  a:\n    {}", before.replace("v1", &new))
    );
    let (code, rows) = scene.rows(&[]);
    assert_eq!((code, scene.text(CI)), (0, after));
    for row in rows {
        assert_eq!(
            (&row["status"], &row["after"]),
            (&"stale".into(), &row["before"]),
            "{row:#}"
        );
        let reason = row["reason"].as_str().unwrap();
        assert_eq!(
            reason,
            "it is v1.1.0, which nothing says: a comment has no room here"
        );
    }
}

/// A host shows a branch of 40 digits before the commit of that name.
#[test]
fn a_branch_that_is_called_like_a_commit_is_an_impostor() {
    let (scene, action) = scene();
    let Action {
        repository,
        old,
        new,
    } = &action;
    repository.point(&format!("refs/heads/{old}"), new);
    let uses = format!("o/r@{old} # v1.0.0");
    is(&scene, 1, &uses, "impostor", "a branch or tag called");
}

#[test]
fn missing_is_what_does_not_exist() {
    let (scene, action) = scene();
    let Action {
        repository,
        old,
        new,
    } = &action;
    is(&scene, 1, "o/r@v9", "missing", "no tag and no branch `v9`");
    is(
        &scene,
        1,
        &format!("o/r@{}", &old[..7]),
        "missing",
        "write all digits",
    );
    is(
        &scene,
        1,
        &format!("o/r@{NOWHERE} # v1.0.0"),
        "missing",
        "no such commit",
    );
    is(
        &scene,
        1,
        &format!("o/r@{NOWHERE}"),
        "missing",
        "no such commit",
    );
    // The version of the comment was deleted, and its commit is on a branch.
    let gone = repository.commit(&[new], "gone", AGES + 100_000);
    let tip = repository.commit(&[&gone], "tip", AGES + 200_000);
    repository.branch("main", &tip);
    is(
        &scene,
        1,
        &format!("o/r@{gone} # v2.0.0"),
        "missing",
        "v2.0.0",
    );
    repository.git(&["update-ref", "-d", "refs/tags/v1.0.0"]);
    is(
        &scene,
        1,
        &format!("o/r@{old} # v1.0.0"),
        "missing",
        "v1.0.0",
    );
}

#[test]
fn what_cannot_be_found_out_is_unknown() {
    let (scene, action) = scene();
    let Action {
        repository, new, ..
    } = &action;
    let ours = repository.commit(&[new], "ours", AGES + 100_000);
    let tip = repository.commit(&[&ours], "tip", AGES + 200_000);
    repository.branch("main", &tip);
    let refused = fullsend_testkit::git::Fault::status(403);
    scene.git.fault("*", refused.after(1));
    is(&scene, 0, &format!("o/r@{ours}"), "unknown", "is not known");
}

#[test]
fn ignored_is_what_only_a_run_knows() {
    let (scene, _) = scene();
    for (uses, reason) in [
        ("./local", "of this repository"),
        ("./.github/workflows/other.yml", "of this repository"),
        ("$/action", "of this repository"),
        ("${{ matrix.uses }}", "a variable decides"),
        ("o/r@${{ inputs.version }}", "a variable decides"),
    ] {
        is(&scene, 0, uses, "ignored", reason);
        becomes(&scene, 0, uses, uses);
    }
    assert_eq!(scene.asked(), [""; 0]);
}

#[test]
fn a_repository_that_does_not_answer_is_an_error() {
    let (scene, _) = scene();
    is(
        &scene,
        3,
        "o/none@v1",
        "error",
        "check the repository's name",
    );
}
