//! `init --fleet`: a first fleet.yaml, and what the other verbs make of it.

use super::*;

const ACTION: &str = "fullsend-ai/sandbox@0123456701234567012345670123456701234567 # v1.4.0";

fn image() -> String {
    format!(
        "ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:{}",
        "ab".repeat(32)
    )
}

fn begin(words: &[&str], folder: &std::path::Path) -> Output {
    let mut command = crate::exec::bench::command(env!("CARGO_BIN_EXE_fullsend"));
    command.args(words).current_dir(folder);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.output().unwrap()
}

/// A clone of the configuration repository, which is empty yet.
fn clone() -> TempDir {
    let folder = TempDir::new().unwrap();
    let origin = ["remote", "add", "origin", "https://github.com/acme/fleet"];
    for words in [&["init", "--quiet"][..], &origin] {
        let mut git = crate::exec::bench::command("git");
        let done = git.args(words).current_dir(folder.path()).status();
        assert!(done.unwrap().success());
    }
    folder
}

#[test]
fn a_fleet_begins_with_what_it_writes() {
    let clone = clone();
    let image = image();
    let written = ["init", "--fleet", "--action", ACTION, "--image", &image];
    let written = begin(&written, clone.path());
    let said = String::from_utf8_lossy(&written.stderr);
    assert_eq!(
        (written.status.code(), &*said),
        (Some(0), "wrote fleet.yaml\n")
    );
    let judged = begin(&["validate", "fleet.yaml"], clone.path());
    assert_eq!(judged.status.code(), Some(0), "{judged:?}");

    let text = crate::exec::bench::read(&clone.path().join("fleet.yaml")).unwrap();
    let stage = Stage::empty();
    stage.add("fleet", &[("fleet.yaml", &text)]);
    stage.add("api", &[("README.md", "hello\n")]);
    let (document, code) = stage.document("status");
    assert_eq!(
        (states(&document)["api"].as_str(), code),
        ("missing -", 1),
        "{document}"
    );
    let plan = stage.run("enroll --dry-run");
    let plan = String::from_utf8(plan.stdout).unwrap();
    assert!(
        plan.contains("acme/api: fullsend/enroll") && plan.contains("# v1.4.0"),
        "{plan}"
    );
    assert_eq!(stage.server.counts().writing, 0);
}

#[test]
fn a_fleet_of_somebody_is_not_overwritten() {
    let clone = clone();
    let write = |more: &[&str]| {
        let mut words = vec!["init", "--fleet"];
        words.extend(more);
        begin(&words, clone.path())
    };
    let first = write(&[]);
    let said = String::from_utf8_lossy(&first.stderr).into_owned();
    assert_eq!(first.status.code(), Some(0), "{said}");
    assert!(
        said.contains("still missing: which action") && said.contains("under `image`"),
        "{said}"
    );
    let again = write(&[]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(2), "{said}");
    assert!(
        said.contains("fleet.yaml is there already") && said.contains("--force"),
        "{said}"
    );
    assert_eq!(write(&["--force"]).status.code(), Some(0));
    let json = write(&["-o", "-", "--format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["missing"], serde_json::json!(["action", "image"]));
}

#[test]
fn a_pair_that_does_not_fit_is_refused() {
    let clone = clone();
    let image = image().replace(":1.4.2@", ":2.0.0@");
    let refused = ["init", "--fleet", "--action", ACTION, "--image", &image];
    let refused = begin(&refused, clone.path());
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let refused = begin(&["init", "--fleet", "--action", "main"], clone.path());
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(!clone.path().join("fleet.yaml").exists());
}
