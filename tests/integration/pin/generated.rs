//! A file that is generated, bumped as Renovate does, updated by `pin`, and still current.

use std::{collections::BTreeMap, fmt::Write as _};

use super::scene::{Done, Scene};

const WORKFLOW: &str = ".github/workflows/fullsend-triage.yml";
const RELEASE: &str =
    "action=fullsend-ai/sandbox@0123456789abcdef0123456789abcdef01234567 # v1.4.0";

fn generate(scene: &Scene, arguments: &[&str]) -> Done {
    let mut command = scene.command(&["generate", "github-workflow"]);
    Done::of(&command.args(arguments).output().unwrap())
}

/// What a line uses, cut before its commit and before its version.
fn uses(line: &str) -> Option<(&str, &str, &str)> {
    let (before, version) = line.split_once(" # v")?;
    let (name, _) = before.split_once("uses: ")?.1.split_once('@')?;
    Some((before.split_once('@')?.0, name, version))
}

/// Makes the repository of every action of `text`: the version there, a later and the latest one,
/// whose commits are given in this order.
fn release(scene: &Scene, text: &str) -> BTreeMap<String, Vec<String>> {
    let mut released = BTreeMap::new();
    for (_, name, version) in text.lines().filter_map(uses) {
        released.entry(name.to_owned()).or_insert_with(|| {
            let repository = scene.git.repository(name);
            let (major, _) = version.split_once('.').unwrap();
            let mut commits: Vec<String> = Vec::new();
            for tag in [version, &format!("{major}.98.0"), &format!("{major}.99.0")] {
                let parents: Vec<&str> = commits.last().map(String::as_str).into_iter().collect();
                let commit = repository.commit(&parents, tag, 1_600_000_000);
                repository.tag(&format!("v{tag}"), &commit);
                commits.push(commit);
            }
            commits
        });
    }
    released
}

/// `text` with every action at the release of this number.
fn at(text: &str, released: &BTreeMap<String, Vec<String>>, number: usize) -> String {
    let mut moved = String::new();
    for line in text.lines() {
        match uses(line) {
            Some((before, name, version)) => {
                let (major, _) = version.split_once('.').unwrap();
                let commit = &released[name][number];
                let minor = 97 + number;
                writeln!(moved, "{before}@{commit} # v{major}.{minor}.0").unwrap();
            }
            None => writeln!(moved, "{line}").unwrap(),
        }
    }
    moved
}

#[test]
fn a_bump_and_an_update_leave_a_generated_file_current() {
    let scene = Scene::new();
    let image = scene.named("agent:1.4.2");
    for tag in ["1.4.2", "1.4.3", "1.5.0"] {
        scene.image("agent", tag, "2024-01-01T00:00:00Z");
    }
    let config = format!("version: 1\nimage: {image}\nagents:\n  triage: {{}}\n");
    scene.write("fullsend.yaml", config);
    generate(&scene, &["--set", RELEASE]).ended(0);
    let text = scene.text(WORKFLOW);
    let released = release(&scene, &text);
    assert!(released.len() > 1, "{text}");

    // What Renovate writes: commit and comment together.
    scene.write(WORKFLOW, at(&text, &released, 1));
    generate(&scene, &["--check"]).ended(0);
    scene.pin(&["--check"]).ended(1).said("fullsend.yaml");

    scene.pin(&["--update"]).ended(0);
    assert_eq!(scene.text(WORKFLOW), at(&text, &released, 2));
    assert!(scene.text("fullsend.yaml").contains("agent:1.5.0@sha256:"));
    generate(&scene, &["--check"]).ended(0);
    scene.pin(&["--check", "--update"]).ended(0);

    // Generating again keeps the pins.
    generate(&scene, &[]).ended(0);
    assert_eq!(scene.text(WORKFLOW), at(&text, &released, 2));
}
