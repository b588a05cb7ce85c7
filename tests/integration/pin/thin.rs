//! The whole way: what is written, what is said in each format, and how it ends.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::scene::{Action, CI, Done, Scene, same, workflow};
use crate::{reference::sarif, support::docker};

const KEYS: [&str; 8] = [
    "file", "line", "column", "kind", "before", "after", "status", "reason",
];

/// A workflow with two uses of one action, one of another, and what is left alone.
fn scene() -> (Scene, Action, Action) {
    let scene = Scene::new();
    let (tool, other) = (scene.action("acme/tool"), scene.action("acme/other"));
    scene.steps(&[
        "acme/tool@v1",
        "'acme/other/path@v1.0.0' # why",
        "acme/tool@v1",
        "./local",
    ]);
    (scene, tool, other)
}

fn pinned(tool: &Action, other: &Action) -> String {
    workflow(&[
        &format!("acme/tool@{} # v1.1.0", tool.new),
        &format!("'acme/other/path@{}' # v1.0.0 # why", other.old),
        &format!("acme/tool@{} # v1.1.0", tool.new),
        "./local",
    ])
}

#[test]
fn what_can_be_moved_is_pinned_once() {
    let (scene, tool, other) = scene();
    let before = scene.text(CI);
    let done = scene.pin(&["--check"]);
    done.ended(1).said("4 references: 3 unpinned, 1 ignored");
    assert_eq!(scene.text(CI), before);

    scene
        .pin(&[])
        .ended(0)
        .said("4 references: 3 changed, 1 ignored");
    assert_eq!(scene.text(CI), pinned(&tool, &other));
    scene.pin(&["--check"]).ended(0);
    let done = scene.pin(&[]);
    assert_eq!(done.ended(0).stdout, "4 references: 3 pinned, 1 ignored\n");
    assert_eq!(done.stderr, "");
    assert_eq!(scene.text(CI), pinned(&tool, &other));
}

#[test]
fn the_document_is_that_of_the_contract() {
    let (scene, tool, _) = scene();
    let schema = scene.command(&["schema", "references"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    scene
        .git
        .fault("/acme/other*", fullsend_testkit::git::Fault::status(404));
    for (arguments, code) in [(&["--check"][..], 3), (&["--diff"], 3), (&[], 3), (&[], 3)] {
        let done = scene.pin(&[arguments, &["--format", "json"]].concat());
        let document = done.ended(code).json();
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|it| it.to_string())
            .collect();
        assert_eq!(errors, [""; 0]);
        let keys: BTreeSet<_> = document.as_object().unwrap().keys().cloned().collect();
        let all = ["schema_version", "references", "summary", "diff"].map(str::to_owned);
        assert_eq!(keys, all.into());
        assert_eq!(document["diff"].is_string(), arguments == ["--diff"]);
        for row in document["references"].as_array().unwrap() {
            let keys: BTreeSet<_> = row
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            assert_eq!(keys, KEYS.into());
        }
    }
    let (_, rows) = scene.rows(&[]);
    let before = format!("acme/tool@{} # v1.1.0", tool.new);
    assert_eq!(
        rows[0],
        json!({
            "file": CI, "line": 6, "column": 15, "kind": "action", "status": "pinned",
            "before": before, "after": before, "reason": null,
        })
    );
    assert_eq!(rows[1]["before"], "acme/other/path@v1.0.0");
    assert_eq!(
        (&rows[1]["status"], &rows[1]["after"]),
        (&json!("error"), &Value::Null)
    );
    assert_eq!(
        (&rows[3]["status"], &rows[3]["after"]),
        (&json!("ignored"), &Value::Null)
    );
}

#[test]
fn findings_come_in_every_format() {
    let (scene, ..) = scene();
    let run = |format: &str| scene.pin(&["--check", "--format", format]);
    let document = run("sarif");
    let document = document.ended(1).json();
    sarif::assert_valid(&document);
    let results = document["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<_> = results.iter().map(|result| &result["ruleId"]).collect();
    assert_eq!(rules, ["pin-unpinned"; 3]);
    let region = &results[1]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"]),
        (&json!(7), &json!(16))
    );

    let github = run("github");
    github
        .ended(1)
        .said(&format!("::warning file={CI},line=6,endLine=6,col=15"));
    assert_eq!(github.stdout.matches("::warning").count(), 3);

    let issues = run("gitlab");
    let issues = issues.ended(1).json();
    let issues = issues.as_array().unwrap();
    let fingerprints: BTreeSet<_> = issues.iter().map(|it| it["fingerprint"].as_str()).collect();
    assert_eq!((issues.len(), fingerprints.len()), (3, 3));
    assert_eq!(issues[0]["check_name"], "pin-unpinned");
    assert_eq!(issues[0]["location"]["path"], CI);
}

/// Two files, of which one has Windows line ends and no last one.
#[test]
fn git_applies_the_patch_to_the_same_bytes() {
    let (scene, ..) = scene();
    let windows = scene.text(CI).replace('\n', "\r\n");
    scene.write(".github/workflows/win dows.yml", windows.trim_end());
    let copy = tempfile::tempdir().unwrap();
    for name in ["ci.yml", "win dows.yml"] {
        let folder = copy.path().join(".github/workflows");
        std::fs::create_dir_all(&folder).unwrap();
        let from = scene.path(".github/workflows").join(name);
        std::fs::copy(from, folder.join(name)).unwrap();
    }
    let done = scene.pin(&["--diff"]);
    done.ended(1).said("+++ b/.github/workflows/ci.yml");
    let patch = copy.path().join("patch");
    files_write(&patch, &done.stdout);
    let mut git = docker::command("git");
    git.args(["apply", "patch"]).current_dir(copy.path());
    let applied = Done::of(&git.output().unwrap());
    assert_eq!((applied.code, applied.stderr.as_str()), (0, ""));

    scene.pin(&[]).ended(0);
    for name in ["ci.yml", "win dows.yml"] {
        let name = format!(".github/workflows/{name}");
        assert!(same(&scene.path(&name), &copy.path().join(&name)), "{name}");
    }
    let done = scene.pin(&["--diff"]);
    assert_eq!(
        (done.ended(0).stdout.as_str(), done.stderr.as_str()),
        ("", "")
    );
}

/// Stdout is the patch alone.
#[test]
fn what_a_patch_cannot_mend_is_told_beside_it() {
    let (scene, tool, _) = scene();
    let wrong = format!("acme/tool@{} # v1.1.0", tool.old);
    scene.steps(&[&wrong, "acme/tool@v1", "./local"]);
    let done = scene.pin(&["--diff"]);
    let start = format!("--- a/{CI}\n");
    assert!(done.ended(1).stdout.starts_with(&start), "{done:#?}");
    let (first, rest) = done.stderr.split_once('\n').unwrap();
    assert!(
        first.starts_with(&format!("{CI}:6:15: mismatch acme/tool@")),
        "{first}"
    );
    assert!(rest.starts_with("  the comment says v1.1.0"), "{rest}");
    assert_eq!(rest.lines().count(), 1, "{rest}");
}

fn files_write(path: &std::path::Path, text: &str) {
    let file = fullsend::seam::files::AtomicFile::open(path).unwrap();
    file.commit(text.as_bytes()).unwrap();
}

#[test]
fn a_job_is_told_in_files() {
    let (scene, ..) = scene();
    let (output, summary) = (scene.path("output"), scene.path("summary"));
    let run = |arguments: &[&str]| {
        let mut command = scene.command(&["pin"]);
        command.args(["--report", "report.json", "--sarif-file", "findings.sarif"]);
        command.args(arguments).env("GITHUB_ACTIONS", "true");
        command
            .env("GITHUB_OUTPUT", &output)
            .env("GITHUB_STEP_SUMMARY", &summary);
        Done::of(&command.output().unwrap())
    };
    scene.write("output", "");
    scene.write("summary", "");
    run(&["--check"]).ended(1);
    assert_eq!(scene.text("output"), "exit-code=1\nchanged-files=[]\n");
    let summary = scene.text("summary");
    assert!(
        summary.starts_with("### fullsend pin: 3 warnings in 1 file"),
        "{summary}"
    );
    assert_eq!(summary.matches("| pin-unpinned |").count(), 3, "{summary}");
    let findings: Value = serde_json::from_str(&scene.text("findings.sarif")).unwrap();
    sarif::assert_valid(&findings);
    assert_eq!(findings["runs"][0]["results"].as_array().unwrap().len(), 3);

    run(&[]).ended(0);
    let told = format!("exit-code=0\nchanged-files=[\"{CI}\"]\n");
    assert!(
        scene.text("output").ends_with(&told),
        "{}",
        scene.text("output")
    );
    let report: Value = serde_json::from_str(&scene.text("report.json")).unwrap();
    assert_eq!(report["summary"]["changed"], 3);
}

#[test]
fn what_is_asked_for_alone_is_looked_at() {
    let (scene, tool, _) = scene();
    scene.write("Dockerfile", "FROM example.invalid/a:1\n");
    let (_, rows) = scene.rows(&[
        "--only",
        "actions",
        "--exclude",
        "acme/o*",
        "--exclude",
        "D*",
    ]);
    let statuses: Vec<_> = rows
        .iter()
        .map(|row| row["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["changed", "ignored", "changed", "ignored"]);
    assert_eq!(rows[1]["reason"], "excluded");
    assert!(scene.text(CI).contains(&tool.new) && scene.text(CI).contains("path@v1.0.0"));
    let asked = scene.asked();
    assert_eq!(asked, ["POST /acme/tool.git/git-upload-pack"]);

    let (code, rows) = scene.rows(&["--exclude", ".github", "--exclude", "Dockerfile"]);
    assert_eq!((code, rows.len()), (0, 0));
    let done = scene.pin(&["no-such-folder"]);
    done.ended(2);
    assert!(done.stderr.contains("no-such-folder"), "{}", done.stderr);
}
