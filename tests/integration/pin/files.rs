//! Files that cannot be read or written, or that others write at the same time.

use std::{
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use fullsend_testkit::registry::Fault;

use super::scene::{Action, CI, Done, Scene, workflow};
use crate::support::docker;

const OTHER: &str = ".github/workflows/other.yml";

fn scene() -> (Scene, Action) {
    let scene = Scene::new();
    let action = scene.action("o/r");
    scene.steps(&["o/r@v1"]);
    scene.write(OTHER, workflow(&["o/r@v1.0.0"]));
    (scene, action)
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// What is left besides the two files.
fn left_behind(scene: &Scene) -> Vec<String> {
    let names = std::fs::read_dir(scene.path(".github/workflows")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| !["ci.yml", "other.yml"].contains(&name.as_str()))
        .collect()
}

#[test]
fn a_read_only_file_is_an_error_and_the_others_are_done() {
    let (scene, action) = scene();
    set_mode(&scene.path(CI), 0o444);
    let (code, rows) = scene.rows(&[]);
    assert_eq!(
        (code, &rows[0]["status"], &rows[1]["status"]),
        (1, &"error".into(), &"changed".into())
    );
    assert_eq!(rows[0]["after"], serde_json::Value::Null);
    assert!(
        rows[0]["reason"]
            .as_str()
            .unwrap()
            .contains("ci.yml is read-only"),
        "{}",
        rows[0]
    );
    assert_eq!(scene.text(CI), workflow(&["o/r@v1"]));
    assert!(scene.text(OTHER).contains(&action.old));
    // Its mode is no matter where nothing is written.
    scene.pin(&["--check"]).ended(1).said("unpinned o/r@v1");
    set_mode(&scene.path(CI), 0o664);
    scene.pin(&[]).ended(0);
    let mode = std::fs::metadata(scene.path(CI))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o664);
    assert_eq!(left_behind(&scene), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let (scene, _) = scene();
    // Not even root reads a file that is none.
    std::fs::remove_file(scene.path(CI)).unwrap();
    std::fs::create_dir(scene.path(CI)).unwrap();
    scene.write(".github/workflows/broken.yml", "jobs: {a: [\n");
    scene.write("Dockerfile", b"FROM a\xff\n");
    let huge = std::fs::File::create(scene.path(".github/workflows/huge.yml")).unwrap();
    huge.set_len(17 << 20).unwrap();
    symlink("/dev/full", scene.path(".github/workflows/device.yml")).unwrap();
    symlink("nowhere.yml", scene.path(".github/workflows/dangling.yml")).unwrap();
    let (code, rows) = scene.rows(&[]);
    assert_eq!(code, 1, "{rows:#?}");
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["file"].as_str().unwrap(),
                row["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(
        told.contains(&(".github/workflows/broken.yml", "error")),
        "{told:?}"
    );
    assert!(
        told.contains(&(".github/workflows/huge.yml", "error")),
        "{told:?}"
    );
    assert!(told.contains(&("Dockerfile", "error")), "{told:?}");
    assert!(told.contains(&(OTHER, "changed")), "{told:?}");
    let broken = rows
        .iter()
        .find(|row| row["file"] == ".github/workflows/broken.yml");
    assert!(broken.unwrap()["line"].is_number());
}

/// A link within the repository is the file that it leads to; one that leads out is left alone.
#[test]
fn links_are_not_followed_out_of_the_repository() {
    let (scene, action) = scene();
    let outside = tempfile::tempdir().unwrap();
    let victim = outside.path().join("victim.yml");
    std::fs::rename(scene.path(CI), &victim).unwrap();
    symlink(&victim, scene.path(CI)).unwrap();
    symlink(outside.path(), scene.path("sub")).unwrap();
    for arguments in [&[][..], &[CI, OTHER], &["."], &[".github"]] {
        let done = scene.pin(arguments);
        let text = fullsend::seam::files::read(&victim, 1 << 20).unwrap();
        let old = workflow(&["o/r@v1"]);
        assert!(text == old.as_bytes(), "{arguments:?}: {done:#?}");
    }
    assert!(scene.text(OTHER).contains(&action.old));
}

#[test]
fn a_link_within_is_kept_and_leads_to_the_new_text() {
    let (scene, action) = scene();
    symlink("ci.yml", scene.path(".github/workflows/link.yml")).unwrap();
    std::fs::remove_file(scene.path(OTHER)).unwrap();
    scene.pin(&[".github/workflows/link.yml"]).ended(0);
    assert!(scene.text(CI).contains(&action.new));
    let link = std::fs::symlink_metadata(scene.path(".github/workflows/link.yml"));
    assert!(link.unwrap().is_symlink());
}

#[test]
fn names_of_files_may_be_odd() {
    let scene = Scene::new();
    let digest = scene.image("a/b", "1.0.0", "2024-01-01T00:00:00Z");
    let from = |image: &str| format!("FROM {}\n", scene.named(image));
    let pinned = from(&format!("a/b:1.0.0@{digest}"));
    let folders = ["a\nb", "\u{1b}[31m", "sp ace", "q\"uote", "\u{e9}", "-a"];
    let names = folders.map(|folder| format!("{folder}/Dockerfile"));
    for name in &names {
        scene.write(name, from("a/b:1.0.0"));
    }
    let patch = scene.pin(&["--diff"]).ended(1).stdout.clone();
    scene.write("patch", &patch);
    scene.pin(&["--lock", "lock.json"]).ended(0);
    let done = scene.pin(&["--check", "--lock", "lock.json", "-q"]);
    assert!(!done.ended(0).stdout.contains('\u{1b}'), "{done:#?}");
    // Back and forth by the patch alone.
    for arguments in [&["apply", "-R", "patch"][..], &["apply", "patch"]] {
        let mut git = docker::command("git");
        git.args(arguments).current_dir(scene.folder.path());
        let applied = Done::of(&git.output().unwrap());
        assert_eq!(applied.code, 0, "{applied:#?}");
    }
    for name in &names {
        assert_eq!(scene.text(name), pinned);
    }
}

/// A run that waits for the git host's answer.
fn waiting(scene: &Scene, fault: Fault) -> Child {
    scene.git.fault("*", fault);
    let mut command = scene.command(&["pin", "--format", "json"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while scene.git.paths().is_empty() {
        assert!(Instant::now() < until, "nobody was asked");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn what_was_changed_meanwhile_is_not_overwritten() {
    let (scene, action) = scene();
    let child = waiting(&scene, Fault::normal().delay(Duration::from_secs(1)));
    let mine = workflow(&["o/r@v1", "./mine"]);
    scene.write(CI, &mine);
    let done = Done::of(&child.wait_with_output().unwrap());
    let document = done.ended(1).json();
    let row = &document["references"][0];
    assert_eq!(
        (&row["status"], &row["after"]),
        (&"error".into(), &serde_json::Value::Null)
    );
    assert!(
        row["reason"]
            .as_str()
            .unwrap()
            .contains("was changed by someone else"),
        "{row}"
    );
    assert_eq!(scene.text(CI), mine);
    assert!(scene.text(OTHER).contains(&action.old));
    scene.git.clear_faults();
    scene.pin(&[]).ended(0);
}

#[test]
fn a_killed_run_leaves_every_file_as_it_was() {
    let (scene, _) = scene();
    let mut child = waiting(&scene, Fault::hang());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(scene.text(CI), workflow(&["o/r@v1"]));
    assert_eq!(scene.text(OTHER), workflow(&["o/r@v1.0.0"]));
    assert_eq!(left_behind(&scene), [""; 0]);
}

/// Every file is whole: the old one, or what both would write.
#[test]
fn two_at_once_do_not_mix() {
    let (scene, action) = scene();
    let mut names = Vec::new();
    for number in 0..30 {
        let name = format!(".github/workflows/{number}.yml");
        scene.write(&name, workflow(&["o/r@v1"; 20]));
        names.push(name);
    }
    let runs: Vec<Child> = (0..3)
        .map(|_| {
            let mut command = scene.command(&["pin", "--format", "json"]);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for run in runs {
        let done = Done::of(&run.wait_with_output().unwrap());
        assert!([0, 1].contains(&done.code), "{done:#?}");
        done.json();
    }
    let pin = format!("o/r@{} # v1.1.0", action.new);
    for name in names {
        assert_eq!(scene.text(&name), workflow(&[&pin[..]; 20]), "{name}");
    }
    scene.pin(&["--check"]).ended(0);
}

/// No file may grow beyond 512 or 1,024 bytes: to the program that is a full disk, except for the
/// words.
#[test]
fn a_full_disk_leaves_the_old_file() {
    let (scene, action) = scene();
    let lines = ["./pad"; 400];
    let large = workflow(&[&["o/r@v1"], &lines[..]].concat());
    scene.write(CI, &large);
    let script = r#"trap "" XFSZ; ulimit -f 1; exec "$0" pin"#;
    let mut command = docker::command("/bin/sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_fullsend")]);
    let program = scene.command(&[]);
    let variables = program
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    command
        .env_clear()
        .envs(variables)
        .current_dir(scene.folder.path());
    let done = Done::of(&command.output().unwrap());
    done.ended(1)
        .said("ci.yml: File too large")
        .said("1 changed, 400 ignored, 1 error");
    assert!(scene.text(CI) == large);
    assert!(scene.text(OTHER).contains(&action.old));
    assert_eq!(left_behind(&scene), [""; 0]);
}
