//! How often anybody is asked, counted by those who are asked.

use super::scene::{Scene, workflow};

const MADE: &str = "2024-01-01T00:00:00Z";

/// 40 files that use 5 actions and 4 images some hundred times.
fn many(scene: &Scene) -> Vec<String> {
    let mut once = Vec::new();
    for number in 0..5 {
        scene.action(&format!("o/r{number}"));
        once.push(format!("POST /o/r{number}.git/git-upload-pack"));
    }
    for number in 0..4 {
        scene.image(&format!("i{number}"), "1.0.0", MADE);
        once.push(format!("GET /v2/i{number}/manifests/1.0.0"));
    }
    for file in 0..40 {
        let mut uses = Vec::new();
        for number in 0..5 {
            uses.push(format!("o/r{number}@v1"));
            uses.push(format!("o/r{number}/path{file}@v1.0.0"));
        }
        for number in 0..4 {
            uses.push(format!(
                "docker://{}",
                scene.named(&format!("i{number}:1.0.0"))
            ));
        }
        let uses: Vec<&str> = uses.iter().map(String::as_str).collect();
        scene.write(&format!(".github/workflows/{file}.yml"), workflow(&uses));
    }
    once.sort();
    once
}

#[test]
fn a_repository_and_an_image_are_asked_for_once() {
    let scene = Scene::new();
    let once = many(&scene);
    for (arguments, code, status) in [
        (&["--check"][..], 1, "unpinned"),
        (&["--diff"], 1, "unpinned"),
        (&[], 0, "changed"),
        (&["--check"], 0, "pinned"),
        (&[], 0, "pinned"),
    ] {
        scene.forget_requests();
        let (ended, rows) = scene.rows(arguments);
        assert_eq!((ended, rows.len()), (code, 40 * 14), "{arguments:?}");
        assert!(rows.iter().all(|row| row["status"] == status), "{rows:#?}");
        assert_eq!(scene.asked(), once, "{arguments:?}");
    }
}

#[test]
fn letters_of_another_case_name_the_same_repository() {
    let scene = Scene::new();
    // GitHub takes them for one; whichever of the two is asked for must be there.
    scene.action("o/r");
    scene.action("O/R");
    scene.steps(&["o/r@v1", "O/R@v1", "O/r/path@v1.0.0"]);
    let (ended, rows) = scene.rows(&["--check"]);
    assert_eq!((ended, rows.len()), (1, 3), "{rows:#?}");
    assert!(
        rows.iter().all(|row| row["status"] == "unpinned"),
        "{rows:#?}"
    );
    let asked = scene.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
}

#[test]
fn a_commit_that_is_no_tip_costs_one_more() {
    let scene = Scene::new();
    let action = scene.action("o/r");
    let between = action.repository.commit(&[&action.new], "a", 1_600_000_000);
    let tip = action.repository.commit(&[&between], "b", 1_600_000_000);
    action.repository.branch("main", &tip);
    let fork = action.repository.commit(&[&action.new], "c", 1_600_000_000);
    for (commit, code) in [(&between, 0), (&fork, 1)] {
        scene.steps(&[
            &format!("o/r@{commit}"),
            &format!("o/r/path@{commit}"),
            "o/r@v1",
        ]);
        scene.write(".github/workflows/b.yml", scene.text(super::scene::CI));
        scene.forget_requests();
        scene.pin(&["--check", "--only", "actions"]);
        assert_eq!(
            scene.asked(),
            ["POST /o/r.git/git-upload-pack"; 2],
            "{code}"
        );
    }
}

#[test]
fn a_digest_that_is_not_its_tags_costs_one_more() {
    let scene = Scene::new();
    let old = scene.image("i", "1.0.0", MADE);
    scene.image("i", "1.0.0", "2024-02-02T00:00:00Z");
    let line = format!("FROM {}\n", scene.named(&format!("i:1.0.0@{old}")));
    scene.write("Dockerfile", line.repeat(3));
    scene.pin(&["--check"]).ended(1);
    let mut asked = vec![
        "GET /v2/i/manifests/1.0.0".to_owned(),
        format!("GET /v2/i/manifests/{old}"),
    ];
    asked.sort();
    assert_eq!(scene.asked(), asked);
}

/// The ages of all candidates of a repository go together.
#[test]
fn updates_and_ages_have_their_own_budget() {
    let scene = Scene::new();
    let action = scene.action("o/r");
    // As the large hosts do; others are asked a second time, without a filter.
    let allow = ["config", "uploadpack.allowFilter", "true"];
    action.repository.git(&allow);
    scene.image("i", "1.0.0", MADE);
    scene.image("i", "1.1.0", MADE);
    scene.steps(&["o/r@v1.0.0", "o/r/path@v1.0.0"]);
    scene.write(
        "Dockerfile",
        format!("FROM {0}\nFROM {0}\n", scene.named("i:1.0.0")),
    );
    let git = "POST /o/r.git/git-upload-pack";
    let images = [
        "GET /v2/i/manifests/1.0.0",
        "GET /v2/i/manifests/1.1.0",
        "GET /v2/i/tags/list",
    ];
    scene.pin(&["--check", "--update"]).ended(1);
    assert_eq!(scene.asked(), [&images[..], &[git]].concat());

    scene.forget_requests();
    scene
        .pin(&["--check", "--update", "--min-age", "7d"])
        .ended(1);
    let asked = scene.asked();
    assert_eq!(asked.iter().filter(|it| *it == git).count(), 2, "{asked:?}");
    let blobs = asked.iter().filter(|it| it.contains("/blobs/")).count();
    assert_eq!((blobs, asked.len()), (1, 7), "{asked:?}");
}
