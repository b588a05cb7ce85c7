//! Newer versions: how far, how old, and which never.

use super::scene::{CI, Scene};

const DAY: i64 = 86_400;
const OLD: &str = "2024-01-01T00:00:00Z";

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A repository of actions with these tags, a day after another, the last one a day ago.
fn released(scene: &Scene, path: &str, tags: &[&str]) -> Vec<String> {
    let repository = scene.git.repository(path);
    let mut commits: Vec<String> = Vec::new();
    for (number, tag) in (1..).zip(tags) {
        let parents: Vec<&str> = commits.last().map(String::as_str).into_iter().collect();
        let age = i64::try_from(tags.len()).unwrap() - number + 1;
        let commit = repository.commit(&parents, tag, now() - age * DAY);
        repository.tag(tag, &commit);
        commits.push(commit);
    }
    repository.branch("main", commits.last().unwrap());
    commits
}

/// Pins one step, which must then name this version.
#[track_caller]
fn step(scene: &Scene, arguments: &[&str], uses: &str, version: &str) {
    scene.steps(&[uses]);
    let done = scene.pin(arguments);
    let text = scene.text(CI);
    assert!(
        text.ends_with(&format!(" # {version}\n")),
        "{uses}: {text}{done:#?}"
    );
}

/// Pins one image, which must then be at this tag.
#[track_caller]
fn image(scene: &Scene, arguments: &[&str], tag: &str, expected: &str) {
    scene.write(
        "Dockerfile",
        format!("FROM {}\n", scene.named(&format!("i:{tag}"))),
    );
    let done = scene.pin(arguments);
    let text = scene.text("Dockerfile");
    let start = format!("FROM {}@sha256:", scene.named(&format!("i:{expected}")));
    assert!(text.starts_with(&start), "{tag}: {text}{done:#?}");
}

#[test]
fn a_moving_tag_becomes_the_most_exact_of_its_commit() {
    let scene = Scene::new();
    let repository = scene.git.repository("o/r");
    let commit = repository.commit(&[], "a", now());
    for tag in [
        "v4",
        "v4.3",
        "v4.3.1",
        "v4.3.1-rc.1",
        "latest",
        "release/4",
        "x/v9.9.9",
    ] {
        repository.tag(tag, &commit);
    }
    let other = repository.commit(&[&commit], "b", now());
    repository.tag("v4.4.0", &other);
    for uses in ["o/r@v4", "o/r@v4.3", "o/r@v4.3.1"] {
        step(&scene, &[], uses, "v4.3.1");
    }
}

#[test]
fn versions_of_a_path_are_their_own() {
    let scene = Scene::new();
    let tags = ["a/v1.0.0", "b/v1.0.0", "a/v1.1.0", "b/v1.9.0", "v3.0.0"];
    released(&scene, "o/r", &tags);
    step(&scene, &[], "o/r/a@a/v1.0.0", "a/v1.0.0");
    step(&scene, &["--update"], "o/r/a@a/v1.0.0", "a/v1.1.0");
    step(&scene, &["--update", "major"], "o/r/b@b/v1.0.0", "b/v1.9.0");
    scene.pin(&["--check"]).ended(0);
}

#[test]
fn a_step_is_as_far_as_it_goes() {
    let scene = Scene::new();
    let tags = ["v1.0.0", "v1.0.9", "v1.2.0", "v2.0.0", "v3.0.0-rc.1"];
    released(&scene, "o/r", &tags);
    for tag in [
        "1.0.0",
        "1.0.9",
        "1.2.0",
        "2.0.0",
        "3.0.0-rc.1",
        "1.9.0-alpine",
        "latest",
    ] {
        scene.image("i", tag, OLD);
    }
    for (arguments, version) in [
        (&[][..], "1.0.0"),
        (&["--update", "none"], "1.0.0"),
        (&["--update", "patch"], "1.0.9"),
        (&["--update", "minor"], "1.2.0"),
        (&["--update"], "1.2.0"),
        (&["--update", "major"], "2.0.0"),
    ] {
        step(&scene, arguments, "o/r@v1.0.0", &format!("v{version}"));
        image(&scene, arguments, "1.0.0", version);
    }
    // From what is pinned, too; and a second run finds nothing.
    scene.pin(&["--update", "major"]).ended(0);
    scene.pin(&["--update", "major", "--check"]).ended(0);
}

#[test]
fn a_variant_stays_what_it_is() {
    let scene = Scene::new();
    for tag in [
        "1.4.2",
        "1.4.3",
        "1.4.2-alpine",
        "1.4.4-alpine",
        "1.4.5-alpine3.20",
        "1.4.9-bookworm",
    ] {
        scene.image("i", tag, OLD);
    }
    image(&scene, &["--update"], "1.4.2-alpine", "1.4.4-alpine");
    image(&scene, &["--update"], "1.4.2", "1.4.3");
}

#[test]
fn a_prerelease_is_taken_by_who_is_on_one() {
    let scene = Scene::new();
    released(&scene, "o/r", &["v2.0.0-rc.1", "v2.0.0-rc.2"]);
    step(&scene, &["--update"], "o/r@v2.0.0-rc.1", "v2.0.0-rc.2");
    // Once it is released, that is what everybody moves to.
    released(&scene, "o/s", &["v2.0.0-rc.1", "v2.0.0", "v2.1.0-beta.1"]);
    step(&scene, &["--update"], "o/s@v2.0.0-rc.1", "v2.0.0");
    step(&scene, &["--update"], "o/s@v2.0.0", "v2.0.0");
    for tag in ["2.0.0-rc.1", "2.0.0-rc.2", "2.0.0", "2.1.0-beta.1"] {
        scene.image("i", tag, OLD);
    }
    image(&scene, &["--update"], "2.0.0", "2.0.0");
}

/// What lies beside images: signatures, attestations and referrers of other clients.
#[test]
fn tags_of_signatures_are_no_versions() {
    let scene = Scene::new();
    let digest = scene.image("i", "1.0.0", OLD).replace(':', "-");
    for tag in [
        format!("{digest}.sig"),
        format!("{digest}.att"),
        digest,
        "sha-9999999".to_owned(),
    ] {
        scene.image("i", &tag, OLD);
    }
    image(&scene, &["--update", "major"], "1.0.0", "1.0.0");
}

#[test]
fn what_is_too_young_or_of_unknown_age_is_left_out() {
    let scene = Scene::new();
    released(&scene, "o/r", &["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"]);
    step(
        &scene,
        &["--update", "--min-age", "60h"],
        "o/r@v1.0.0",
        "v1.1.0",
    );
    step(
        &scene,
        &["--update", "--min-age", "36h"],
        "o/r@v1.0.0",
        "v1.2.0",
    );
    step(
        &scene,
        &["--update", "--min-age", "30d"],
        "o/r@v1.0.0",
        "v1.0.0",
    );
    let (_, rows) = scene.rows(&["--update", "--min-age", "30d"]);
    let reason = rows[0]["reason"].as_str().unwrap();
    assert!(reason.contains("too young"), "{reason}");

    let today = jiff::Timestamp::now().to_string();
    scene.image("i", "1.0.0", OLD);
    scene.image("i", "1.1.0", OLD);
    scene.image("i", "1.2.0", &today);
    image(&scene, &["--update", "--min-age", "7d"], "1.0.0", "1.1.0");
    // A reproducible build says 1970, which nobody believes.
    scene.image("i", "1.3.0", "1970-01-01T00:00:00Z");
    scene.write(CI, "");
    image(&scene, &["--update", "--min-age", "7d"], "1.0.0", "1.1.0");
    scene.registry.remove("i", "1.2.0");
    let (_, rows) = scene.rows(&["--update", "--min-age", "7d"]);
    let reason = rows[0]["reason"].as_str().unwrap();
    assert!(reason.contains("the age of 1.3.0 is not known"), "{reason}");
}

const DENY: &str = "- {version: 1.2.0, reason: leaks}\n";

fn ours(scene: &Scene, more: &str) {
    for tag in ["1.0.0", "1.1.0", "1.2.0"] {
        scene.image("i", tag, OLD);
        scene.image("other", tag, OLD);
    }
    let (image, other) = (scene.named("i:1.0.0"), scene.named("other:1.0.0"));
    let config = format!("version: 1\nimage: {image}\n{more}agents:\n  x: {{image: '{other}'}}\n");
    scene.write("fullsend.yaml", config);
}

#[test]
fn what_is_denied_is_not_moved_to() {
    let scene = Scene::new();
    ours(&scene, "");
    scene.write("deny.yaml", DENY);
    scene.pin(&["--update", "--deny", "deny.yaml"]).ended(0);
    let text = scene.text("fullsend.yaml");
    assert!(text.contains(&scene.named("i:1.1.0@sha256:")), "{text}");
    assert!(text.contains(&scene.named("other:1.2.0@sha256:")), "{text}");
    let done = scene.pin(&["--update", "--deny", "deny.yaml", "-v"]);
    done.ended(0).said("1.2.0 is denied: leaks");
    scene.pin(&["--update", "--deny", "none.yaml"]);
}

#[test]
fn who_is_held_back_stays() {
    let scene = Scene::new();
    ours(
        &scene,
        "hold: {version: 1.0.0, reason: slow here, until: 2999-01-01}\n",
    );
    let done = scene.pin(&["--update", "-v"]);
    done.ended(0)
        .said("held on 1.0.0 until 2999-01-01: slow here");
    let text = scene.text("fullsend.yaml");
    assert!(text.contains(&scene.named("i:1.0.0@sha256:")), "{text}");
    assert!(text.contains(&scene.named("other:1.2.0@sha256:")), "{text}");
}

#[test]
fn hashes_may_be_long() {
    let scene = Scene::new();
    let repository = scene
        .git
        .repository_as("o/long", fullsend_testkit::git::Format::Sha256);
    let old = repository.commit(&[], "a", now());
    let new = repository.commit(&[&old], "b", now());
    repository.tag("v1.0.0", &old);
    repository.tag("v1.1.0", &new);
    repository.branch("main", &new);
    assert_eq!(new.len(), 64);
    step(&scene, &[], "o/long@v1.0.0", "v1.0.0");
    assert!(scene.text(CI).contains(&old));
    scene.pin(&["--check"]).ended(0);
    step(&scene, &["--update"], "o/long@v1.0.0", "v1.1.0");
    let fork = repository.commit(&[&new], "c", now());
    scene.steps(&[&format!("o/long@{fork}")]);
    assert_eq!(scene.check(1).0, "impostor");
}

#[test]
fn a_tag_that_is_a_branch_too_is_left_to_people() {
    let scene = Scene::new();
    let action = scene.action("o/r");
    action.repository.branch("v1", &action.old);
    scene.steps(&["o/r@v1"]);
    let (status, reason) = scene.only(1, &[]);
    assert_eq!(status, "unpinned");
    assert!(reason.contains("both a tag and a branch"), "{reason}");
    // With its whole name it is one of them.
    step(&scene, &[], "o/r@refs/tags/v1", "v1.1.0");
    step(&scene, &[], "o/r@refs/heads/v1", "v1.0.0");
    // Where both are the same commit, it does not matter which is meant.
    action.repository.branch("v1", &action.new);
    step(&scene, &[], "o/r@v1", "v1.1.0");
}

#[test]
fn mistakes_of_the_command_line_are_told() {
    let scene = Scene::new();
    for (arguments, told) in [
        (&["--update", "huge"][..], "huge"),
        (&["--min-age", "soon"], "write a duration such as `7d`"),
        (&["--min-age=-7d"], "write a duration such as `7d`"),
        (&["--only", "cats"], "cats"),
        (&["--exclude", "["], "["),
        (&["--github-url", "no url"], "no url"),
        (&["--github-url", "file:///etc"], "https://"),
    ] {
        scene.steps(&["o/r@v1"]);
        let done = scene.pin(arguments);
        done.ended(2);
        assert!(done.stderr.contains(told), "{arguments:?}: {}", done.stderr);
    }
}
